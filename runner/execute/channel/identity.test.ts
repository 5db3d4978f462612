import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ChannelRig, environment } from './channel-rig.js';
import { makeFifos } from './fifo.js';
import type { Channel } from './open-channel.js';

// Invariant 1: identity before use.

/** Prints which descriptors of the process are the request FIFO. */
const printDescriptors = `
  const q = process.env.VT_IPC_DIR + '/q';
  const fs = require('fs');
  print(fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd) === q; } catch { return false; }
  }));`;

const ignoredPaths = (channel: Channel) => channel.drain().ignoredInputs.map(({ path }) => path);

function assertHeard(channel: Channel, ...paths: string[]): void {
  const record = channel.drain();
  assert.deepEqual(record.failures, []);
  assert.deepEqual(
    record.ignoredInputs.map((ignored) => ignored.path),
    paths,
  );
}

test('the inherited descriptor is used, and nothing else opened', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(channel, `client.ignoreInput('/a'); ${printDescriptors}`);
  assert.deepEqual(await task.values(), [['3']]);
  assertHeard(channel, '/a');
});

test('a process whose parent lost the descriptor opens the path', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const inner = `const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
    client.ignoreInput('/lost'); console.log(JSON.stringify(client.getEnv('A')))`;
  const task = rig.node(
    channel,
    `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(inner)}],
      { stdio: 'inherit' })`,
  );
  assert.deepEqual(await task.values(), ['1']);
  assertHeard(channel, '/lost');
});

test('a file in place of the descriptor stays empty (exec 3>file)', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const program = `const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
    client.ignoreInput('/a'); console.log(JSON.stringify(client.getEnv('A')))`;
  const task = rig.task(channel, [
    'sh',
    '-c',
    'exec 3>file; "$0" -e "$1"; exec 3>&-',
    process.execPath,
    program,
  ]);
  assert.deepEqual(await task.values(), ['1']);
  assert.equal(readFileSync(path.join(rig.directory, 'file'), 'utf8'), '');
  assertHeard(channel, '/a');
});

test('the channel of child_process.fork in its place is left alone', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const forked = path.join(rig.directory, 'forked.cjs');
  writeFileSync(
    forked,
    `const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
     client.ignoreInput('/forked');
     process.send({ value: client.getEnv('A') }, () => process.disconnect());`,
  );
  const task = rig.node(
    channel,
    `require('child_process').fork(${JSON.stringify(forked)}).on('message', print)`,
  );
  assert.deepEqual(await task.values(), [{ value: '1' }]);
  assertHeard(channel, '/forked');
});

test('a descriptor that becomes a file while the process runs is left alone', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(
    channel,
    `const fs = require('fs');
     client.ignoreInput('/before');
     fs.closeSync(3);
     print(fs.openSync('file', 'w'));
     client.ignoreInput('/after');`,
  );
  assert.deepEqual(await task.values(), [3]);
  assert.equal(readFileSync(path.join(rig.directory, 'file'), 'utf8'), '');
  assertHeard(channel, '/before', '/after');
});

/** Finds the descriptor that the client opened for itself. */
const findOwn = `
  const fs = require('fs');
  const findOwn = () => Number(fs.readdirSync('/proc/self/fd').find((fd) => {
    try { return fd !== '3' && fs.readlinkSync('/proc/self/fd/' + fd) === fs.readlinkSync('/proc/self/fd/3'); }
    catch { return false; }
  }));`;

test('who says much opens a descriptor of its own, which a child does not get', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(
    channel,
    `${findOwn}
     for (let n = 0; n < 200; n += 1) client.ignoreInput('/' + n);
     const own = findOwn();
     fs.closeSync(3);
     client.ignoreInput('/after');
     const child = require('child_process').spawnSync('ls', ['/proc/self/fd/' + own], { stdio: 'ignore' });
     print([own > 3, child.status === 0]);`,
  );
  assert.deepEqual(await task.values(), [[true, false]]);
  assertHeard(channel, ...Array.from({ length: 200 }, (_, n) => `/${n}`), '/after');
});

test('a descriptor of its own that is closed is opened again', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(
    channel,
    `${findOwn}
     for (let n = 0; n < 70; n += 1) client.ignoreInput('/' + n);
     fs.closeSync(findOwn());
     for (let n = 70; n < 200; n += 1) client.ignoreInput('/' + n);
     print(findOwn() > 3)`,
  );
  assert.deepEqual(await task.values(), [true]);
  assertHeard(channel, ...Array.from({ length: 200 }, (_, n) => `/${n}`));
});

test('a descriptor of its own that becomes a file is left alone once others could run', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(
    channel,
    `${findOwn}
     for (let n = 0; n < 70; n += 1) client.ignoreInput('/' + n);
     (async () => {
       const own = findOwn();
       fs.closeSync(own);
       while (fs.openSync('file', 'w') !== own);
       await undefined;
       for (let n = 70; n < 200; n += 1) client.ignoreInput('/' + n);
       print(fs.readlinkSync('/proc/self/fd/' + own).endsWith('/file'));
     })();`,
  );
  assert.deepEqual(await task.values(), [true]);
  assert.equal(readFileSync(path.join(rig.directory, 'file'), 'utf8'), '');
  assertHeard(channel, ...Array.from({ length: 200 }, (_, n) => `/${n}`));
});

test('the FIFO of another task in its place gets nothing', async (t) => {
  const rig = await ChannelRig.create(t);
  const [channel, other] = [await rig.open(), await rig.open()];
  const fd3 = openSync(other.requestPath, 'w');
  const task = rig.node(channel, `client.ignoreInput('/a')`, { fd3 });
  closeSync(fd3);
  await task.values();
  assertHeard(channel, '/a');
  assert.deepEqual(ignoredPaths(other), []);
});

test('a FIFO nobody reads any more is no runner', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const leftover = path.join(rig.directory, 'leftover');
  await mkdir(leftover);
  await makeFifos([path.join(leftover, 'q')]);
  const task = rig.node(
    channel,
    `print(client.isInsideRunner()); client.ignoreInput('/a'); print(client.getEnv('A') ?? null)`,
    { env: { VT_IPC_DIR: leftover }, fd3: 'none' },
  );
  assert.deepEqual(await task.values(), [false, null]);
  assert.deepEqual(ignoredPaths(channel), []);
});
