import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { Workspace, type RunOptions } from './harness/workspace.js';

/** What docs/workspaces.md says, done. */

/** core ← lib ← app, each copying what it needs; lib has no task `check`. */
function chain(t: TestContext, more: Readonly<Record<string, string>> = {}): Workspace {
  const task = (needs: string): string => `cat ${needs} > out.txt && cat out.txt`;
  const manifest = (name: string, needs?: string): string =>
    JSON.stringify({
      name,
      version: '1.0.0',
      ...(needs === undefined ? {} : { dependencies: { [needs]: 'workspace:*' } }),
    });
  const tasks = (build: string, check?: string): string =>
    JSON.stringify({ tasks: { build, ...(check === undefined ? {} : { check }) } });
  return new Workspace(t, {
    'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n  - '!packages/old'\n",
    'package.json': '{ "name": "root", "scripts": { "all": "vt run -r build && echo all done" } }',
    'packages/core/package.json': manifest('core'),
    'packages/core/vite-task.json': tasks(task('a.txt'), 'echo core checked'),
    'packages/core/a.txt': 'a\n',
    'packages/lib/package.json': manifest('lib', 'core'),
    'packages/lib/vite-task.json': tasks(task('../core/out.txt')),
    'packages/app/package.json': manifest('app', 'lib'),
    'packages/app/vite-task.json': tasks(task('../lib/out.txt'), 'echo app checked'),
    'packages/app/src/deep.txt': '',
    'packages/old/package.json': '{ "name": "core" }',
    ...more,
  });
}

async function commands(
  workspace: Workspace,
  args: readonly string[],
  options?: RunOptions,
): Promise<string[]> {
  const run = await workspace.vt(['run', ...args], options);
  assert.equal(run.code, 0, run.all);
  return run.stdout.split('\n').filter((line) => /^(~\/\S*)?\$ /.test(line));
}

