import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shownStatements, statements } from './harness/statements.js';

describe('docs/behaviour.md', () => {
  const known = statements();
  const shown = shownStatements();

  it('names each statement once', () => {
    assert.deepEqual(
      known.filter((name, index) => known.indexOf(name) !== index),
      [],
    );
    assert.ok(known.length > 100, 'the statements were found');
  });

  it('has a step file or a test for each statement', () => {
    assert.deepEqual(
      known.filter((name) => !shown.has(name)),
      [],
    );
  });

  it('has each statement that a step file or a test shows', () => {
    assert.deepEqual(
      [...shown].filter(([name]) => !known.includes(name)),
      [],
    );
  });
});
