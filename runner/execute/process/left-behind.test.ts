import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Outcome } from './task-rig.js';
import { builtTracker, runSubject, terminal, whyNoTerminal } from './task-rig.js';

/** Short: these tests want the grace to run out. */
const tracker = builtTracker(50);
const noTerminal = await whyNoTerminal();
const noLauncher = tracker === undefined ? 'vt-launch is not built' : false;

let descriptors: number;
before(() => {
  descriptors = readdirSync('/proc/self/fd').length;
});
after(() => {
  assert.equal(readdirSync('/proc/self/fd').length, descriptors, 'every descriptor is closed');
});

/** Kills the daemon whose pid the task printed first. */
function killDaemon(printed: string): number {
  const pid = Number(/^(\d+)/.exec(printed)?.[1]);
  assert.ok(pid > 1, printed);
  process.kill(pid, 'SIGKILL');
  return pid;
}

function expectSurvivor(outcome: Outcome, pid: number): void {
  const survivors = outcome.trace.incomplete.filter(({ cause }) => cause === 'survivors');
  assert.deepEqual(
    survivors.map((survivor) => survivor.pid),
    [pid],
  );
}

for (const [way, used, skip] of [
  ['without the launcher', undefined, false],
  ['under the launcher', tracker, noLauncher],
] as const) {
  describe(`a daemon left behind, ${way}`, { skip }, () => {
    test('that holds the pipes does not delay the end', async () => {
      const outcome = await runSubject(['sh', '-c', 'sleep 1000 & echo $!; exit 4'], {
        tracker: used,
      });
      const pid = killDaemon(outcome.stdout);
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 4 });
      if (used !== undefined) expectSurvivor(outcome, pid);
    });

    test('that never stops writing does not delay the end', async () => {
      const outcome = await runSubject(['sh', '-c', 'yes >&2 & echo $!'], { tracker: used });
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 0 });
      const pid = Number(outcome.stdout);
      // Nobody reads any more: it meets a broken pipe at its next write.
      while (existsSync(`/proc/${String(pid)}`)) await new Promise(setImmediate);
    });

    test('that holds the terminal does not delay the end', { skip: noTerminal }, async () => {
      const outcome = await runSubject(['sh', '-c', 'trap "" HUP; sleep 1000 & echo $!; exit 4'], {
        tracker: used,
        output: terminal,
      });
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 4 });
      const pid = killDaemon(outcome.terminal);
      if (used !== undefined) expectSurvivor(outcome, pid);
    });
  });
}

/** A program that runs one task with a daemon in it and then has nothing more to do. */
function runnerProgram(output: 'pipes' | 'terminal'): string {
  const rig = new URL('./task-rig.js', import.meta.url).href;
  return `
    import { builtTracker, runSubject, terminal } from ${JSON.stringify(rig)};
    const output = ${output === 'pipes' ? "'pipes'" : 'terminal'};
    const tracker = builtTracker(50);
    const outcome = await runSubject(['sh', '-c', 'trap "" HUP; sleep 1000 & echo $!'], { tracker, output });
    process.stdout.write(outcome.stdout + outcome.terminal);`;
}

describe('vt can exit', { skip: noLauncher }, () => {
  for (const output of ['pipes', 'terminal'] as const) {
    const skip = output === 'terminal' && noTerminal;
    test(
      `while a daemon holds its ${output}, and its own output ends with it`,
      { skip },
      async () => {
        const child = spawn(
          process.execPath,
          ['--input-type=module', '-e', runnerProgram(output)],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        let printed = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
        // 'close' comes when the last holder of its stdout is gone: the supervisor must not be one.
        const [code] = (await once(child, 'close')) as [number];
        assert.equal(code, 0);
        killDaemon(printed);
      },
    );
  }
});

test(
  'a killed runner hangs up the terminals of all its tasks',
  { skip: noTerminal || noLauncher },
  async () => {
    const rig = new URL('./task-rig.js', import.meta.url).href;
    const program = `
    import { writeSync } from 'node:fs';
    import { builtTracker, startSubject, terminal } from ${JSON.stringify(rig)};
    for (const name of ['a', 'b', 'c']) {
      // Of the task itself: what it prints may come before the launcher's word of its pid.
      const script = 'echo $$ > "$0"; echo ready; exec sleep 1000';
      const argv = ['sh', '-c', script, process.env.TMPDIR + '/' + name];
      await startSubject(argv, { tracker: builtTracker(), output: terminal }).printed('ready');
    }
    writeSync(1, 'ready');`;
    const scratch = mkdtempSync(join(tmpdir(), 'vt-left-behind-'));
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // It cannot remove its directories itself.
      env: { ...process.env, TMPDIR: scratch },
    });
    await once(child.stdout, 'data');
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    const pids = ['a', 'b', 'c'].map((name) => Number(readFileSync(join(scratch, name), 'utf8')));
    assert.ok(
      pids.every((pid) => pid > 1),
      pids.join(),
    );
    while (pids.some((pid) => existsSync(`/proc/${String(pid)}`))) await new Promise(setImmediate);
    rmSync(scratch, { recursive: true });
  },
);
