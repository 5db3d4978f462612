import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { Workspace, type RunOptions, type Started } from './harness/workspace.js';

// Shows: cancel.once, cancel.twice

/** Ctrl-C and its relatives, while a task runs that does what the test says. */
async function workspaceWithTask(
  t: TestContext,
): Promise<{ workspace: Workspace; task: CommandedProgram }> {
  const workspace = new Workspace(t, { 'package.json': '{}' });
  const task = await CommandedProgram.listen(t, workspace);
  const command = task.command.join(' ');
  workspace.write({
    'vite-task.json': JSON.stringify({
      tasks: {
        serve: { command: [command, 'touch ran'] },
        uncached: { command, cache: false },
      },
    }),
  });
  return { workspace, task };
}

async function ready(task: CommandedProgram, run: Started): Promise<number> {
  const [word, pid] = (await task.said(run)).split(' ');
  assert.equal(word, 'ready');
  return Number(pid);
}

/** The signal came once: anything sent with it would have arrived before the answer to a question. */
async function expectOnce(task: CommandedProgram, run: Started, signal: string): Promise<void> {
  assert.equal(await task.said(run), `${signal} 1`);
  task.tell('ping');
  assert.equal(await task.said(run), 'pong 1');
}

function signalVt({ child }: Started, signal: NodeJS.Signals): void {
  assert.ok(child.kill(signal));
}

describe('vt run, told to stop by a signal', () => {
  for (const name of ['serve', 'uncached']) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`passes ${signal} on once, ends with 130 and keeps nothing (${name})`, async (t) => {
        const { workspace, task } = await workspaceWithTask(t);
        const run = workspace.startVt(['run', name]);
        await ready(task, run);
        signalVt(run, signal);
        await expectOnce(task, run, signal);
        task.tell('exit 0');
        const { code, stdout, stderr } = await run.finished;
        assert.deepEqual([code, stderr], [130, '']);
        assert.doesNotMatch(stdout, /not cached/, 'who stops a task does not ask why');
        assert.equal(workspace.exists('ran'), false, 'nothing new starts');

        const again = workspace.startVt(['run', name]);
        await ready(task, again);
        task.tell('exit 0');
        assert.equal((await again.finished).code, 0);
        assert.doesNotMatch((await again.finished).stdout, /◉ cache hit/);
      });
    }
  }

  it('kills the task at the second signal', async (t) => {
    const { workspace, task } = await workspaceWithTask(t);
    const run = workspace.startVt(['run', 'serve']);
    const pid = await ready(task, run);
    signalVt(run, 'SIGINT');
    assert.equal(await task.said(run), 'SIGINT 1');
    signalVt(run, 'SIGINT');
    await task.gone();
    assert.equal((await run.finished).code, 130);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});

describe('vt exec, told to stop by a signal', () => {
  it('leaves the ending to the command', async (t) => {
    const { workspace, task } = await workspaceWithTask(t);
    const exec = (): Started => workspace.startVt(['exec', '--', ...task.command]);
    const run = exec();
    await ready(task, run);
    signalVt(run, 'SIGINT');
    await expectOnce(task, run, 'SIGINT');
    signalVt(run, 'SIGINT');
    assert.equal(await task.said(run), 'SIGINT 2');
    task.tell('exit 0');
    const { code, signal, all } = await run.finished;
    assert.deepEqual([code, signal, all], [0, null, '']);
    const again = exec();
    await ready(task, again);
    task.tell('exit 6');
    assert.deepEqual([(await again.finished).code, (await again.finished).all], [6, '']);
  });
});

describe('Ctrl-C in a terminal', () => {
  const terminal: RunOptions = { terminal: true, input: 'open' };
  for (const [name, code] of [
    ['serve', 130],
    ['uncached', 130],
  ] as const) {
    it(`reaches the task once (${name})`, async (t) => {
      const { workspace, task } = await workspaceWithTask(t);
      const run = workspace.startVt(['run', name], terminal);
      await ready(task, run);
      run.child.stdin.write('\x03');
      await expectOnce(task, run, 'SIGINT');
      task.tell('exit 0');
      await task.gone();
      run.child.stdin.end();
      assert.equal((await run.finished).code, code);
      assert.equal(workspace.exists('ran'), false);
    });
  }
});
