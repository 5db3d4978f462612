import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { ChannelRig, claim, descriptors, environment, frames } from './channel-rig.js';
import { hasReader } from './fifo.js';

// Invariants 4 (nothing is lost) and 7 (many processes at once).

const variables = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [`VITE_${index}`, `value ${index} `.repeat(index)]),
);

/** A client that makes `count` mixed requests and checks every answer itself. */
const mixedRequests = (count: number) => `
  const assert = require('assert');
  const variables = ${JSON.stringify(variables)};
  const me = process.pid;
  for (let i = 0; i < ${count}; i += 1) {
    const n = i % 41;
    if (i % 4 === 0) client.ignoreInput('/in/' + me + '/' + i);
    else if (i % 4 === 1) client.ignoreOutput('/out/' + 'x'.repeat(i % 997) + '/' + me + '/' + i);
    else if (i % 50 === 2) assert.deepStrictEqual(client.getEnvs({ prefix: 'VITE_' }), variables);
    else assert.strictEqual(client.getEnv('VITE_' + n), variables['VITE_' + n]);
  }`;

/** Whether `mixedRequests` of this process named the path. Its counters may equal another's pid. */
const saidBy =
  ({ pid }: ChildProcess) =>
  ({ path }: { path: string }) =>
    new RegExp(`^(/in|/out(/x+)?)/${String(pid)}/[0-9]+$`).test(path);

test('16 processes at once: every answer right, every report there', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment(variables));
  const count = 1000;
  const tasks = Array.from({ length: 16 }, () =>
    rig.node(channel, `${mixedRequests(count)} print('done')`),
  );
  for (const task of tasks) assert.deepEqual(await task.values(), ['done']);

  const record = channel.drain();
  assert.deepEqual(record.failures, []);
  for (const { child } of tasks) {
    const mine = saidBy(child);
    assert.equal(record.ignoredInputs.filter(mine).length, count / 4);
    assert.equal(record.ignoredOutputs.filter(mine).length, count / 4);
  }
  assert.equal(record.ignoredInputs.length, (16 * count) / 4);
  assert.deepEqual(
    record.env.map(({ name, value }) => [name, value]).sort(),
    [...Object.entries(variables), ['VITE_40', undefined]].sort(),
  );
  assert.equal(record.envQueries.length, 1);
  assert.deepEqual(Object.fromEntries(record.envQueries[0]?.matches ?? []), variables);
});

test('worker threads of one process speak for themselves', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment(variables));
  const task = rig.node(
    channel,
    `const { Worker } = require('worker_threads');
     const program = \`
       const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
       const { workerData } = require('worker_threads');
       for (let i = 0; i < 100; i += 1) {
         client.ignoreInput('/' + workerData + '/' + i);
         if (client.getEnv('VITE_3') !== ${JSON.stringify(variables['VITE_3'])}) throw new Error();
       }\`;
     for (let n = 0; n < 6; n += 1) new Worker(program, { eval: true, workerData: n });
     client.ignoreInput('/main');`,
  );
  await task.values();
  const { ignoredInputs, failures } = channel.drain();
  assert.deepEqual(failures, []);
  assert.equal(ignoredInputs.length, 601);
});

test('what a process says just before its end is there after its end', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  for (let round = 0; round < 10; round += 1) {
    const task = rig.node(
      channel,
      `for (let i = 0; i < 700; i += 1) client.ignoreOutput('/${round}/' + i);
       process.kill(process.pid, 'SIGKILL');`,
    );
    await once(task.child, 'exit');
    const record = channel.drain();
    assert.deepEqual(record.failures, []);
    assert.equal(record.ignoredOutputs.length, 700 * (round + 1));
    await task.ended();
  }
});

test('clients killed at any moment leave healthy ones exact', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment(variables));
  const healthy = [0, 1].map(() => rig.node(channel, `${mixedRequests(1500)} print('done')`));
  for (let round = 0; round < 8; round += 1) {
    const storm = Array.from({ length: 3 }, () =>
      rig.node(channel, `print('go'); for (;;) { ${mixedRequests(100)} }`),
    );
    for (const task of storm) {
      await task.printed('"go"');
      task.child.kill('SIGKILL');
    }
    for (const task of storm) assert.equal((await task.ended()).signal, 'SIGKILL');
  }
  for (const task of healthy) assert.deepEqual(await task.values(), ['done']);
  const record = channel.drain();
  // Killed inside a message of several frames: that is said, and nothing worse.
  for (const { kind } of record.failures) assert.equal(kind, 'unfinished-message');
  for (const { child } of healthy) {
    const mine = saidBy(child);
    assert.equal(record.ignoredInputs.filter(mine).length, 375);
    assert.equal(record.ignoredOutputs.filter(mine).length, 375);
  }
});

test('thousands of short-lived clients leave no descriptors', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const requests = openSync(channel.requestPath, 'w');
  const before = descriptors();
  let most = 0;
  for (let nonce = 1, claims = 0; claims < 2000; nonce += 1) {
    const claimed = claim(channel);
    if (claimed === undefined) {
      const [more] = frames({ pid: process.pid, nonce }, 1, { openReplies: {} });
      writeSync(requests, more as Uint8Array);
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    claims += 1;
    // Every third dies before it says anything.
    if (claims % 3 !== 0) {
      const sender = { pid: process.pid, nonce };
      const [ask] = frames(sender, 1, { getEnv: { name: 'A' } }, claimed.number);
      writeSync(requests, ask as Uint8Array);
      channel.drain();
      const reply = Buffer.alloc(100);
      assert.ok(readSync(claimed.fd, reply, 0, 100, null) > 0);
    }
    closeSync(claimed.fd);
    most = Math.max(most, descriptors() - before);
  }
  closeSync(requests);
  assert.deepEqual(channel.drain().failures, []);
  // Free ones (at most 64), and those of the dead that the search has not come to yet.
  assert.ok(most < 200, `${most} descriptors`);
});

test('a reply FIFO ends with the channel, not before', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const claimed = claim(channel);
  assert.ok(claimed !== undefined);
  const byte = Buffer.alloc(1);
  assert.throws(() => readSync(claimed.fd, byte, 0, 1, null), { code: 'EAGAIN' });
  await channel.close();
  assert.equal(readSync(claimed.fd, byte, 0, 1, null), 0);
  closeSync(claimed.fd);
  assert.equal(hasReader(channel.requestPath), false);
});
