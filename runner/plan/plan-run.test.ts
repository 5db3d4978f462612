import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { locate } from '../workspace/find-workspace.js';
import { planRun } from './plan-run.js';
import type { RunRequest } from './run/run-request.js';
import type { PlanOutcome } from './plan.js';
import type { Execution } from './execution.js';

type Files = Record<string, unknown>;

function workspace(t: TestContext, files: Files): string {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-plan-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    if (name.includes('.bin/')) chmodSync(file, 0o755);
  }
  return root;
}

function plan(
  cwd: string,
  request: Partial<RunRequest>,
  env: Record<string, string> = {},
): Promise<PlanOutcome> {
  return planRun(
    { ...own('build'), ...request },
    {
      location: locate(cwd, []),
      env: { PATH: '/usr/bin:/bin', ...env },
      capture: 'pipes',
      readRun: () => undefined,
    },
  );
}

function own(task: string): RunRequest {
  const packages = { kind: 'own' } as const;
  return {
    task,
    args: [],
    packages,
    cache: undefined,
    ignoreDependsOn: false,
    failIfNoMatch: false,
    parallel: false,
    limit: undefined,
    keepGoing: false,
  };
}

function executions(outcome: PlanOutcome): readonly Execution[] {
  assert.equal(outcome.kind, 'planned', JSON.stringify(outcome));
  return outcome.kind === 'planned'
    ? outcome.plan.steps.flatMap(({ planned }) => planned?.execution ?? [])
    : [];
}

function kinds(outcome: PlanOutcome): readonly string[] {
  return outcome.kind === 'refused' ? outcome.problems.map((problem) => problem.kind) : ['planned'];
}

const tasks = (definitions: unknown): Files => ({
  'package.json': {
    name: 'app',
    scripts: { lint: 'eslint .', prelint: 'echo pre', postlint: 'echo post' },
  },
  'vite-task.json': { tasks: definitions },
});

