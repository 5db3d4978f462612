import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../../cache/attempt.js';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Change } from '../../../cache/explain/change.js';
import type { PathUse } from '../../../cache/explain/path-use.js';
import type { Observation } from '../../../cache/observation.js';
import type { VariableUse } from '../../execute/explain/variable-use.js';
import { pathExplanationText } from './path-explanation-text.js';
import { variableExplanationText } from './variable-explanation-text.js';
import {
  p,
  digest,
  configured,
  content,
  listing,
  result,
  modified,
  added,
} from './testing/samples.js';

describe('vt why <file>', () => {
  const chain = "sh -c 'node a.js > log' > node a.js";
  const told = (...uses: PathUse[]): string =>
    pathExplanationText({
      path: 'src/a.js',
      state: 'file',
      dependents: [
        {
          task: 'app#build',
          attempt: { outcome: { kind: 'stored' }, found: { kind: 'first-run' } } as Attempt,
          result: result(),
          uses,
        },
      ],
      origins: new Map([['app#build', configured]]),
      cwd: '/w/app',
    });
  const path = p('src/a.js');
  const changes: Change[] = [];
  const observed = (observation: Observation): PathUse => ({
    kind: 'observed',
    observation,
    changes,
  });
  const rows: [PathUse, string][] = [
    [observed(content), `read by ${chain}: its content counts; unchanged`],
    [
      { kind: 'observed', observation: content, changes: [modified] },
      `read by ${chain}: its content counts; 'src/a.js' modified`,
    ],
    [
      observed({ ...content, observer: -1 }),
      'named by the configuration: its content counts; unchanged',
    ],
    [
      observed({ kind: 'absence', observer: 1, path }),
      `looked for by ${chain}: that it is missing counts; unchanged`,
    ],
    [
      observed({ kind: 'existence', observer: 1, path, entry: 'file' }),
      `looked at by ${chain}: that it exists counts; unchanged`,
    ],
    [
      observed({ kind: 'link', observer: 1, path, target: 'x' }),
      `followed by ${chain}: where it leads counts; unchanged`,
    ],
    [observed({ ...listing, observer: 1 }), `listed by ${chain}: the names in it count; unchanged`],
    [
      observed({
        kind: 'program',
        observer: 1,
        path: '/x' as AbsolutePath,
        size: 1n,
        mtime: 1n,
        names: [],
      }),
      `executed by ${chain}: its size and time of change count; unchanged`,
    ],
    [
      { kind: 'listed', observation: { ...listing, observer: 1 }, present: true, changes },
      `'src' was listed with it by ${chain}: its name counts; unchanged`,
    ],
    [
      {
        kind: 'listed',
        observation: { ...listing, observer: 1, path: p('') },
        present: false,
        changes: [added],
      },
      `the workspace root was listed without it by ${chain}: its name counts; 'b.js' added in 'src'`,
    ],
    [
      {
        kind: 'matched',
        observation: { kind: 'glob', observer: -1, include: ['src/**'], exclude: [], matches: [] },
        changes,
      },
      "matched by 'src/**' of the configuration; unchanged",
    ],
    [
      {
        kind: 'missing-above',
        observation: { kind: 'absence', observer: 1, path: p('src') },
        changes,
      },
      `'src' was looked for by ${chain} and was missing; unchanged`,
    ],
    [{ kind: 'below', observations: 1, outputs: 2 }, 'below it: 1 observation, 2 outputs'],
    [{ kind: 'output', output: { path, kind: 'deletion' }, by: 1 }, `output: deleted by ${chain}`],
    [
      { kind: 'output', output: { path, kind: 'file', digest, size: 1n, mode: 0o644 }, by: -1 },
      'output: written',
    ],
    [
      {
        kind: 'ignored',
        rule: { part: 'reads', by: { kind: 'excluded', glob: 'logs/**' }, paths: [], more: 0 },
        by: 1,
      },
      `reads do not count, touched by ${chain}: "!logs/**" in "input" (vite-task.json:3:26)`,
    ],
    [
      {
        kind: 'ignored',
        rule: { part: 'writes', by: { kind: 'cache-tag', path }, paths: [], more: 0 },
        by: undefined,
      },
      "writes do not count: built in: 'src/a.js' has a CACHEDIR.TAG",
    ],
  ];
  for (const [use, expected] of rows) {
    it(expected, () => {
      assert.equal(told(use), `'src/a.js' (file)\n  app#build\n    ${expected}\n`);
    });
  }

  it('says of which run it speaks, when the last left no result', () => {
    const attempt = {
      outcome: { kind: 'interrupted' },
      found: { kind: 'first-run' },
    } as unknown as Attempt;
    const dependents = [{ task: 't', attempt, result: result(), uses: [observed(content)] }];
    const explanation = { path: '', state: 'folder', origins: new Map(), cwd: '/w' } as const;
    assert.equal(
      pathExplanationText({ ...explanation, dependents }).split('\n')[1],
      '  t (as of 3fa2c1d2e3f4: the last run was not kept)',
    );
    assert.equal(
      pathExplanationText({ ...explanation, dependents: [] }),
      'workspace root (folder)\n  no task that was run here is known to have to do with it\n',
    );
  });
});

describe('vt why --env', () => {
  const chain = "sh -c 'node a.js > log' > node a.js";
  const rows: [VariableUse, string][] = [
    [{ kind: 'key' }, 'part of the key: in "env", or set before the command'],
    [{ kind: 'asked', by: 1, change: undefined }, `asked for by ${chain}; unchanged`],
    [
      { kind: 'asked', by: 1, change: { kind: 'env', name: 'A', now: 'unset' } },
      `asked for by ${chain}; env 'A' is now unset`,
    ],
    [
      { kind: 'queried', pattern: { prefix: 'VITE_' }, by: 1, change: undefined },
      `matches 'VITE_*', asked for by ${chain}; unchanged`,
    ],
    [
      {
        kind: 'queried',
        pattern: { glob: 'A?' },
        by: 1,
        change: { kind: 'env', name: 'A', now: 'changed' },
      },
      `matches 'A?', asked for by ${chain}; env 'A' changed`,
    ],
    [{ kind: 'untracked', by: 'default' }, 'passed whatever its value, by default'],
    [{ kind: 'untracked', by: 'configuration' }, 'passed whatever its value, by "untrackedEnv"'],
  ];
  for (const [use, expected] of rows) {
    it(expected, () => {
      const dependents = [
        { task: 'app#build', attempt: {} as Attempt, result: result(), uses: [use] },
      ];
      assert.equal(
        variableExplanationText({ name: 'A', isSet: true, dependents }),
        `env 'A' (set)\n  app#build\n    ${expected}\n`,
      );
    });
  }

  it('has to do with no task', () => {
    assert.equal(
      variableExplanationText({ name: 'A', isSet: false, dependents: [] }),
      "env 'A' (not set)\n  no task that was run here is known to have to do with it\n",
    );
  });
});
