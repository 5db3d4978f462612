import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { WatchedOutput } from './harness/watched-output.js';
import { Workspace, vtPath, type Started } from './harness/workspace.js';

/** `vt run` without a task, in a real terminal. */
const question = 'Select a task (↑/↓, Enter to run, type to search):';

function workspaceOf(t: TestContext): Workspace {
  const workspace = new Workspace(t, {
    'package.json': JSON.stringify({
      name: 'site',
      workspaces: ['packages/*'],
      scripts: { hello: 'echo hello', ask: 'read answer; echo "it was $answer"' },
    }),
    'packages/app/package.json': JSON.stringify({ name: 'app', scripts: { build: 'echo built' } }),
  });
  // What the terminal was set to before and after, and how vt ended.
  workspace.script(
    'run.sh',
    `stty cols 100 rows 30; stty -a > before; echo $$ > shell
"${process.execPath}" "${vtPath}" run "$@"
echo "ended $?"; stty -a > after
`,
  );
  return workspace;
}

function start(workspace: Workspace, ...args: string[]): { run: Started; output: WatchedOutput } {
  const run = workspace.start(['sh', 'run.sh', ...args], { terminal: true, input: 'open' });
  return { run, output: new WatchedOutput(run) };
}

/** Everything is as it was: keys are read by line, and shown. */
async function expectRestored(workspace: Workspace, run: Started, exit: string): Promise<void> {
  run.child.stdin.end();
  assert.match((await run.finished).stdout, new RegExp(`ended ${exit}\n`));
  assert.equal(workspace.read('after'), workspace.read('before'));
}

describe('vt run without a task', () => {
  it('runs what is chosen with the keys, and gives the terminal to it', async (t) => {
    const workspace = workspaceOf(t);
    const { run, output } = start(workspace);
    await output.printed(question);
    run.child.stdin.write('\x1b[B');
    await output.printed('› ask');
    run.child.stdin.write('\r');
    await output.printed('Selected task: ask');
    await output.printed('cache disabled');
    run.child.stdin.write('yes\n');
    await output.printed('it was yes');
    await expectRestored(workspace, run, '0');
  });

  it('finds a task of another package by what is typed', async (t) => {
    const workspace = workspaceOf(t);
    const { run, output } = start(workspace);
    await output.printed(question);
    run.child.stdin.write('bld');
    await output.printed(' bld');
    run.child.stdin.write('\r');
    await output.printed('Selected task: app#build');
    await output.printed('built');
    await expectRestored(workspace, run, '0');
  });

  it('begins with a name that was misspelt', async (t) => {
    const workspace = workspaceOf(t);
    const { run, output } = start(workspace, 'helo');
    await output.printed('Task "helo" not found.');
    await output.printed('helo');
    run.child.stdin.write('\r');
    await output.printed('Selected task: hello');
    await expectRestored(workspace, run, '0');
  });

  for (const [name, keys] of [
    ['Ctrl-C', '\x03'],
    ['Escape', '\x1b'],
  ] as const) {
    it(`leaves the terminal as it was after ${name}`, async (t) => {
      const workspace = workspaceOf(t);
      const { run, output } = start(workspace);
      await output.printed(question);
      run.child.stdin.write(keys);
      await output.printed('ended');
      await expectRestored(workspace, run, '130');
    });
  }

  it('leaves the terminal as it was when vt is told to end', async (t) => {
    const workspace = workspaceOf(t);
    const { run, output } = start(workspace);
    await output.printed(question);
    const { stdout } = await workspace.run(['pgrep', '-P', workspace.read('shell').trim()]);
    process.kill(Number(stdout), 'SIGTERM');
    await output.printed('ended');
    await expectRestored(workspace, run, '143');
  });

  it('goes on after Ctrl-Z', async (t) => {
    const workspace = workspaceOf(t);
    workspace.script(
      'jobs.sh',
      'set -m\nsh run.sh &\nfg >/dev/null\necho suspended\nfg >/dev/null\n',
    );
    const run = workspace.start(['bash', 'jobs.sh'], { terminal: true, input: 'open' });
    const output = new WatchedOutput(run);
    await output.printed(question);
    run.child.stdin.write('\x1a');
    await output.printed('suspended');
    await output.printed(question);
    run.child.stdin.write('\r');
    await output.printed('Selected task: hello');
    await expectRestored(workspace, run, '0');
  });

  it('lists them where there is no terminal', async (t) => {
    const workspace = workspaceOf(t);
    const { code, stdout, stderr } = await workspace.vt(['run']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(
      stdout,
      `  hello: echo hello
  ask: read answer; echo "it was $answer"
  app#build: echo built
`,
    );
  });
});
