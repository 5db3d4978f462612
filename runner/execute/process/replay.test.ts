import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import type { OutputChunk } from '../../../cache/stored-run.js';
import { Stopping } from '../schedule/stopping.js';
import type { OnOutput } from '../task-process.js';
import { OutputRecorder } from './output-recorder.js';
import { recordOutput } from './record-output.js';
import { replay } from './replay.js';
import { writerFor } from './stream-writer.js';

/** A reader that takes one write at a time, when told to. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  largestQueue = 0;
  constructor(private readonly log: (text: string) => void = () => undefined) {
    super({ highWaterMark: 1 });
  }
  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.largestQueue = Math.max(this.largestQueue, this.writableLength);
    this.taken.push(bytes.toString());
    this.log(bytes.toString());
    setImmediate(done);
  }
}

function chunk(stream: OutputChunk['stream'], text: string): OutputChunk {
  return { stream, bytes: Buffer.from(text) };
}

/** Shows a task's output on two streams. */
function on(stdout: Writable, stderr: Writable): OnOutput {
  return ({ stream, bytes }) => writerFor(stream === 'stderr' ? stderr : stdout).write(bytes);
}

const unstopped = new Stopping('stop');

test('chunks go out in order, each waiting for its reader', async () => {
  const order: string[] = [];
  const stdout = new SlowReader((text) => order.push(`out ${text}`));
  const stderr = new SlowReader((text) => order.push(`err ${text}`));
  const chunks = [chunk('stdout', 'a'), chunk('stderr', 'b'), chunk('stdout', 'c')];
  await replay(chunks, on(stdout, stderr), unstopped);
  await Promise.all([writerFor(stdout).flushed(), writerFor(stderr).flushed()]);
  assert.deepEqual(order, ['out a', 'err b', 'out c']);
});

test('a large chunk is not queued at once', async () => {
  const stdout = new SlowReader();
  const bytes = Buffer.alloc(1_000_000, 'x');
  await replay([{ stream: 'stdout', bytes }], on(stdout, stdout), unstopped);
  assert.equal(stdout.taken.join('').length, bytes.length);
  assert.ok(stdout.largestQueue <= 64 * 1024);
});

test('a reader that goes away ends its stream only', async () => {
  const gone = new Writable({
    write(_bytes, _encoding, done) {
      done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    },
  });
  const stderr = new SlowReader();
  const chunks = [chunk('stdout', 'a'), chunk('stdout', 'b'), chunk('stderr', 'c')];
  await replay(chunks, on(gone, stderr), unstopped);
  assert.deepEqual(stderr.taken, ['c']);
});

test('a reader that never reads does not keep a stopped run', async () => {
  const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
  const stopping = new Stopping('stop');
  const replayed = replay([chunk('stdout', 'a'), chunk('stdout', 'b')], on(stuck, stuck), stopping);
  stopping.stop({ kind: 'signal', signal: 'SIGINT' });
  await replayed;
  stopping.close();
});

test('a live receiver slows down with its reader and records what it shows', async () => {
  const stdout = new PassThrough({ highWaterMark: 10 });
  const recorder = new OutputRecorder();
  const show = recordOutput(recorder, on(stdout, new PassThrough()));
  assert.equal(show(chunk('stdout', 'short')), undefined);
  const held = show(chunk('stdout', 'long enough to fill it'));
  assert.ok(held instanceof Promise);
  assert.equal(String(stdout.read()), 'shortlong enough to fill it');
  assert.equal(await held, undefined);
  const recording = recorder.finish();
  assert.equal(recording.kind, 'complete');
  assert.equal(
    Buffer.from(recording.chunks[0]?.bytes ?? []).toString(),
    'shortlong enough to fill it',
  );
});

test('a live receiver without reader says closed and keeps no recording', async () => {
  const stdout = new PassThrough({ highWaterMark: 1 });
  const recorder = new OutputRecorder();
  const show = recordOutput(recorder, on(stdout, new PassThrough()));
  const held = show(chunk('stdout', 'unread'));
  stdout.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  assert.equal(await held, 'closed');
  assert.equal(show(chunk('stdout', 'more')), 'closed');
  assert.deepEqual(recorder.finish(), { kind: 'cut-short' });
});
