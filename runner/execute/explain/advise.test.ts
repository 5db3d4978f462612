import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspacePath } from '../../../cache/brands.js';
import type { Change } from '../../../cache/explain/change.js';
import type { LatestResult } from '../../../cache/explain/explainer.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { Observation } from '../../../cache/observation.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { adviseOn, adviseOnKey } from './advise.js';

const p = (text: string): WorkspacePath => text as WorkspacePath;
const at = { file: '/w/vite-task.json', text: '', offset: 0, length: 0 };
const origin: ExecutionOrigin = {
  task: at,
  globBase: p(''),
  globs: [],
  env: ['API_*', '!API_KEY'],
  untrackedEnv: [],
};

/** Advice on changes of a result that has these outputs. */
function advised(
  changes: readonly Change[],
  { outputs = [] as string[], globBase = '', others = [] as [string, string][] } = {},
) {
  const nearest = {
    result: {
      task: 'app#build',
      outputs: outputs.map((path) => ({ path, kind: 'deletion' })),
      ignored: [],
    } as unknown as StoredResult,
    changes: changes.map((change) => ({
      observation: (change.kind === 'added' || change.kind === 'removed'
        ? { kind: 'listing', observer: 0, path: change.dir, names: [] }
        : { kind: 'content', observer: 0, path: '', digest: '', executable: false }) as Observation,
      changes: [change],
    })),
  };
  const latest = others.map(
    ([task, path]) => ({ task, result: { outputs: [{ path }] } }) as unknown as LatestResult,
  );
  return adviseOn({ origin: { ...origin, globBase: p(globBase) }, nearest, latest });
}

const modified = (path: string): Change => ({ kind: 'modified', path: p(path) });

describe('advice on what changed', () => {
  it('is silent on sources, and on programs', () => {
    assert.deepEqual(
      advised([modified('src/main.js'), { kind: 'program-changed', path: '/usr/bin/cc' }]),
      [],
    );
  });

  const logs = { pattern: 'logs/**', base: 'package' } as const;
  it('excludes logs, once for all of them', () => {
    assert.deepEqual(
      advised([
        modified('logs/a.log'),
        modified('logs/deep/b'),
        { kind: 'added', name: 'c', dir: p('logs') },
      ]),
      [{ kind: 'exclude-input', glob: logs, paths: ['logs/a.log', 'logs/deep/b', 'logs/c'] }],
    );
    assert.deepEqual(advised([modified('src/debug.log')]), [
      {
        kind: 'exclude-input',
        glob: { pattern: '**/*.log', base: 'package' },
        paths: ['src/debug.log'],
      },
    ]);
  });

  it('writes globs as the package of the task has them', () => {
    const globs = (path: string) =>
      advised([modified(path)], { globBase: 'packages/app' }).map((one) =>
        'glob' in one ? one.glob : one,
      );
    assert.deepEqual(globs('packages/app/logs/x'), [logs]);
    assert.deepEqual(globs('packages/app/x.log'), [{ pattern: '**/*.log', base: 'package' }]);
    assert.deepEqual(globs('logs/x'), [{ ...logs, base: 'workspace' }]);
    assert.deepEqual(globs('x.log'), [{ pattern: '**/*.log', base: 'workspace' }]);
  });

  for (const [name, glob] of [
    ['.main.js.swp', '**/.*.sw?'],
    ['4913', '**/4913'],
    ['main.js~', '**/*~'],
    ['.#main.js', '**/.#*'],
    ['#main.js#', '**/#*#'],
    ['.DS_Store', '**/.DS_Store'],
    ['x.tmp', '**/*.tmp'],
    ['run.pid', '**/*.pid'],
  ] as const) {
    it(`knows ${name}`, () => {
      assert.deepEqual(advised([modified(`src/${name}`)]), [
        { kind: 'exclude-input', glob: { pattern: glob, base: 'package' }, paths: [`src/${name}`] },
      ]);
      // Excluded or not, its name in a listing counts.
      assert.deepEqual(advised([{ kind: 'added', name, dir: p('src') }]), [
        { kind: 'keep-elsewhere', directory: 'src', paths: [`src/${name}`] },
      ]);
    });
  }

  const places: [path: string, outputs: string[], place: string | undefined, glob?: string][] = [
    ['node_modules/.vite/deps/a.js', [], 'node_modules/.vite', 'node_modules/.vite/**'],
    [
      'node_modules/.cache/babel/x',
      [],
      'node_modules/.cache/babel',
      'node_modules/.cache/babel/**',
    ],
    ['a/node_modules/.vite/x', [], 'a/node_modules/.vite', 'a/node_modules/.vite/**'],
    ['node_modules/.bin/vite', [], undefined],
    ['node_modules/lib/index.js', [], undefined],
    ['.tool/state', ['.tool/other'], '.tool', '.tool/**'],
    ['.github/x.yml', [], undefined],
    ['src/__pycache__/a.pyc', ['src/__pycache__/b.pyc'], 'src/__pycache__', 'src/__pycache__/**'],
    [
      'tsconfig.tsbuildinfo',
      ['tsconfig.tsbuildinfo'],
      'tsconfig.tsbuildinfo',
      'tsconfig.tsbuildinfo',
    ],
  ];
  for (const [path, outputs, place, pattern] of places) {
    it(`${path} ${place === undefined ? 'is nobody’s own' : `belongs to ${place}`}`, () => {
      assert.deepEqual(
        advised([modified(path)], { outputs }),
        place === undefined
          ? []
          : [{ kind: 'keep-private', place, glob: { pattern, base: 'package' }, paths: [path] }],
      );
    });
  }

  it('names the task that writes a file, before all else', () => {
    assert.deepEqual(
      advised([modified('logs/gen.js'), modified('own')], {
        others: [
          ['app#gen', 'logs/gen.js'],
          ['app#build', 'own'],
        ],
      }),
      [{ kind: 'run-before', task: 'app#gen', paths: ['logs/gen.js'] }],
    );
  });

  it('leaves variables untracked, all in one', () => {
    assert.deepEqual(
      advised([
        { kind: 'env', name: 'A', now: 'changed' },
        { kind: 'env', name: 'B', now: 'unset' },
      ]),
      [{ kind: 'untrack-env', declared: false, names: ['A', 'B'] }],
    );
  });
});

describe('advice on a key', () => {
  const changes = ['API_URL', 'API_KEY', 'MODE'].map(
    (name) => ({ kind: 'env', name, now: 'changed' }) as const,
  );

  it('is about variables that the configuration lists, not about assignments before the command', () => {
    assert.deepEqual(adviseOnKey(changes, origin), [
      { kind: 'untrack-env', names: ['API_URL'], declared: true },
    ]);
  });

  it('is silent for a command line, and on other parts', () => {
    assert.deepEqual(adviseOnKey(changes, { ...origin, task: undefined }), []);
    assert.deepEqual(adviseOnKey([{ kind: 'cwd', before: '', now: 'x' }], origin), []);
  });
});
