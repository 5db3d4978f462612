import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';
import type { StoredResult } from '../../cache/explain/stored-result.js';
import type { CacheStatus, Outcome } from '../execute/outcome.js';
import type { Execution } from '../plan/execution.js';
import { executionLine } from './execution-line.js';
import { runDetails } from './run-details.js';
import { runSummary } from './run-summary.js';
import { createStyle, wantsColor } from './style.js';
import { changedText, unsureText, waitingText } from './watch-text.js';
import { ABSENT } from '../execute/watch/fact.js';
import type { FactChange } from '../execute/watch/fact.js';
import { notCachedText } from './not-cached-text.js';

const execution: Execution = {
  task: 'app#build',
  command: 'vite build',
  argv: ['vite', 'build'],
  cwd: '/w' as AbsolutePath,
  workspaceRoot: '/w' as AbsolutePath,
  env: {},
  capture: 'pipes',
  cache: undefined,
};
const below: Execution = { ...execution, cwd: '/w/packages/app' as AbsolutePath };
const hit: CacheStatus = { kind: 'hit' };
const firstRun: CacheStatus = { kind: 'first-run' };
const miss: CacheStatus = { kind: 'miss', reason: { kind: 'args-changed' } };
const off: CacheStatus = { kind: 'disabled', because: 'flag' };
const nested: CacheStatus = { kind: 'disabled', because: 'nested' };

function outcome(changes: Partial<Outcome>): Outcome {
  return {
    status: firstRun,
    ending: { kind: 'exited', code: 0 },
    duration: 340,
    saved: 0,
    ...changes,
  };
}

describe('executionLine', () => {
  const line = (e: Execution, status: CacheStatus): string =>
    executionLine(e, status, createStyle(false));
  const rows: [Execution, CacheStatus, string][] = [
    [execution, firstRun, '$ vite build\n'],
    [below, firstRun, '~/packages/app$ vite build\n'],
    [execution, hit, '$ vite build ◉ cache hit, replaying\n'],
    [below, hit, '~/packages/app$ vite build ◉ cache hit, replaying\n'],
    [execution, miss, '$ vite build ○ cache miss: args changed, executing\n'],
    [execution, off, '$ vite build ⊘ cache disabled\n'],
    [execution, nested, '$ vite build ⊘ cache disabled: inside a task that is cached as a whole\n'],
  ];
  for (const [e, status, expected] of rows) {
    it(expected.trim(), () => {
      assert.equal(line(e, status), expected);
    });
  }

  it('has colours', () => {
    assert.equal(
      executionLine(below, hit, createStyle(true)),
      '\x1b[36m~/packages/app$ vite build\x1b[39m \x1b[32m◉ cache hit, replaying\x1b[39m\n',
    );
  });
});

describe('runSummary', () => {
  const rows: [Parameters<typeof runSummary>[0], string][] = [
    [
      { planned: 3, hits: 2, succeeded: 3, saved: 64 },
      '\n---\nvt run: 2/3 cache hit (66%), 3/3 successful, 64ms saved. (Run `vt run --last-details` for full details)\n',
    ],
    [
      { planned: 2, hits: 0, succeeded: 1, saved: 0 },
      '\n---\nvt run: 0/2 cache hit (0%), 1/2 successful. (Run `vt run --last-details` for full details)\n',
    ],
    [{ planned: 1, hits: 1, succeeded: 1, saved: 245 }, '\n---\nvt run: cache hit, 245ms saved.\n'],
    [{ planned: 1, hits: 1, succeeded: 1, saved: 0 }, '\n---\nvt run: cache hit.\n'],
    [{ planned: 1, hits: 0, succeeded: 1, saved: 0 }, ''],
    [{ planned: 0, hits: 0, succeeded: 0, saved: 0 }, ''],
  ];
  for (const [totals, expected] of rows) {
    it(JSON.stringify(expected), () => {
      assert.equal(runSummary(totals), expected);
    });
  }
});

