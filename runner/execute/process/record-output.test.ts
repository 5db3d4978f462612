import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Ending } from '../task-process.js';

interface Report {
  readonly ending: Ending;
  /** peak resident set, kB */
  readonly memory: number;
  readonly recording: string;
}

/**
 * A small vt: runs one task and shows its output on its own stdout and stderr. Says `held` on
 * descriptor 3 when its reader first made it wait, and in the end what happened.
 */
function startRunner(argv: readonly string[]) {
  const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const program = `
    import { writeSync } from 'node:fs';
    import { builtTracker, runSubject } from ${url('./task-rig.js')};
    import { recordOutput } from ${url('./record-output.js')};
    import { OutputRecorder } from ${url('./output-recorder.js')};
    import { writerFor } from ${url('./stream-writer.js')};
    const recorder = new OutputRecorder();
    const [out, err] = [writerFor(process.stdout), writerFor(process.stderr)];
    const show = recordOutput(recorder, ({ stream, bytes }) =>
      (stream === 'stderr' ? err : out).write(bytes));
    let held = false;
    const onOutput = (chunk) => {
      const demand = show(chunk);
      if (demand instanceof Promise && !held) writeSync(3, '"held"\\n');
      held ||= demand instanceof Promise;
      return demand;
    };
    const { ending } = await runSubject(${JSON.stringify(argv)}, { tracker: builtTracker(), onOutput });
    await Promise.all([out.flushed(), err.flushed()]);
    const memory = process.resourceUsage().maxRSS;
    writeSync(3, JSON.stringify({ ending, memory, recording: recorder.finish().kind }) + '\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, reports] = child.stdio as unknown as NodeJS.ReadableStream[];
  assert.ok(stdout !== undefined && stderr !== undefined && reports !== undefined);
  let said = '';
  reports.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {
    stdout: child.stdout as NonNullable<typeof child.stdout>,
    stderr,
    reports,
    async report(): Promise<Report> {
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0);
      return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Report;
    },
  };
}

test('100 MB to a reader that begins late: all of it arrives, little is held in memory', async () => {
  const runner = startRunner(['head', '-c', '100000000', '/dev/zero']);
  runner.stderr.resume();
  const [first] = (await once(runner.reports, 'data')) as [string];
  assert.equal(first, '"held"\n');
  let bytes = 0;
  runner.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const { ending, recording, memory } = await runner.report();
  assert.deepEqual(ending, { kind: 'exited', code: 0 });
  assert.equal(bytes, 100_000_000);
  assert.equal(recording, 'too-large');
  // Node, a recording of up to 64 MiB in a block grown by doubling, and no second copy of the output.
  assert.ok(memory < 300_000, `${String(memory)} kB`);
});

test('a reader that goes away: the task meets a broken pipe, the runner does not', async () => {
  const runner = startRunner(['yes']);
  runner.stderr.resume();
  runner.stdout.once('data', () => {
    runner.stdout.destroy();
  });
  const { ending, recording } = await runner.report();
  assert.deepEqual(ending, { kind: 'killed', signal: 'SIGPIPE' });
  assert.equal(recording, 'cut-short');
});

test('a closed stdout leaves stderr alone', async () => {
  const runner = startRunner(['sh', '-c', 'yes; echo still here >&2; exit 6']);
  runner.stdout.once('data', () => {
    runner.stdout.destroy();
  });
  let shown = '';
  runner.stderr.setEncoding('utf8');
  runner.stderr.on('data', (text: string) => (shown += text));
  const { ending } = await runner.report();
  assert.deepEqual(ending, { kind: 'exited', code: 6 });
  assert.equal(shown, 'still here\n');
});
