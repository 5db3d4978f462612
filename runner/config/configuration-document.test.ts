import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { ConfigProblem } from './config-problem.js';
import { parseTaskFile } from './parse-task-file.js';

const document = readFileSync(
  path.join(import.meta.dirname, '../../../docs/configuration.md'),
  'utf8',
);

/** Fenced examples, each with the heading it stands under. */
function examples(): readonly (readonly [heading: string, text: string])[] {
  return document.split(/^## /m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    return [...section.matchAll(/^```jsonc\n(.*?)^```/gms)].map(
      ([, text = '']) => [heading, text] as const,
    );
  });
}

describe('docs/configuration.md', () => {
  it('has examples', () => {
    assert.deepEqual(
      examples().map(([heading]) => heading),
      ['Tasks', 'The workspace root only', 'The older form', 'Variables'],
    );
  });

  for (const [heading, text] of examples()) {
    it(`shows what works: ${heading}`, () => {
      const problems: ConfigProblem[] = [];
      parseTaskFile('/w/vite-task.json', text, true, problems);
      const expected = heading === 'The older form' ? ['older-form'] : [];
      assert.deepEqual(
        problems.map(({ kind }) => kind),
        expected,
      );
    });
  }

  it('names every field that is known, as the parser lists them', () => {
    const problems: ConfigProblem[] = [];
    const text =
      '{ "x": 1, "cache": { "x": 1 }, "tasks": { "t": { "command": "c", "x": 1, "cache": { "x": 1 } } } }';
    parseTaskFile('/w/vite-task.json', text, true, problems);
    const known = problems.flatMap((problem) =>
      problem.kind === 'unknown-field' ? problem.known : [],
    );
    assert.equal(problems.length, 4);
    for (const field of new Set(known))
      assert.match(document, new RegExp(`[\`".]${field.replace('$', '\\$')}[\`"]`), field);
  });
});
