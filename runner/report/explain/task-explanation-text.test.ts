import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../../cache/attempt.js';
import type { KeyParts } from '../../../cache/key.js';
import type { Advice } from '../../execute/explain/advise.js';
import type {
  ExecutionExplanation,
  LastRun,
  NextRun,
} from '../../execute/explain/explain-execution.js';
import { taskExplanationText } from './task-explanation-text.js';
import { p, moment, origin, result, compared } from './testing/samples.js';

describe('vt why <task>', () => {
  const execution = { task: 'app#build', command: 'sh build.sh' };
  const attempt = (changes: Partial<Attempt>): Attempt => ({
    ended: moment,
    duration: 1200,
    key: {} as KeyParts,
    found: { kind: 'first-run' },
    outcome: { kind: 'stored', entry: result().name },
    ...changes,
  });
  const last = (changes: Partial<LastRun>): LastRun => ({
    attempt: attempt({}),
    result: result(),
    compared: undefined,
    keyChanges: [],
    notCached: undefined,
    advice: [],
    ...changes,
  });
  const first: NextRun = {
    kind: 'cached',
    verdict: { kind: 'first-run' },
    variants: 0,
    nearest: undefined,
    keyChanges: [],
    advice: [],
  };
  const told = (explanation: Partial<ExecutionExplanation>, verbose = false): string =>
    taskExplanationText([{ execution, origin, last: undefined, next: first, ...explanation }], {
      cwd: '/w/app',
      verbose,
    });
  const lines = (whole: string, from: string): string => whole.slice(whole.indexOf(from));

  it('was never run', () => {
    assert.equal(
      told({}),
      `app#build: $ sh build.sh
last run: none is known
next run: first run: nothing is stored
`,
    );
  });

  it('missed the last time, hits the next: all of it', () => {
    const missed = last({
      attempt: attempt({
        found: { kind: 'miss', reason: { kind: 'modified', path: p('src/a.js') } },
      }),
      compared,
      advice: [{ kind: 'run-before', task: 'app#gen', paths: ['src/a.js'] }],
    });
    const kept = result({
      ignored: [
        {
          part: 'reads',
          by: { kind: 'version-control', path: p('.git') },
          paths: [{ path: p('.git/HEAD'), process: 1 }],
          more: 4,
        },
        { part: 'writes', by: { kind: 'report', path: p('c'), speaker: 1 }, paths: [], more: 0 },
      ],
    });
    const next: NextRun = {
      kind: 'cached',
      verdict: {
        kind: 'hit',
        result: kept,
        restore: { restored: [p('dist/o')], removed: [p('old')], unchanged: 2 },
      },
      variants: 3,
      nearest: compared,
      keyChanges: [],
      advice: [],
    };
    assert.equal(
      told({ last: missed, next }, true),
      `app#build: $ sh build.sh
last run: 2026-11-24 03:10:05 UTC, cache miss: 'src/a.js' modified
  took 1.2s; 3fa2c1d2e3f4, stored 2026-11-24 03:10:05 UTC
  2 observations changed since 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC:
    'src/a.js' modified
      read by sh -c 'node a.js > log' > node a.js
    'b.js' added in 'src'
    'c.js' removed from 'src'
      listed by sh -c 'node a.js > log'
  help: 'src/a.js' is written by app#gen: with it in "dependsOn" (vite-task.json:3:5) it is written first
next run: cache hit
  restores 3fa2c1d2e3f4, stored 2026-11-24 03:10:05 UTC
  all 3 observations hold
  outputs: 1 to restore, 1 to delete, 2 already right
    'dist/o' restored
    'old' deleted
depends on:
  'src/a.js': read by sh -c 'node a.js > log' > node a.js
  'src' (folder): listed by sh -c 'node a.js > log'
  env 'MODE': asked for by sh -c 'node a.js > log' > node a.js
outputs:
  'dist' (folder): written by sh -c 'node a.js > log'
  'dist/l' (link to 'o'): written by sh -c 'node a.js > log' > node a.js
  'dist/o': written by sh -c 'node a.js > log' > node a.js
  'old' (deleted)
does not count:
  reads of '.git/HEAD' and 4 more: built in: '.git' is the state of the repository
  writes of nothing touched: ignoreOutput 'c' of sh -c 'node a.js > log' > node a.js
`,
    );
  });

  it('hit the last time, misses the next', () => {
    const hit = last({
      attempt: attempt({ found: { kind: 'hit', entry: 'x' }, outcome: undefined }),
    });
    const next = (variants: number): NextRun => ({
      ...first,
      verdict: { kind: 'miss', reason: { kind: 'modified', path: p('src/a.js') } },
      variants,
      nearest: { ...compared, changes: compared.changes.slice(0, 1) },
    });
    assert.equal(
      told({ last: hit, next: next(1) }),
      `app#build: $ sh build.sh
last run: 2026-11-24 03:10:05 UTC, cache hit
  restored 3fa2c1d2e3f4, stored 2026-11-24 03:10:05 UTC
next run: cache miss: 'src/a.js' modified
  1 observation changed since 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC; undone, it would hit:
    'src/a.js' modified
      read by sh -c 'node a.js > log' > node a.js
`,
    );
    assert.match(
      told({ last: hit, next: next(4) }),
      /^ {2}1 observation changed since 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC, the nearest of 4 results; undone, it would hit:$/m,
    );
    assert.match(
      told({ last: { ...hit, result: undefined } }),
      /, cache hit\n {2}what it restored is no longer stored\n/,
    );
  });

  it('hits, told from other results by what differs', () => {
    const next = (variants: number): NextRun => ({
      ...first,
      verdict: {
        kind: 'hit',
        result: result(),
        restore: { restored: [], removed: [], unchanged: 4 },
      },
      variants,
      nearest: { ...compared, changes: compared.changes.slice(0, 1) },
    });
    assert.equal(
      lines(told({ next: next(3) }), 'next'),
      `next run: cache hit
  restores 3fa2c1d2e3f4, stored 2026-11-24 03:10:05 UTC
  all 3 observations hold
  outputs: 0 to restore, 0 to delete, 4 already right
  of 2 other results the nearest, 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC, differs in 1 observation:
    'src/a.js' modified
      read by sh -c 'node a.js > log' > node a.js
`,
    );
    assert.match(
      told({ next: next(2) }),
      /^ {2}the other result, 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC, differs in 1 observation:$/m,
    );
  });

  it('misses because of its key, and for more', () => {
    const next: NextRun = {
      ...first,
      verdict: { kind: 'miss', reason: { kind: 'args-changed' } },
      nearest: compared,
      keyChanges: [{ kind: 'args', before: ['a'], now: ['b'] }],
    };
    assert.equal(
      lines(told({ next }), 'next'),
      `next run: cache miss: args changed
  changed in what is known before a run:
    args changed: 'a' → 'b'
  and 2 observations changed since 81bc0a9d8c7b, stored 2026-11-24 03:09:05 UTC:
    'src/a.js' modified
      read by sh -c 'node a.js > log' > node a.js
    'b.js' added in 'src'
    'c.js' removed from 'src'
      listed by sh -c 'node a.js > log'
`,
    );
  });

  it('left no result', () => {
    const outcomes: [Attempt['outcome'], Partial<LastRun>, string][] = [
      [
        { kind: 'not-cached', reason: '' },
        { notCached: { kind: 'read-then-written', path: p('count.txt') } },
        "  took 1.2s; not cached: read and wrote 'count.txt'",
      ],
      [
        { kind: 'not-cached', reason: '' },
        {},
        '  took 1.2s; not cached: for a reason unknown here',
      ],
      [{ kind: 'interrupted' }, {}, '  took 1.2s; not cached: interrupted'],
      [
        { kind: 'failed', ending: { kind: 'exited', code: 3 } },
        {},
        '  took 1.2s; not cached: exited with 3',
      ],
      [
        { kind: 'failed', ending: { kind: 'killed', signal: 'SIGTERM' } },
        {},
        '  took 1.2s; not cached: killed by SIGTERM',
      ],
      [
        { kind: 'failed', ending: { kind: 'not-started', errno: 'ENOENT' } },
        {},
        '  not cached: could not be started (ENOENT)',
      ],
      [
        { kind: 'stored', entry: 'x' },
        { result: undefined },
        '  took 1.2s; its result is no longer stored',
      ],
    ];
    for (const [outcome, extra, expected] of outcomes) {
      const explained = last({ attempt: attempt({ outcome }), result: undefined, ...extra });
      assert.equal(
        told({ last: explained }),
        `app#build: $ sh build.sh
last run: 2026-11-24 03:10:05 UTC, first run: nothing was stored yet
${expected}
next run: first run: nothing is stored
`,
      );
    }
  });

  it('is not cached at all', () => {
    assert.equal(
      lines(told({ next: { kind: 'disabled', because: 'configuration' } }), 'next'),
      'next run: cache disabled: by the configuration\n',
    );
  });

  it('gives advice once, where the last miss is the next one again', () => {
    const advice: Advice[] = [{ kind: 'untrack-env', names: ['A'], declared: false }];
    const missed = last({ advice });
    const next: NextRun = { ...first, advice };
    const help = told({ last: missed, next })
      .split('\n')
      .filter((line) => line.includes('help:'));
    assert.equal(help.length, 1);
  });
});
