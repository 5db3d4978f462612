import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../../cache/attempt.js';
import type { AbsolutePath, Digest, WorkspacePath } from '../../../cache/brands.js';
import type { Change } from '../../../cache/explain/change.js';
import type { Compared } from '../../../cache/explain/explainer.js';
import type { KeyChange } from '../../../cache/explain/key-change.js';
import type { PathUse } from '../../../cache/explain/path-use.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { Ignored, IgnoredBy } from '../../../cache/ignored.js';
import type { KeyParts } from '../../../cache/key.js';
import type { Observation } from '../../../cache/observation.js';
import type { Advice } from '../../execute/explain/advise.js';
import type {
  ExecutionExplanation,
  LastRun,
  NextRun,
} from '../../execute/explain/explain-execution.js';
import type { VariableUse } from '../../execute/explain/variable-use.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { adviceText } from './advice-text.js';
import { changeText, keyChangeText } from './change-text.js';
import { ignoredByText } from './ignored-text.js';
import { observerText } from './observer-text.js';
import { pathExplanationText } from './path-explanation-text.js';
import { taskExplanationText } from './task-explanation-text.js';
import { variableExplanationText } from './variable-explanation-text.js';

const p = (text: string): WorkspacePath => text as WorkspacePath;
const digest = 'ab'.repeat(32) as Digest;
const moment = Date.UTC(2026, 10, 24, 3, 10, 5);

const text = '{\n  "tasks": {\n    "build": { "input": ["!logs/**"] }\n  }\n}\n';
const range = (found: string) => ({
  file: '/w/app/vite-task.json',
  text,
  offset: text.indexOf(found),
  length: found.length,
});
const origin: ExecutionOrigin = {
  task: range('"build"'),
  globBase: p(''),
  globs: [],
  env: [],
  untrackedEnv: [],
};
const configured: ExecutionOrigin = {
  ...origin,
  globs: [
    {
      field: 'input',
      written: '!logs/**',
      resolved: 'logs/**',
      excludes: true,
      at: range('"!logs/**"'),
    },
  ],
};
const commandLine: ExecutionOrigin = {
  ...origin,
  task: undefined,
  globs: [
    { field: 'input', written: '!logs/', resolved: 'logs/**', excludes: true, at: undefined },
  ],
};

const processes = [
  { pid: 1, parent: -1, exe: '/bin/sh', argv: ['sh', '-c', 'node a.js > log'] },
  { pid: 2, parent: 0, exe: '/bin/node', argv: ['node', 'a.js'] },
];
const content: Observation = {
  kind: 'content',
  observer: 1,
  path: p('src/a.js'),
  digest,
  executable: false,
};
const listing: Observation = { kind: 'listing', observer: 0, path: p('src'), names: ['a.js'] };
const mode: Observation = { kind: 'env', observer: 1, name: 'MODE', valueDigest: digest };

function result(changes: Partial<StoredResult> = {}): StoredResult {
  return {
    name: '3fa2c1d2e3f4a5b6c7d8e9f0a1b2c3d4',
    stored: moment,
    task: 'app#build',
    key: {} as KeyParts,
    duration: 1200,
    processes,
    observations: [content, listing, mode],
    outputs: [
      { path: p('dist'), kind: 'directory', mode: 0o755 },
      { path: p('dist/l'), kind: 'symlink', target: 'o' },
      { path: p('dist/o'), kind: 'file', digest, size: 1n, mode: 0o644 },
      { path: p('old'), kind: 'deletion' },
    ],
    writers: [0, 1, 1, -1],
    transcript: digest,
    ignored: [],
    ...changes,
  };
}

const modified: Change = { kind: 'modified', path: p('src/a.js') };
const added: Change = { kind: 'added', name: 'b.js', dir: p('src') };
const compared: Compared = {
  result: result({ name: '81bc0a9d8c7b00000000000000000000', stored: moment - 60_000 }),
  changes: [
    { observation: content, changes: [modified] },
    { observation: listing, changes: [added, { kind: 'removed', name: 'c.js', dir: p('src') }] },
  ],
};

