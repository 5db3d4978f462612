import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutputChunk } from '../../../cache/stored-run.js';
import { OutputRecorder } from './output-recorder.js';

function chunk(stream: OutputChunk['stream'], text: string): OutputChunk {
  return { stream, bytes: Buffer.from(text) };
}

function recorded(recorder: OutputRecorder): [string, string][] {
  const recording = recorder.finish();
  assert.equal(recording.kind, 'complete');
  return recording.chunks.map(({ stream, bytes }) => [stream, Buffer.from(bytes).toString()]);
}

test('neighbouring chunks of one stream become one, in the order they came', () => {
  const recorder = new OutputRecorder();
  recorder.add(chunk('stdout', 'a'));
  recorder.add(chunk('stdout', 'b'));
  recorder.add(chunk('stderr', ''));
  recorder.add(chunk('stdout', 'c'));
  recorder.add(chunk('stderr', 'x'));
  recorder.add(chunk('stdout', 'd'));
  assert.deepEqual(recorded(recorder), [
    ['stdout', 'abc'],
    ['stderr', 'x'],
    ['stdout', 'd'],
  ]);
});

test('the bytes are copied: their owner may reuse them', () => {
  const recorder = new OutputRecorder();
  const bytes = Buffer.from('before');
  recorder.add({ stream: 'stdout', bytes });
  bytes.fill('x');
  assert.deepEqual(recorded(recorder), [['stdout', 'before']]);
});

test('many chunks grow one block without losing any byte', () => {
  const recorder = new OutputRecorder();
  let expected = '';
  for (let i = 0; i < 5000; i++) {
    const text = `${String(i)} `;
    expected += text;
    recorder.add(chunk('terminal', text));
  }
  assert.deepEqual(recorded(recorder), [['terminal', expected]]);
});

test('output above the limit is not kept, whatever comes later', () => {
  const recorder = new OutputRecorder(1000);
  recorder.add(chunk('stdout', 'x'.repeat(900)));
  recorder.add(chunk('stderr', 'y'.repeat(10)));
  recorder.add(chunk('stdout', 'z'));
  assert.deepEqual(recorder.finish(), { kind: 'too-large', limit: 1000 });
});

test('tiny alternating writes are bounded by the limit too', () => {
  const recorder = new OutputRecorder(10_000);
  for (let i = 0; i < 100; i++) recorder.add(chunk(i % 2 ? 'stdout' : 'stderr', 'x'));
  assert.equal(recorder.finish().kind, 'too-large');
});

test('a task that was cut off from its reader has no complete recording', () => {
  const recorder = new OutputRecorder();
  recorder.add(chunk('stdout', 'x'));
  recorder.cutShort();
  recorder.add(chunk('stdout', 'y'));
  assert.deepEqual(recorder.finish(), { kind: 'cut-short' });
});