describe('vt run in a workspace', () => {
  it('runs packages after those they need, and replays each by what it read', async (t) => {
    const workspace = chain(t);
    const first = await workspace.vt(['run', '-r', 'build'], { cwd: 'packages/app/src' });
    assert.equal(
      steadyText(first.stdout),
      `~/packages/core$ cat a.txt > out.txt && cat out.txt
a

~/packages/lib$ cat ../core/out.txt > out.txt && cat out.txt
a

~/packages/app$ cat ../lib/out.txt > out.txt && cat out.txt
a

---
vt run: 0/3 cache hit (0%), 3/3 successful. (Run \`vt run --last-details\` for full details)
`,
    );
    // The second run finds what the first has made.
    await commands(workspace, ['-r', 'build']);
    assert.deepEqual(await commands(workspace, ['-r', 'build']), [
      '~/packages/core$ cat a.txt > out.txt && cat out.txt ◉ cache hit, replaying',
      '~/packages/lib$ cat ../core/out.txt > out.txt && cat out.txt ◉ cache hit, replaying',
      '~/packages/app$ cat ../lib/out.txt > out.txt && cat out.txt ◉ cache hit, replaying',
    ]);
    workspace.write({ 'packages/core/a.txt': 'b\n' });
    const [core, lib, app] = await commands(workspace, ['-t', 'app#build']);
    assert.match(core ?? '', /cache miss: 'packages\/core\/a\.txt' modified, executing$/);
    assert.match(lib ?? '', /cache miss: 'packages\/core\/out\.txt' modified, executing$/);
    assert.match(app ?? '', /cache miss: 'packages\/lib\/out\.txt' modified, executing$/);
    assert.equal(workspace.read('packages/app/out.txt'), 'b\n');
  });

  it('chooses packages by flags, from any directory', async (t) => {
    const workspace = chain(t);
    const packages = async (args: readonly string[], cwd = '.'): Promise<string[]> =>
      (await commands(workspace, args, { cwd })).map((line) =>
        line.replace(/^~\/packages\/(\w+)\$.*$/, '$1'),
      );
    assert.deepEqual(await packages(['core#build']), ['core']);
    assert.deepEqual(await packages(['check'], 'packages/app/src'), ['app']);
    assert.deepEqual(await packages(['-t', 'check'], 'packages/lib'), ['core']);
    assert.deepEqual(await packages(['-F', 'app...', 'check']), ['core', 'app']);
    assert.deepEqual(await packages(['-F', '...^core', '-F', '!app', 'build']), ['lib']);
    assert.deepEqual(await packages(['-F', './*', 'check'], 'packages'), ['core', 'app']);
  });

  it('makes vt run in a command part of the plan', async (t) => {
    const run = await chain(t).vt(['run', 'all']);
    assert.deepEqual(
      run.stdout.split('\n').filter((line) => /^(~\/\S*)?\$ |^all/.test(line)),
      [
        '~/packages/core$ cat a.txt > out.txt && cat out.txt',
        '~/packages/lib$ cat ../core/out.txt > out.txt && cat out.txt',
        '~/packages/app$ cat ../lib/out.txt > out.txt && cat out.txt',
        '$ echo all done ⊘ cache disabled',
        'all done',
      ],
    );
  });

  it('runs nothing more after a failure', async (t) => {
    const workspace = chain(t, {
      'packages/lib/vite-task.json': '{ "tasks": { "build": "exit 7" } }',
    });
    const run = await workspace.vt(['run', '-r', 'build']);
    assert.equal(run.code, 7);
    assert.equal(workspace.exists('packages/app/out.txt'), false);
  });

  it('says what is wrong, where, and what to do', async (t) => {
    const workspace = chain(t, {
      'packages/core/vite-task.json':
        '{ "tasks": { "build": { "command": "x", "dependsOn": ["app#build"] } } }\n',
    });
    const circle = await workspace.vt(['run', '-r', 'build']);
    assert.deepEqual([circle.code, circle.stdout], [1, '']);
    assert.equal(
      circle.stderr,
      `error[dependency-cycle]: tasks wait for each other: core#build → app#build → lib#build → core#build
  at packages/core/vite-task.json:1:55
  1 | { "tasks": { "build": { "command": "x", "dependsOn": ["app#build"] } } }
    |                                                       ~~~~~~~~~~~ "dependsOn"
  at packages/app/package.json:1:55
  1 | {"name":"app","version":"1.0.0","dependencies":{"lib":"workspace:*"}}
    |                                                       ~~~~~~~~~~~~~ its package needs the other
  at packages/lib/package.json:1:56
  1 | {"name":"lib","version":"1.0.0","dependencies":{"core":"workspace:*"}}
    |                                                        ~~~~~~~~~~~~~ its package needs the other
help: remove one of these, so that one of the tasks can begin
`,
    );
    const unknown = await workspace.vt(['run', 'build']);
    assert.equal(
      unknown.stderr,
      `error[unknown-task]: Task "build" not found.
  known tasks: all
  other packages have it: app#build, core#build, lib#build
help: run it there: \`vt run app#build\`, or \`vt run -r build\` in all packages
`,
    );
    const filter = await workspace.vt(['run', '-F', 'apq', 'build']);
    assert.deepEqual(
      [filter.code, filter.stderr],
      [
        0,
        'warning[filter-without-match]: --filter "apq" matches no package\nhelp: did you mean "app"?\n',
      ],
    );
    workspace.write({ 'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n" });
    const twice = await workspace.vt(['run', '-r', 'build']);
    assert.equal(
      twice.stderr,
      `error[duplicate-package]: two packages have the name "core"
  at packages/core/package.json:1:9
  1 | {"name":"core","version":"1.0.0"}
    |         ~~~~~~
  at packages/old/package.json:1:11
  1 | { "name": "core" }
    |           ~~~~~~
help: rename one of them, or take one out of the workspace
`,
    );
    workspace.write({ 'pnpm-workspace.yaml': "packages:\n  - 'packages/*\n" });
    const broken = await workspace.vt(['run', '-r', 'build']);
    assert.match(
      broken.stderr,
      /^error\[yaml-error\]: the file is not valid YAML: .*\n {2}at pnpm-workspace\.yaml:\d+:\d+\n/,
    );
  });
});

describe('vt init', () => {
  it('writes a file that vt run takes, with the schema that is installed', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "scripts": { "build": "echo built" } }',
      'node_modules/vt/dist/vite-task.schema.json': '{}',
    });
    const init = await workspace.vt(['init']);
    assert.deepEqual([init.code, init.stderr], [0, '']);
    assert.match(workspace.read('vite-task.json'), /"\$schema": "\.\/node_modules\/vt\/dist\//);
    assert.equal((await workspace.vt(['run', '--cache', 'build'])).stdout, '$ echo built\nbuilt\n');
  });
});
