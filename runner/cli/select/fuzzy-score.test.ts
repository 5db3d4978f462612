import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzzyScore } from './fuzzy-score.js';

describe('fuzzyScore', () => {
  /** From best to worst, without those that do not match. */
  const ranking = (query: string, ...names: string[]): readonly string[] =>
    names
      .map((name) => ({ name, score: fuzzyScore(query, name) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ name }) => name);

  it('finds the characters in order, whatever their case', () => {
    assert.deepEqual(ranking('BLD', 'build', 'dlb', 'rebuild', 'bl'), ['build', 'rebuild']);
    assert.deepEqual(ranking('bb', 'b'), []);
    assert.deepEqual(ranking('', 'build'), []);
  });

  it('likes starts of words, runs of characters and short names', () => {
    assert.deepEqual(ranking('tc', 'fetch', 'typecheck', 'type-check'), [
      'type-check',
      'typecheck',
      'fetch',
    ]);
    assert.deepEqual(ranking('test', 'latest', 'test:unit', 'test'), [
      'test',
      'test:unit',
      'latest',
    ]);
    assert.deepEqual(ranking('lint', 'link-tool', 'lint'), ['lint', 'link-tool']);
  });

  it('takes the best of several ways to find them', () => {
    // Not the first `b` but the one that starts a word.
    assert.equal(fuzzyScore('bu', 'abc-bu') > fuzzyScore('bu', 'abc-xb-yu'), true);
    assert.equal(fuzzyScore('aab', 'xaxaab') > fuzzyScore('aab', 'xaxaxb'), true);
  });

  it('is quick with long names', () => {
    assert.equal(fuzzyScore('b'.repeat(50), `${'ab'.repeat(5_000)}`) > 0, true);
  });
});