describe('a change, in words', () => {
  const changes: [Change, string][] = [
    [modified, "'src/a.js' modified"],
    [added, "'b.js' added in 'src'"],
    [{ kind: 'removed', name: 'x', dir: p('') }, "'x' removed from workspace root"],
    [{ kind: 'program-changed', path: '/bin/cc' }, "program '/bin/cc' changed"],
    [{ kind: 'env', name: 'A', now: 'changed' }, "env 'A' changed"],
    [{ kind: 'env', name: 'A', now: 'set' }, "env 'A' is now set"],
    [{ kind: 'env', name: 'A', now: 'unset' }, "env 'A' is now unset"],
  ];
  for (const [change, expected] of changes) {
    it(expected, () => {
      assert.equal(changeText(change), expected);
    });
  }

  const keyChanges: [KeyChange, string][] = [
    [{ kind: 'program', before: 'cc', now: 'gcc' }, "program changed: 'cc' → 'gcc'"],
    [{ kind: 'args', before: [], now: ['-O', 'a b'] }, "args changed: none → '-O a b'"],
    [{ kind: 'cwd', before: '', now: 'sub' }, "working directory changed: '.' → 'sub'"],
    [{ kind: 'env', name: 'A', now: 'unset' }, "env 'A' is now unset"],
    [
      { kind: 'untracked-env', added: ['X'], removed: ['Y'] },
      "untracked env config changed: 'X' added, 'Y' removed",
    ],
    [{ kind: 'input-config', before: 'a', now: 'b' }, 'input configuration changed: a → b'],
    [{ kind: 'output-config', before: 'a', now: 'b' }, 'output configuration changed: a → b'],
  ];
  for (const [change, expected] of keyChanges) {
    it(expected, () => {
      assert.equal(keyChangeText(change), expected);
    });
  }
});

describe('who observed, in words', () => {
  const path = p('x');
  const by = "by sh -c 'node a.js > log' > node a.js";
  const rows: [Observation, string][] = [
    [content, `read ${by}`],
    [{ kind: 'absence', observer: 1, path }, `looked for ${by}`],
    [{ kind: 'existence', observer: 1, path, entry: 'file' }, `looked at ${by}`],
    [{ kind: 'link', observer: 1, path, target: 'y' }, `followed ${by}`],
    [listing, "listed by sh -c 'node a.js > log'"],
    [
      { kind: 'program', observer: 1, path: '/bin/x' as AbsolutePath, size: 1n, mtime: 1n },
      `executed ${by}`,
    ],
    [mode, `asked for ${by}`],
    [{ kind: 'env-query', observer: 1, pattern: { glob: '*' }, matches: [] }, `asked for ${by}`],
    [{ ...content, observer: -1 }, 'named by the configuration'],
    [
      { kind: 'glob', observer: -1, include: [], exclude: [], matches: [] },
      'named by the configuration',
    ],
  ];
  for (const [observation, expected] of rows) {
    it(`${observation.kind}: ${expected}`, () => {
      assert.equal(observerText(observation, processes), expected);
    });
  }
});

describe('who said that something does not count, in words', () => {
  const ignored = (by: IgnoredBy, part: Ignored['part'] = 'reads'): Ignored => ({
    part,
    by,
    paths: [],
    more: 0,
  });
  const path = p('node_modules/.vite');
  const chain = "sh -c 'node a.js > log' > node a.js";
  const rows: [Ignored, ExecutionOrigin | undefined, string][] = [
    [
      ignored({ kind: 'report', path, speaker: 1, label: 'vite' }),
      origin,
      `ignoreInput 'node_modules/.vite' of 'vite', ${chain}`,
    ],
    [
      ignored({ kind: 'report', path: p(''), speaker: 1 }, 'writes'),
      origin,
      `ignoreOutput the workspace root of ${chain}`,
    ],
    [
      ignored({ kind: 'excluded', glob: 'logs/**' }),
      configured,
      '"!logs/**" in "input" (vite-task.json:3:26)',
    ],
    [ignored({ kind: 'excluded', glob: 'logs/**' }), commandLine, "--input '!logs/'"],
    [ignored({ kind: 'excluded', glob: 'logs/**' }), undefined, '"!logs/**" in "input"'],
    [ignored({ kind: 'excluded', glob: 'x' }, 'writes'), configured, '"!x" in "output"'],
    [
      ignored({ kind: 'not-named' }),
      configured,
      '"input" (vite-task.json:3:26) names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'not-named' }, 'writes'),
      configured,
      '"output" (vite-task.json:3:5) names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'not-named' }),
      undefined,
      '"input" names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'version-control', path: p('.git') }),
      origin,
      "built in: '.git' is the state of the repository",
    ],
    [
      ignored({ kind: 'cache-tag', path: p('target') }),
      origin,
      "built in: 'target' has a CACHEDIR.TAG",
    ],
    [ignored({ kind: 'own-cache', path }), origin, `built in: '${path}' is vt's own cache`],
    [
      ignored({ kind: 'package-manager' }, 'contents'),
      origin,
      'built in: package managers rewrite it at every install, only that it exists counts',
    ],
  ];
  for (const [one, from, expected] of rows) {
    it(expected, () => {
      assert.equal(ignoredByText(one, processes, { origin: from, cwd: '/w/app' }), expected);
    });
  }
});

