import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { builtTracker, runSubject, startSubject, terminal, whyNoTerminal } from './task-rig.js';

const tracker = builtTracker();
const noTerminal = await whyNoTerminal();
const noLauncher = tracker === undefined ? 'vt-launch is not built' : false;

let descriptors: number;
before(() => {
  descriptors = readdirSync('/proc/self/fd').length;
});
after(() => {
  assert.equal(readdirSync('/proc/self/fd').length, descriptors, 'every descriptor is closed');
});

for (const [way, used, skip] of [
  ['without the launcher', undefined, noTerminal],
  ['under the launcher', tracker, noTerminal || noLauncher],
] as const) {
  describe(`terminal, ${way}`, { skip }, () => {
    const run = (script: string) =>
      runSubject(['sh', '-c', script], { tracker: used, output: terminal });

    test('both streams come from one terminal of the given size', async () => {
      const outcome = await run('test -t 1 && test -t 2 && stty size <&1; echo err >&2; exit 3');
      assert.equal(outcome.terminal, '30 100\r\nerr\r\n');
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 3 });
    });

    test('stdin is empty all the same', async () => {
      assert.equal((await run('test -t 0 || echo none; cat')).terminal, 'none\r\n');
    });

    test('its descriptors block, whatever the runner does with its own', async () => {
      const { terminal: shown } = await run('cat /proc/self/fdinfo/1 /proc/self/fdinfo/2');
      const flags = [...shown.matchAll(/flags:\s+(\d+)/g)].map((match) => match[1]);
      assert.equal(flags.length, 2);
      for (const flag of flags) assert.equal(Number.parseInt(flag ?? '', 8) & 0o4000, 0);
    });

    test('signals end it by name', async () => {
      const outcome = await run('echo before; kill -SEGV $$');
      assert.deepEqual(outcome.ending, { kind: 'killed', signal: 'SIGSEGV' });
      assert.equal(outcome.terminal, 'before\r\n');
    });

    test('a program that is not there', async () => {
      const { ending } = await runSubject(['/no/such'], { tracker: used, output: terminal });
      assert.deepEqual(ending, { kind: 'not-started', errno: 'ENOENT', path: '/no/such' });
    });

    test('the runner’s side does not leak into other tasks', async () => {
      const holder = startSubject(['sh', '-c', 'echo ready; sleep 1000'], {
        tracker: used,
        output: terminal,
      });
      await holder.printed('ready');
      const other = await runSubject(['ls', '-l', '/proc/self/fd'], { tracker: used });
      holder.task.signal('SIGTERM');
      assert.deepEqual((await holder.outcome()).ending, { kind: 'killed', signal: 'SIGTERM' });
      assert.match(other.stdout, /0 ->/);
      assert.doesNotMatch(other.stdout, /ptmx/);
    });

    test('what the main process leaves behind is not hung up by its end', async () => {
      const outcome = await run(
        '(while kill -0 $$; do :; done 2>/dev/null; echo late) & echo early',
      );
      assert.equal(outcome.terminal, 'early\r\nlate\r\n');
    });

    test('SIGINT ends it', async () => {
      const subject = startSubject(['sh', '-c', 'echo ready; exec sleep 1000'], {
        tracker: used,
        output: terminal,
      });
      await subject.printed('ready');
      subject.task.signal('SIGINT');
      assert.deepEqual((await subject.outcome()).ending, { kind: 'killed', signal: 'SIGINT' });
    });
  });
}

describe('terminal, under the launcher only', { skip: noTerminal || noLauncher }, () => {
  const options = { tracker, output: terminal };
  const node = (script: string) => [process.execPath, '-e', script] as [string, ...string[]];

  test('it is the controlling terminal', async () => {
    const script = 'tty </dev/tty >/dev/null && echo through >/dev/tty; ps -o tty= -p $$';
    const { terminal: shown } = await runSubject(['sh', '-c', script], options);
    assert.match(shown, /^through\r\npts\/\d+\s*$/);
  });

  test('a new size is told by SIGWINCH', async () => {
    const subject = startSubject(
      node(`
        process.stdout.on('resize', () => {
          console.log('now', process.stdout.columns, process.stdout.rows);
          process.exit();
        });
        console.log('ready', process.stdout.columns);
        setInterval(() => {}, 1e6);`),
      options,
    );
    await subject.printed('ready');
    subject.task.resize(64, 20);
    assert.equal((await subject.outcome()).terminal, 'ready 100\r\nnow 64 20\r\n');
  });

  test('a size set before the start counts', async () => {
    const subject = startSubject(['sh', '-c', 'stty size </dev/tty'], options);
    subject.task.resize(50, 10);
    assert.equal((await subject.outcome()).terminal, '10 50\r\n');
  });

  test('SIGINT reaches the foreground group: a handler decides', async () => {
    const subject = startSubject(
      node(`
        process.on('SIGINT', () => { console.log('interrupted'); process.exit(5); });
        console.log('ready');
        setInterval(() => {}, 1e6);`),
      options,
    );
    await subject.printed('ready');
    subject.task.signal('SIGINT');
    const outcome = await subject.outcome();
    assert.deepEqual(outcome.ending, { kind: 'exited', code: 5 });
    assert.equal(outcome.terminal, 'ready\r\ninterrupted\r\n');
  });

  test('SIGINT reaches a foreground job of an interactive shell, not the shell', async () => {
    const job = `process.on('SIGINT', () => process.exit(5));
      console.log('ready');
      setInterval(() => {}, 1e6);`;
    const script = 'set -m; "$@"; echo "job ended $?"';
    const subject = startSubject(['sh', '-c', script, 'sh', ...node(job)], options);
    await subject.printed('ready');
    subject.task.signal('SIGINT');
    const outcome = await subject.outcome();
    assert.equal(outcome.terminal, 'ready\r\njob ended 5\r\n');
  });
});