describe('runDetails', () => {
  it('tells every difference from the nearest result, the reason once', () => {
    const told = (status: CacheStatus): string =>
      runDetails([{ execution, outcome: outcome({ status }) }]);
    const path = 'src/a.js' as WorkspacePath;
    const modified = { kind: 'modified', path } as const;
    const added = { kind: 'added', name: 'b.js', dir: '' as WorkspacePath } as const;
    const env = (...names: string[]) => ({ kind: 'env-changed', names }) as const;
    const after = '    succeeded in 340ms\n    stored\n';
    assert.equal(
      told({ kind: 'miss', reason: modified, differences: [added, modified] }),
      `[1] app#build: $ vite build\n    cache miss: 'src/a.js' modified\n      also 'b.js' added in workspace root\n${after}`,
    );
    assert.equal(
      told({ kind: 'miss', reason: env('A', 'B'), differences: [env('A'), env('B'), modified] }),
      `[1] app#build: $ vite build\n    cache miss: envs 'A', 'B' changed\n      also 'src/a.js' modified\n${after}`,
    );
  });

  it('lists what a result depends on and holds, when it is given', () => {
    const result = {
      observations: [
        { kind: 'env', observer: 0, name: 'NODE_ENV', valueDigest: 'x' },
        { kind: 'absence', observer: 0, path: '.env.local' },
        { kind: 'listing', observer: 0, path: 'src', names: [] },
      ],
      outputs: [{ path: 'dist/o', kind: 'symlink', target: 'p' }],
      writers: [0],
      processes: [],
    } as unknown as StoredResult;
    const list = `      env 'NODE_ENV'
      '.env.local' (missing)
      'src' (folder)
    outputs:
      'dist/o' (link to 'p')
`;
    const told = (status: CacheStatus): string =>
      runDetails(
        [{ execution, outcome: outcome({ status, entry: 'e' }) }],
        new Map([['e', result]]),
      );
    assert.ok(told(hit).endsWith(`    unchanged:\n${list}`), told(hit));
    assert.ok(told(miss).endsWith(`    depends on:\n${list}`), told(miss));
    const without = { ...result, outputs: [] };
    assert.doesNotMatch(
      runDetails([{ execution, outcome: outcome({ entry: 'e' }) }], new Map([['e', without]])),
      /outputs:/,
    );
  });

  it('tells how each execution went', () => {
    const because = (status: CacheStatus): { execution: Execution; outcome: Outcome } => ({
      execution,
      outcome: outcome({ status }),
    });
    assert.equal(
      runDetails([
        {
          execution,
          outcome: outcome({
            status: hit,
            saved: 1200,
            duration: 12,
            restored: { written: 1, unchanged: 2 },
          }),
        },
        { execution, outcome: outcome({}) },
        { execution, outcome: outcome({ status: miss, ending: { kind: 'exited', code: 2 } }) },
        {
          execution,
          outcome: outcome({ notCached: { kind: 'cache-unusable', detail: 'ENOSPC' } }),
        },
        { execution, outcome: outcome({ stopped: { kind: 'signal', signal: 'SIGINT' } }) },
        because(off),
        because({ kind: 'disabled', because: 'configuration' }),
        because({ kind: 'disabled', because: 'script-default' }),
        because(nested),
        because({ kind: 'disabled', because: undefined }),
        { execution, outcome: outcome({ stopped: { kind: 'failure' } }) },
        { execution, outcome: outcome({ stopped: { kind: 'request' } }) },
        { execution, outcome: undefined, neverRun: { kind: 'needs-failed', failed: 0 } },
        {
          execution,
          outcome: undefined,
          neverRun: { kind: 'stopped', reason: { kind: 'signal', signal: 'SIGTERM' } },
        },
        {
          execution,
          outcome: undefined,
          neverRun: { kind: 'stopped', reason: { kind: 'failure' } },
        },
        { execution, outcome: outcome({ status: hit, restored: { written: 0, unchanged: 0 } }) },
      ]),
      `[1] app#build: $ vite build
    cache hit: output replayed
    outputs: 1 file restored, 2 already right
    time: 12ms, 1.2s saved
[2] app#build: $ vite build
    cache miss: nothing was stored yet
    succeeded in 340ms
    stored
[3] app#build: $ vite build
    cache miss: args changed
    exited with 2 in 340ms
[4] app#build: $ vite build
    cache miss: nothing was stored yet
    succeeded in 340ms
    not cached: the cache cannot be used (ENOSPC)
[5] app#build: $ vite build
    cache miss: nothing was stored yet
    succeeded in 340ms
    not cached: interrupted
[6] app#build: $ vite build
    cache disabled: by --no-cache
    succeeded in 340ms
[7] app#build: $ vite build
    cache disabled: by the configuration
    succeeded in 340ms
[8] app#build: $ vite build
    cache disabled: package.json scripts are cached only with --cache or "cache": { "scripts": true }
    succeeded in 340ms
[9] app#build: $ vite build
    cache disabled: inside a task that is cached as a whole
    succeeded in 340ms
[10] app#build: $ vite build
    cache disabled: for this task
    succeeded in 340ms
[11] app#build: $ vite build
    cache miss: nothing was stored yet
    succeeded in 340ms
    not cached: stopped when another task failed
[12] app#build: $ vite build
    cache miss: nothing was stored yet
    succeeded in 340ms
    not cached: stopped to run anew
[13] app#build: $ vite build
    not run: what came before it failed
[14] app#build: $ vite build
    not run: interrupted
[15] app#build: $ vite build
    not run: stopped when another task failed
[16] app#build: $ vite build
    cache hit: output replayed
    time: 340ms, 0ms saved
`,
    );
  });
});

describe('wantsColor', () => {
  const rows: [Record<string, string>, boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ TERM: 'dumb' }, true, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ];
  for (const [env, isTerminal, expected] of rows) {
    it(`${JSON.stringify(env)} ${isTerminal ? 'in a terminal' : 'without'}: ${String(expected)}`, () => {
      assert.equal(wantsColor(env, isTerminal), expected);
    });
  }
});

describe('texts of --watch', () => {
  const path = 'src/a.js' as WorkspacePath;
  it('says what has changed, and which task is run again', () => {
    const text = (change: FactChange): string => changedText('app#build', change);
    const again = ', running app#build again\n';
    for (const kind of ['content', 'look'] as const) {
      const fact = { kind, path };
      assert.equal(text({ fact, before: 'x', now: 'y' }), `vt run: 'src/a.js' modified${again}`);
      assert.equal(
        text({ fact, before: undefined, now: ABSENT }),
        `vt run: 'src/a.js' removed${again}`,
      );
      assert.equal(text({ fact, before: ABSENT, now: 'y' }), `vt run: 'src/a.js' added${again}`);
    }
    const root = { kind: 'listing', path: '' as WorkspacePath } as const;
    assert.equal(
      text({ fact: root, before: 'x', now: 'y' }),
      `vt run: names in workspace root changed${again}`,
    );
  });

  it('says that it waits, and of what changes may go unnoticed', () => {
    assert.equal(waitingText([]), 'vt run: waiting for changes\n');
    assert.equal(
      waitingText(['a#dev', 'b#dev']),
      'vt run: waiting for changes; running: a#dev, b#dev\n',
    );
    assert.equal(
      unsureText('a#dev', [{ cause: 'no-tracker' }]),
      `vt run: changes may go unnoticed by a#dev: ${notCachedText({ kind: 'tracking-incomplete', incomplete: [{ cause: 'no-tracker' }] })}\n`,
    );
  });
});
