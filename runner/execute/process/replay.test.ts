import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import type { OutputChunk } from '../../../cache/stored-run.js';
import { OutputRecorder } from './output-recorder.js';
import { replay } from './replay.js';
import { showOutput } from './show-output.js';

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

test('chunks go to their streams in order, each waiting for its reader', async () => {
  const order: string[] = [];
  const stdout = new SlowReader((text) => order.push(`out ${text}`));
  const stderr = new SlowReader((text) => order.push(`err ${text}`));
  const chunks = [chunk('stdout', 'a'), chunk('stderr', 'b'), chunk('stdout', 'c')];
  await replay(chunks, { stdout, stderr, isTerminal: false });
  assert.deepEqual(order, ['out a', 'err b', 'out c']);
});

test('a large chunk is not queued at once', async () => {
  const stdout = new SlowReader();
  const bytes = Buffer.alloc(1_000_000, 'x');
  await replay([{ stream: 'stdout', bytes }], { stdout, stderr: stdout, isTerminal: true });
  assert.equal(stdout.taken.join('').length, bytes.length);
  assert.ok(stdout.largestQueue <= 64 * 1024);
});

test('terminal output is made plain for a file, and left alone for a terminal', async () => {
  const chunks = [chunk('terminal', '\x1b[32mgre'), chunk('terminal', 'en\x1b[0m\r\nlast')];
  const file = new SlowReader();
  await replay(chunks, { stdout: file, stderr: file, isTerminal: false });
  assert.equal(file.taken.join(''), 'green\nlast');
  const terminal = new SlowReader();
  await replay(chunks, { stdout: terminal, stderr: terminal, isTerminal: true });
  assert.equal(terminal.taken.join(''), '\x1b[32mgreen\x1b[0m\r\nlast');
});

test('output captured from pipes is never changed', async () => {
  const file = new SlowReader();
  await replay([chunk('stdout', '\x1b[32ma\r\n')], {
    stdout: file,
    stderr: file,
    isTerminal: false,
  });
  assert.equal(file.taken.join(''), '\x1b[32ma\r\n');
});

test('a reader that goes away ends its stream only', async () => {
  const gone = new Writable({
    write(_bytes, _encoding, done) {
      done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    },
  });
  const stderr = new SlowReader();
  const chunks = [chunk('stdout', 'a'), chunk('stdout', 'b'), chunk('stderr', 'c')];
  await replay(chunks, { stdout: gone, stderr, isTerminal: false });
  assert.deepEqual(stderr.taken, ['c']);
});

test('a live receiver slows down with its reader and records what it shows', async () => {
  const stdout = new PassThrough({ highWaterMark: 10 });
  const recorder = new OutputRecorder();
  const show = showOutput({ stdout, stderr: new PassThrough() }, recorder);
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
  const show = showOutput({ stdout, stderr: new PassThrough() }, recorder);
  const held = show(chunk('stdout', 'unread'));
  stdout.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  assert.equal(await held, 'closed');
  assert.equal(show(chunk('stdout', 'more')), 'closed');
  assert.deepEqual(recorder.finish(), { kind: 'cut-short' });
});
