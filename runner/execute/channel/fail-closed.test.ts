import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { test, type TestContext } from 'node:test';
import { FRAME_MAGIC, withLength } from '../../../proto/frame.js';
import { Frame } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { ChannelFailure } from './channel-record.js';
import { ChannelRig, environment, frames, nodeClient } from './channel-rig.js';
import { openChannel } from './open-channel.js';

// Invariant 2: whatever is not understood keeps the run out of the cache, and names who said it.

const sender = { pid: process.pid, nonce: 1 };
const ignore = (name: string) => ({
  ignoreInput: { path: Buffer.from(`/${name}`).toString('base64') },
});

/** What the channel says after this process has written these bytes. */
async function afterWriting(t: TestContext, ...writes: Uint8Array[]) {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({}));
  const fd = openSync(channel.requestPath, 'w');
  for (const bytes of writes) writeSync(fd, bytes);
  closeSync(fd);
  const { ignoredInputs, failures } = channel.drain();
  return { heard: ignoredInputs.map(({ path }) => path), failures };
}

/** Without what differs from run to run: our own pid and command line. */
const withoutSpeaker = (failures: readonly ChannelFailure[]) =>
  failures.map((failure) => {
    const { speaker, ...rest } = { speaker: undefined, ...failure };
    if (speaker !== undefined) assert.equal(speaker.pid, process.pid);
    return rest;
  });

test('garbage is counted, what is said around it heard', async (t) => {
  const text = Buffer.from('a log line of a tool that thinks 3 is its log\n');
  const { heard, failures } = await afterWriting(
    t,
    ...frames(sender, 1, ignore('a')),
    text,
    ...frames(sender, 2, ignore('b')),
    text,
  );
  assert.deepEqual(heard, ['/a', '/b']);
  assert.deepEqual(failures, [{ kind: 'garbage', bytes: 2 * text.length }]);
});

test('a frame that never arrived shows as a gap, naming the process', async (t) => {
  const { heard, failures } = await afterWriting(
    t,
    ...frames(sender, 1, ignore('a')),
    ...frames(sender, 3, ignore('c')),
  );
  assert.deepEqual(heard, ['/a', '/c']);
  assert.deepEqual(withoutSpeaker(failures), [{ kind: 'sequence-gap', expected: 2, got: 3 }]);
  const [failure] = failures;
  assert.ok(failure?.kind === 'sequence-gap');
  assert.equal(failure.speaker.argv?.[0], process.argv0);
});

test('a message that was begun and not ended is noticed', async (t) => {
  const long = frames(sender, 1, ignore('x'.repeat(3000)));
  assert.ok(long.length > 2);
  const { heard, failures } = await afterWriting(t, ...long.slice(0, -1));
  assert.deepEqual(heard, []);
  assert.deepEqual(withoutSpeaker(failures), [{ kind: 'unfinished-message' }]);
});

test('a message that was begun and ends later is fine', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const fd = openSync(channel.requestPath, 'w');
  const [first, ...rest] = frames(sender, 1, ignore('x'.repeat(3000)));
  writeSync(fd, first as Uint8Array);
  assert.deepEqual(withoutSpeaker(channel.drain().failures), [{ kind: 'unfinished-message' }]);
  for (const frame of rest) writeSync(fd, frame);
  closeSync(fd);
  const record = channel.drain();
  assert.deepEqual(record.failures, []);
  assert.equal(record.ignoredInputs.length, 1);
});

test('a message longer than is taken is noticed', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const fd = openSync(channel.requestPath, 'w');
  for (const frame of frames(sender, 1, { disableCache: { reason: 'x'.repeat(1 << 20) } })) {
    writeSync(fd, frame);
    channel.drain();
  }
  closeSync(fd);
  const record = channel.drain();
  assert.equal(record.cacheDisabled, undefined);
  assert.deepEqual(withoutSpeaker(record.failures), [{ kind: 'message-too-long' }]);
});

test('a request of a newer version is noticed', async (t) => {
  const { failures } = await afterWriting(t, ...frames(sender, 1, {}));
  assert.deepEqual(withoutSpeaker(failures), [{ kind: 'unknown-request' }]);
});

test('paths that mean nothing here are noticed', async (t) => {
  for (const [bytes, detail] of [
    [Buffer.from('relative/path'), 'the reported path "relative/path" is not absolute'],
    [Buffer.from(''), 'the reported path "" is not absolute'],
    [Buffer.from('/a\0b'), 'the reported path "/a\\u0000b" is not absolute'],
    [Buffer.from('/\xff', 'latin1'), 'a path that is not UTF-8 was reported'],
  ] as const) {
    await t.test(detail, async (t) => {
      const request = { ignoreOutput: { path: bytes.toString('base64') } };
      const { failures } = await afterWriting(t, ...frames(sender, 1, request));
      assert.deepEqual(withoutSpeaker(failures), [{ kind: 'undeliverable', detail }]);
    });
  }
});

test('a reply channel that does not exist is noticed', async (t) => {
  const { failures } = await afterWriting(t, ...frames(sender, 1, { getEnv: { name: 'A' } }, 99));
  const detail = 'reply channel 99: no-such-channel';
  assert.deepEqual(withoutSpeaker(failures), [{ kind: 'undeliverable', detail }]);
});

test('a client that has no descriptor left to speak with leaves word', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const program = `const fs = require('fs');
    const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
    const taken = [];
    let code;
    try { for (;;) taken.push(fs.openSync('/dev/null')); } catch (error) { code = error.code; }
    client.ignoreInput('/a');
    const value = client.getEnv('A') ?? null;
    for (const fd of taken) fs.closeSync(fd);
    console.log(JSON.stringify(code));
    console.log(JSON.stringify(value));`;
  const argv = ['sh', '-c', 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, program];
  const limited = rig.task(channel, argv, { fd3: 'none' });
  assert.deepEqual(await limited.values(), ['EMFILE', null]);
  const { failures, ignoredInputs } = channel.drain();
  assert.deepEqual(ignoredInputs, []);
  const pid = limited.child.pid as number;
  const detail = 'the process could not write to the channel';
  assert.deepEqual(failures, [{ kind: 'undeliverable', speaker: { pid }, detail }]);
});

test('an unknown field is no failure', async (t) => {
  const frame = Frame.encode(
    Frame.fromJSON({ magic: FRAME_MAGIC, ...sender, sequence: 1, request: ignore('a') }),
  );
  frame.uint32((1000 << 3) | 0).uint32(7);
  const { heard, failures } = await afterWriting(t, withLength(frame.finish()));
  assert.deepEqual({ heard, failures }, { heard: ['/a'], failures: [] });
});

test('a runner that cannot make FIFOs says so and leaves nothing behind', async (t) => {
  const rig = await ChannelRig.create(t);
  // With the names of the FIFOs below it, longer than a path may be.
  const directory = path.join(rig.directory, ...new Array<string>(21).fill('d'.repeat(200)));
  const long = directory.slice(0, 4088);
  await mkdir(long, { recursive: true });
  const outcome = await openChannel({
    directory: long,
    envSource: environment({}),
    nodeClient,
    workspaceRoot: rig.directory as AbsolutePath,
  });
  assert.equal(outcome.kind, 'runner-error');
  assert.deepEqual(await readdir(long), []);
});