describe('advice, in words', () => {
  const glob = { pattern: 'logs/**', base: 'package' } as const;
  const rows: [Advice, ExecutionOrigin, string][] = [
    [
      { kind: 'exclude-input', glob, paths: ['logs/a', 'logs/b'] },
      origin,
      'if \'logs/a\' and 1 more does not matter: [{ "auto": true }, "!logs/**"] for "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob, paths: ['logs/a'] },
      configured,
      'if \'logs/a\' does not matter: "!logs/**" in "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob: { pattern: 'logs/**', base: 'workspace' }, paths: ['logs/a'] },
      configured,
      'if \'logs/a\' does not matter: { "pattern": "!logs/**", "base": "workspace" } in "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob, paths: ['logs/a'] },
      commandLine,
      "if 'logs/a' does not matter: --input '!logs/**'",
    ],
    [
      {
        kind: 'keep-private',
        place: p('.tool'),
        glob: { pattern: '.tool/**', base: 'package' },
        paths: ['.tool/x'],
      },
      origin,
      'if \'.tool/x\' is a tool\'s own business: let it call ignoreInput and ignoreOutput (\'.tool\'), or [{ "auto": true }, "!.tool/**"] for "input" and "output" (vite-task.json:3:5)',
    ],
    [
      {
        kind: 'keep-private',
        place: p('.tool'),
        glob: { pattern: '.tool/**', base: 'package' },
        paths: ['.tool/x'],
      },
      commandLine,
      "if '.tool/x' is a tool's own business: let it call ignoreInput and ignoreOutput ('.tool'), or --input '!.tool/**' --output '!.tool/**'",
    ],
    [
      { kind: 'untrack-env', names: ['A', 'B'], declared: false },
      origin,
      'if the result does not depend on \'A\' and 1 more: "untrackedEnv": ["A", "B"] (vite-task.json:3:5)',
    ],
    [
      { kind: 'untrack-env', names: ['A'], declared: true },
      origin,
      'if the result does not depend on \'A\': move "A" from "env" to "untrackedEnv" (vite-task.json:3:5)',
    ],
    [
      { kind: 'untrack-env', names: ['A', 'B'], declared: false },
      commandLine,
      "if the result does not depend on 'A' and 1 more: --untracked-env A --untracked-env B",
    ],
    [
      { kind: 'keep-elsewhere', directory: p('src'), paths: ['src/.a.swp'] },
      origin,
      "'src/.a.swp' counts because 'src' is listed: let what makes such files keep them elsewhere",
    ],
    [
      { kind: 'keep-elsewhere', directory: p(''), paths: ['a~', 'b~'] },
      origin,
      "'a~' and 1 more counts because the workspace root is listed: let what makes such files keep them elsewhere",
    ],
    [
      { kind: 'run-before', task: 'app#gen', paths: ['gen/x'] },
      origin,
      '\'gen/x\' is written by app#gen: with it in "dependsOn" (vite-task.json:3:5) it is written first',
    ],
  ];
  for (const [advice, from, expected] of rows) {
    it(expected, () => {
      assert.equal(adviceText(advice, from, '/w/app'), expected);
    });
  }
});

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
      observed({ kind: 'program', observer: 1, path: '/x' as AbsolutePath, size: 1n, mtime: 1n }),
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
