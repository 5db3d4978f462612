import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deferred } from './deferred.js';
import { endingExitCode } from './ending-exit-code.js';
import { builtTracker, runSubject, startSubject } from './task-rig.js';

const tracker = builtTracker();
const noLauncher = tracker === undefined ? 'vt-launch is not built' : false;

let scratch: string;
let descriptors: number;
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vt-start-task-'));
  descriptors = readdirSync('/proc/self/fd').length;
});
after(() => {
  rmSync(scratch, { recursive: true });
  assert.equal(readdirSync('/proc/self/fd').length, descriptors, 'every descriptor is closed');
});

for (const [way, used, skip] of [
  ['without the launcher', undefined, false],
  ['under the launcher', tracker, noLauncher],
] as const) {
  describe(way, { skip }, () => {
    const run = (script: string) => runSubject(['sh', '-c', script], { tracker: used });

    test('stdout and stderr come apart, with the exit code', async () => {
      const outcome = await run('echo out; echo err >&2; exit 7');
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 7 });
      assert.deepEqual([outcome.stdout, outcome.stderr], ['out\n', 'err\n']);
    });

    test('signals that end it are named', async () => {
      for (const signal of ['KILL', 'SEGV', 'TERM', 'PIPE', 'HUP']) {
        const outcome = await run(`echo before; kill -${signal} $$`);
        assert.deepEqual(outcome.ending, { kind: 'killed', signal: `SIG${signal}` });
        assert.equal(outcome.stdout, 'before\n');
      }
    });

    test('/dev/stdout and /dev/stderr can be opened anew', async () => {
      const outcome = await run('echo a; echo x >/dev/stdout; echo y >/dev/stderr; echo b');
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 0 });
      assert.deepEqual([outcome.stdout, outcome.stderr], ['a\nx\nb\n', 'y\n']);
    });

    test('its descriptors are 0 to 3 and nothing else', async () => {
      // The 4 is the one by which ls reads the directory.
      const outcome = await runSubject(['ls', '-1', '/proc/self/fd'], { tracker: used });
      // Node cannot keep high ones that vt itself was started with from its children.
      const inherited = used === undefined ? 15 : Infinity;
      const open = outcome.stdout.trim().split('\n').map(Number);
      assert.deepEqual(
        open.filter((fd) => fd <= inherited).sort((a, b) => a - b),
        [0, 1, 2, 3, 4],
      );
      const links = await run('readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 /proc/$$/fd/3');
      const [stdin, ...fifos] = links.stdout.trim().split('\n');
      assert.equal(stdin, '/dev/null');
      assert.deepEqual(
        fifos.map((path) => path.slice(path.lastIndexOf('/'))),
        ['/out', '/err', '/q'],
      );
    });

    test('its descriptors block', async () => {
      const outcome = await run('cat /proc/self/fdinfo/1 /proc/self/fdinfo/2 /proc/self/fdinfo/3');
      const flags = [...outcome.stdout.matchAll(/flags:\s+(\d+)/g)].map((match) => match[1]);
      assert.equal(flags.length, 3);
      for (const flag of flags) {
        assert.equal(Number.parseInt(flag ?? '', 8) & 0o4000, 0, `flags ${String(flag)}`);
      }
    });

    test('its stdin is empty', async () => {
      assert.equal((await run('cat; echo done')).stdout, 'done\n');
    });

    test('it gets exactly its environment and working directory', async () => {
      const env = { PATH: process.env['PATH'] ?? '', A: 'ä b', EMPTY: '' };
      const outcome = await runSubject(['env'], { tracker: used, env });
      assert.equal(outcome.stdout, `PATH=${env.PATH}\nA=ä b\nEMPTY=\n`);
      const where = await runSubject(['/bin/pwd', '-P'], { tracker: used, cwd: '/usr' });
      assert.equal(where.stdout, '/usr\n');
    });

    test('it gets its arguments as they are', async () => {
      const args = ['', '-x', '--', 'a b', '\n', 'é', '*'];
      const printer = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
      const node = [process.execPath, '-e', printer, '--', ...args] as [string, ...string[]];
      assert.deepEqual(JSON.parse((await runSubject(node, { tracker: used })).stdout), args);
    });

    test('a program that is not there, not executable, or a directory', async () => {
      const file = join(scratch, 'plain');
      writeFileSync(file, 'x');
      chmodSync(file, 0o644);
      const expected = [
        ['vt-no-such-program', 'ENOENT', 127],
        ['/no/such/program', 'ENOENT', 127],
        [`${file}/below`, 'ENOTDIR', 127],
        [file, 'EACCES', 126],
        [scratch, 'EACCES', 126],
        ['', 'ENOENT', 127],
      ] as const;
      for (const [program, errno, code] of expected) {
        const { ending, trace } = await runSubject([program, 'arg'], { tracker: used });
        assert.deepEqual(ending, { kind: 'not-started', errno, path: program });
        assert.equal(endingExitCode(ending), code);
        assert.deepEqual(trace.incomplete, [{ cause: 'no-tracker' }]);
      }
    });

    test('a working directory that is not there', async () => {
      const { ending } = await runSubject(['true'], { tracker: used, cwd: '/no/such/place' });
      assert.deepEqual(ending, { kind: 'not-started', errno: 'ENOENT', path: '/no/such/place' });
    });

    test('a script without interpreter line runs by sh, as in a shell', async () => {
      const script = join(scratch, 'script');
      writeFileSync(script, 'echo "by sh: $1"\n', { mode: 0o755 });
      assert.equal((await runSubject([script, 'x'], { tracker: used })).stdout, 'by sh: x\n');
    });

    test('a program that can never be passed', async () => {
      const { ending } = await runSubject(['true', 'a\0b'], { tracker: used });
      assert.deepEqual(ending, { kind: 'not-started', errno: 'EINVAL', path: 'true' });
    });

    test('a command line longer than the system takes', async () => {
      const { ending } = await runSubject(['true', 'x'.repeat(200_000)], { tracker: used });
      assert.deepEqual(ending, { kind: 'not-started', errno: 'E2BIG', path: 'true' });
      assert.equal(endingExitCode(ending), 126);
    });

    test('a signal sent before it started reaches it', async () => {
      const subject = startSubject(['sleep', '1000'], { tracker: used });
      subject.task.signal('SIGTERM');
      assert.deepEqual((await subject.outcome()).ending, { kind: 'killed', signal: 'SIGTERM' });
    });

    test('a signal reaches its whole process group', async () => {
      const subject = startSubject(['sh', '-c', 'sleep 1000 & echo ready; wait'], {
        tracker: used,
      });
      await subject.printed('ready');
      subject.task.signal('SIGTERM');
      const { ending, trace } = await subject.outcome();
      assert.deepEqual(ending, { kind: 'killed', signal: 'SIGTERM' });
      if (used !== undefined) assert.deepEqual(trace.incomplete, []);
    });

    test('what the main process leaves behind may still print during the grace', async () => {
      const outcome = await run(
        '(while kill -0 $$; do :; done 2>/dev/null; echo late) & echo early',
      );
      assert.equal(outcome.stdout, 'early\nlate\n');
    });
  });
}