describe('planRun', () => {
  it('decides everything about a simple task', async (t) => {
    const root = workspace(t, {
      ...tasks({
        build: {
          command: 'MODE=x vite build',
          cache: {
            env: ['API'],
            untrackedEnv: ['DEBUG', 'B*'],
            output: ['dist/'],
            input: [{ auto: true }, '!*.log'],
          },
        },
      }),
      'node_modules/.bin/vite': '#!/bin/sh\n',
    });
    const [execution, second] = executions(
      await plan(root, { args: ['--a b'] }, { API: '1', OTHER: '2' }),
    );
    assert.equal(second, undefined);
    assert.deepEqual(execution, {
      task: 'app#build',
      command: "MODE=x vite build '--a b'",
      argv: ['vite', 'build', '--a b'],
      cwd: root,
      workspaceRoot: root,
      env: {
        API: '1',
        MODE: 'x',
        VP_RUN: '1',
        FORCE_COLOR: '1',
        INIT_CWD: root,
        PATH: `${root}/node_modules/.bin:/usr/bin:/bin`,
      },
      capture: 'pipes',
      cache: {
        key: {
          program: 'node_modules/.bin/vite',
          args: ['build', '--a b'],
          cwd: '',
          env: [
            {
              name: 'API',
              valueDigest: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
            },
            {
              name: 'FORCE_COLOR',
              valueDigest: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
            },
            {
              name: 'MODE',
              valueDigest: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
            },
          ],
          untrackedEnv: ['B*', 'DEBUG'],
          inputConfig: '{"auto":true,"include":[],"exclude":["*.log"]}',
          outputConfig: '{"auto":false,"include":["dist/**"],"exclude":[]}',
          capture: 'any',
        },
        input: { auto: true, include: [], exclude: ['*.log'] },
        output: { auto: false, include: ['dist/**'], exclude: [] },
        autoEnv: false,
        mayOptOut: true,
      },
    });
  });

  it('splits command lines and lists of them; arguments go to the last', async (t) => {
    const root = workspace(t, tasks({ build: ['a && B=1 b', 'c | d'] }));
    assert.deepEqual(
      executions(await plan(root, { args: ["it's"] })).map(({ task, command, argv, env }) => [
        task,
        command,
        argv,
        env.B,
      ]),
      [
        ['app#build', 'a', ['a'], undefined],
        ['app#build (2)', 'B=1 b', ['b'], '1'],
        ['app#build (3)', `c | d 'it'\\''s'`, ['/bin/sh', '-c', `c | d 'it'\\''s'`], undefined],
      ],
    );
  });

  it('keeps arguments in the key as they are, also with the path of the workspace', async (t) => {
    const root = workspace(t, tasks({}));
    writeFileSync(
      path.join(root, 'vite-task.json'),
      JSON.stringify({ tasks: { build: `cc -I${root}/include` } }),
    );
    const [execution] = executions(await plan(root, {}));
    assert.deepEqual(execution?.cache?.key.args, [`-I${root}/include`]);
  });

  it('runs what the kernel would refuse through a shell', async (t) => {
    const root = workspace(t, {
      ...tasks({ build: 'script x' }),
      'node_modules/.bin/script': 'echo hi\n',
    });
    const [execution] = executions(await plan(root, {}));
    assert.deepEqual(execution?.argv, ['/bin/sh', `${root}/node_modules/.bin/script`, 'x']);
    assert.deepEqual(execution.cache?.key.args, [`${root}/node_modules/.bin/script`, 'x']);
  });

  it('runs a script with its pre and post scripts, uncached by default', async (t) => {
    const root = workspace(t, tasks({}));
    const lint = executions(await plan(root, { task: 'lint', args: ['--fix'] }));
    assert.deepEqual(
      lint.map(({ task, command, uncachedBecause }) => [task, command, uncachedBecause]),
      [
        ['app#prelint', 'echo pre', 'script-default'],
        ['app#lint', 'eslint . --fix', 'script-default'],
        ['app#postlint', 'echo post', 'script-default'],
      ],
    );
    writeFileSync(
      path.join(root, 'vite-task.json'),
      '{"enablePrePostScripts":false,"cache":{"scripts":true}}',
    );
    const alone = executions(await plan(root, { task: 'lint' }));
    assert.deepEqual(
      alone.map(({ task, cache }) => [task, cache !== undefined]),
      [['app#lint', true]],
    );
  });

  it('decides about caching by flags and settings', async (t) => {
    const root = workspace(t, tasks({ build: 'x', never: { command: 'x', cache: false } }));
    const why = async (
      request: Partial<RunRequest>,
      env?: Record<string, string>,
    ): Promise<unknown> =>
      executions(await plan(root, request, env)).at(-1)?.uncachedBecause ?? 'cached';
    assert.equal(await why({}), 'cached');
    assert.equal(await why({ cache: false }), 'flag');
    assert.equal(await why({ task: 'never' }), 'configuration');
    assert.equal(await why({ task: 'never', cache: true }), 'configuration');
    assert.equal(await why({ task: 'lint' }), 'script-default');
    assert.equal(await why({ task: 'lint', cache: true }), 'cached');
    mkdirSync(path.join(root, 'ipc'));
    const nested = { VT_IPC_DIR: path.join(root, 'ipc') };
    assert.equal(await why({}, nested), 'cached', 'the outer run is over');
    writeFileSync(path.join(root, 'ipc/q'), '');
    assert.equal(await why({}, nested), 'nested');
    assert.equal(await why({ cache: false }, nested), 'flag');
    const [inner] = executions(await plan(root, {}, { ...nested, ANY: '1' }));
    assert.deepEqual([inner?.env.ANY, inner?.env.VT_IPC_DIR], ['1', nested.VT_IPC_DIR]);
    writeFileSync(path.join(root, 'vite-task.json'), '{"cache":false,"tasks":{"build":"x"}}');
    assert.equal(await why({}), 'configuration');
    assert.equal(await why({ cache: true }), 'cached');
  });

  it('runs what a task depends on first, each once', async (t) => {
    const root = workspace(
      t,
      tasks({
        build: { command: 'build', dependsOn: ['gen', 'app#lint', 'check'] },
        gen: 'gen',
        check: { dependsOn: ['gen'] },
      }),
    );
    const outcome = await plan(root, { task: 'app#build', args: ['x'] });
    assert.ok(outcome.kind === 'planned');
    assert.deepEqual(
      outcome.plan.steps.map(({ planned, needs }) => [planned?.execution.task, needs]),
      [
        ['app#gen', []],
        ['app#prelint', []],
        ['app#lint', [1]],
        ['app#postlint', [2]],
        ['app#build', [0, 3]],
      ],
    );
    assert.deepEqual(
      executions(outcome).map(({ command }) => command),
      ['gen', 'echo pre', 'eslint .', 'echo post', 'build x'],
    );
  });

  it('refuses what cannot be', async (t) => {
    const root = workspace(
      t,
      tasks({
        a: { command: 'x', dependsOn: ['b'] },
        b: { command: 'x', dependsOn: ['a'] },
        self: { command: 'x', dependsOn: ['self'] },
        typo: { command: 'x', dependsOn: ['lnt'] },
        other: { command: 'x', dependsOn: ['lib#build', { task: 'build', from: 'dependencies' }] },
        outside: { command: 'x', cache: { input: ['../../x'] } },
        nowhere: { command: 'x', cwd: 'none' },
        escape: { command: 'x', cwd: 'out' },
      }),
    );
    symlinkSync('/', path.join(root, 'out'));
    const refused = async (task: string): Promise<readonly string[]> =>
      kinds(await plan(root, { task }));
    assert.deepEqual(await refused('a'), ['dependency-cycle']);
    assert.deepEqual(await refused('self'), ['dependency-cycle']);
    assert.deepEqual(await refused('typo'), ['unknown-dependency']);
    assert.deepEqual(await refused('other'), ['unknown-dependency']);
    assert.deepEqual(await refused('outside'), ['pattern-outside-workspace']);
    assert.deepEqual(await refused('nowhere'), ['no-such-directory']);
    assert.deepEqual(await refused('escape'), ['cwd-outside-package']);
    assert.deepEqual(await refused('lib#build'), ['unknown-package']);
    assert.deepEqual(await refused('lnt'), ['unknown-task']);
  });

  it('works in a package of a workspace', async (t) => {
    const root = workspace(t, {
      'package.json': { name: 'root', workspaces: ['packages/*'] },
      'vite-task.json': { cache: { tasks: false } },
      'packages/app/package.json': {},
      'packages/app/vite-task.json': {
        tasks: { build: { command: 'x', cwd: 'src', cache: { input: ['a'] } } },
      },
      'packages/app/src/deep/file': '',
    });
    const app = path.join(root, 'packages/app');
    const outcome = await plan(path.join(app, 'src/deep'), { cache: true }, { PWD: app });
    const [execution] = executions(outcome);
    assert.equal(execution?.task, 'packages/app#build');
    assert.equal(execution.cwd, path.join(app, 'src'));
    assert.equal(execution.env.PWD, path.join(app, 'src'));
    assert.equal(execution.env.INIT_CWD, path.join(app, 'src/deep'));
    assert.equal(
      execution.env.PATH,
      `${app}/node_modules/.bin:${root}/node_modules/.bin:/usr/bin:/bin`,
    );
    assert.equal(execution.cache?.key.cwd, 'packages/app/src');
    assert.deepEqual(execution.cache.input.include, ['packages/app/a']);
    assert.equal(
      executions(await plan(app, {}))[0]?.uncachedBecause,
      'configuration',
      'the root decides',
    );
  });

  it('plans in spite of warnings, and gives them', async (t) => {
    const root = workspace(
      t,
      tasks({ build: { command: 'x', env: ['A'] }, b: { command: 'y', input: [] } }),
    );
    const outcome = await plan(root, {});
    assert.ok(outcome.kind === 'planned');
    assert.deepEqual(
      outcome.warnings.map(({ kind }) => kind),
      ['older-form'],
    );
  });
});