describe('under the launcher only', { skip: noLauncher }, () => {
  test('a real-time signal has a name with its number', async () => {
    const { ending } = await runSubject(['sh', '-c', 'kill -40 $$'], { tracker });
    assert.deepEqual(ending, { kind: 'killed', signal: 'SIG40' });
    assert.equal(endingExitCode(ending), 168);
  });

  test('a launcher that is killed with its supervisor ends the task and says so', async () => {
    // The supervisor is the task's parent. That it runs is seen before the launcher says so.
    const printed = deferred<string>();
    const script = 'echo $PPID $(ps -o ppid= $PPID); sleep 1000';
    const subject = startSubject(['sh', '-c', script], {
      tracker,
      onOutput: (chunk) => {
        printed.resolve(Buffer.from(chunk.bytes).toString());
      },
    });
    const [supervisor, launcher] = (await printed.promise).trim().split(/ +/);
    process.kill(Number(launcher), 'SIGKILL');
    process.kill(Number(supervisor), 'SIGKILL');
    const { ending, trace } = await subject.outcome();
    assert.deepEqual(ending, { kind: 'killed', signal: 'SIGKILL' });
    const about = { process: ['sh', '-c', script], pid: subject.task.pid };
    assert.deepEqual(trace.incomplete, [{ cause: 'supervisor-killed', ...about }]);
  });

  test('a launcher that cannot start anything is no missing program', async () => {
    const broken = { ...builtTracker(), launcher: '/bin/true' } as NonNullable<typeof tracker>;
    const { ending, trace } = await runSubject(['true'], { tracker: broken });
    assert.deepEqual(ending, { kind: 'not-started', errno: 'ECHILD', path: '/bin/true' });
    assert.deepEqual(trace.incomplete, [{ cause: 'no-tracker' }]);
  });

  test('a missing launcher degrades to a start without it', async () => {
    const missing = { ...builtTracker(), launcher: '/no/vt-launch' } as NonNullable<typeof tracker>;
    const { ending, stdout, trace } = await runSubject(['echo', 'x'], { tracker: missing });
    assert.deepEqual([ending, stdout], [{ kind: 'exited', code: 0 }, 'x\n']);
    assert.deepEqual(trace.incomplete, [{ cause: 'no-tracker' }]);
  });
});
