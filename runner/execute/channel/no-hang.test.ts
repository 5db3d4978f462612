import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ChannelRig, claim, environment, frames, nodeClient } from './channel-rig.js';
import { makeFifos } from './fifo.js';
import { RequestReader } from './request-reader.js';

// Invariants 3 (nothing can hang) and 5 (EAGAIN is normal).

test('a client that waits for a reply when the runner dies gets none, and goes on', async (t) => {
  const rig = await ChannelRig.create(t);
  const directory = await mkdtemp(path.join(rig.directory, 'run-'));
  const channelModule = path.join(import.meta.dirname, 'open-channel.js');
  // A runner that is killed while it handles the request.
  const runner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openChannel } from ${JSON.stringify(channelModule)};
       const envSource = {
         get: () => process.kill(process.pid, 'SIGKILL'),
         query: () => new Map(),
         mayTrack: () => true,
       };
       const { env } = await openChannel({
         ...${JSON.stringify({ directory, nodeClient })},
         envSource,
       });
       console.log(JSON.stringify(env));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(runner.stdout, 'data')) as [Buffer];
  const env = JSON.parse(line.toString()) as Record<string, string>;
  const client = spawn(
    process.execPath,
    [
      '-e',
      `const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
       client.ignoreInput('/a');
       const values = [client.getEnv('A') ?? null, client.isInsideRunner()];
       client.ignoreInput('/b');
       client.disableCache();
       console.log(JSON.stringify([...values, client.getEnv('A') ?? null, client.getEnvs('*')]));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  );
  let said = '';
  client.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await Promise.all([once(runner, 'close'), once(client, 'close')]);
  assert.equal(runner.signalCode, 'SIGKILL');
  assert.equal(client.exitCode, 0);
  assert.deepEqual(JSON.parse(said), [null, false, null, {}]);
});

test('a client that finds every reply FIFO taken gets one made', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const taken = [];
  for (let one = claim(channel); one !== undefined; one = claim(channel)) taken.push(one.fd);
  assert.ok(taken.length > 0);
  assert.deepEqual(await rig.node(channel, `print(client.getEnv('A'))`).values(), ['1']);
  for (const fd of taken) closeSync(fd);
  assert.deepEqual(channel.drain().failures, []);
});

test('a client for which none can be made goes on, and the run is not cached', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const taken = [];
  for (let one = claim(channel); one !== undefined; one = claim(channel)) taken.push(one.fd);
  // Where the next one would be made there is something.
  const next = path.join(channel.env['VT_IPC_DIR'] ?? '', `r/n${taken.length + 1}`);
  writeFileSync(next, '');
  const task = rig.node(channel, `print(client.getEnv('A') ?? null)`);
  assert.deepEqual(await task.values(), [null]);
  for (const fd of taken) closeSync(fd);
  const detail = `EEXIST: cannot make a FIFO, mkfifo '${next}'`;
  assert.deepEqual(channel.drain().failures, [{ kind: 'runner-error', detail }]);
});

test('a client that asks and does not read keeps nobody waiting', async (t) => {
  const rig = await ChannelRig.create(t);
  const big = 'x'.repeat(1 << 20);
  const channel = await rig.open(environment({ BIG: big }));
  const claimed = claim(channel);
  assert.ok(claimed !== undefined);
  const requests = openSync(channel.requestPath, 'w');
  for (let sequence = 1; sequence <= 100; sequence += 1) {
    const ask = { getEnv: { name: 'BIG' } };
    const [frame] = frames({ pid: process.pid, nonce: 1 }, sequence, ask, claimed.number);
    writeSync(requests, frame as Uint8Array);
  }
  closeSync(requests);
  const task = rig.node(channel, `print(client.getEnv('BIG').length)`);
  assert.deepEqual(await task.values(), [big.length]);
  // What waits for it is bounded.
  const details = channel
    .drain()
    .failures.map((failure) => failure.kind === 'undeliverable' && failure.detail);
  assert.deepEqual(details, [`reply channel ${claimed.number}: not-read`]);
  closeSync(claimed.fd);
});

test('garbage that looks like a length does not hide the request behind it', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const task = rig.node(
    channel,
    `require('fs').writeSync(3, Buffer.of(0xfe, 0x03, 0x0d)); print(client.getEnv('A'))`,
  );
  assert.deepEqual(await task.values(), ['1']);
  assert.deepEqual(channel.drain().failures, [{ kind: 'garbage', bytes: 3 }]);
});

test('a read that fills the buffer exactly is known to be the last without another', async (t) => {
  const rig = await ChannelRig.create(t);
  const fifo = path.join(rig.directory, 'fifo');
  await makeFifos([fifo]);
  const reads: [number, boolean][] = [];
  const reader = await new Promise<RequestReader>((resolve) => {
    const reader: RequestReader = new RequestReader(
      fifo,
      (bytes, emptied) => {
        reads.push([bytes.length, emptied]);
        if (emptied) resolve(reader);
        return false;
      },
      assert.ifError,
    );
    const writer = openSync(fifo, 'w');
    assert.equal(writeSync(writer, Buffer.alloc(65536)), 65536);
    closeSync(writer);
  });
  assert.deepEqual(reads, [
    [65536, false],
    [0, true],
  ]);
  reader.close();
});

test('who reports by the thousand is read in rests, and after them again at once', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const rests = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = rests();
  const task = rig.node(
    channel,
    `for (let i = 0; i < 5000; i += 1) client.ignoreInput('/' + i);
     print(client.getEnv('A'));
     process.stdin.once('data', () => { print(client.getEnv('A')); process.exit(); });
     for (let i = 0; i < 5000; i += 1) client.ignoreOutput('/' + i);
     print('said');`,
  );
  await task.printed('"said"');
  // The next question is the first one to be heard when nothing rests any more.
  while (rests() > before) await new Promise((resolve) => setImmediate(resolve));
  task.say('go on');
  assert.deepEqual(await task.values(), ['1', 'said', '1']);
  const { ignoredInputs, ignoredOutputs, failures } = channel.drain();
  assert.deepEqual([ignoredInputs.length, ignoredOutputs.length, failures], [5000, 5000, []]);
});

test('a full pipe in non-blocking mode (set by a sibling) is waited for', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open(environment({ A: '1' }));
  const signal = path.join(rig.directory, 'signal');
  await makeFifos([signal]);
  const task = rig.node(
    channel,
    `const fs = require('fs');
     const writeSync = fs.writeSync;
     let refused = 0;
     new (require('net').Socket)({ fd: 3, readable: false, writable: true }).unref();
     const signal = fs.openSync('signal', 'w');
     fs.writeSync = (fd, ...rest) => {
       try { return writeSync(fd, ...rest); }
       catch (error) {
         if (error.code === 'EAGAIN' && (refused += 1) === 1) writeSync(signal, 'x');
         throw error;
       }
     };
     // Clients that do not yet say so much that they open a descriptor of their own.
     const clients = Array.from({ length: 4 }, () => {
       delete require.cache[process.env.VP_RUN_NODE_CLIENT_PATH];
       return require(process.env.VP_RUN_NODE_CLIENT_PATH);
     });
     for (const [number, one] of clients.entries()) {
       for (let i = 0; i < 60; i += 1) one.ignoreInput('/' + 'x'.repeat(400) + number + '/' + i);
     }
     fs.writeSync = writeSync;
     print([client.getEnv('A'), refused > 0]);
     fs.closeSync(signal);`,
  );
  // Nothing is read while this waits for the first refusal.
  const fd = openSync(signal, 'r');
  assert.equal(readSync(fd, Buffer.alloc(1), 0, 1, null), 1);
  assert.deepEqual(await task.values(), [['1', true]]);
  closeSync(fd);
  const { ignoredInputs, failures } = channel.drain();
  assert.deepEqual(failures, []);
  assert.equal(ignoredInputs.length, 240);
});

test('a daemon that goes on talking does not keep a drain from ending', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const task = rig.node(channel, `print('go'); for (;;) client.ignoreInput('/a');`);
  await task.printed('"go"');
  assert.deepEqual(channel.drain().failures, []);
  await channel.close();
  task.child.kill('SIGKILL');
  await task.ended();
});

test('closing removes everything, even while reply FIFOs are being made', async (t) => {
  const rig = await ChannelRig.create(t);
  const channel = await rig.open();
  const requests = openSync(channel.requestPath, 'w');
  const [frame] = frames({ pid: process.pid, nonce: 1 }, 1, { openReplies: {} });
  writeSync(requests, frame as Uint8Array);
  closeSync(requests);
  for (let one = claim(channel); one !== undefined; one = claim(channel)) closeSync(one.fd);
  channel.drain();
  await channel.close();
  await channel.close();
  await rm(path.dirname(channel.env['VT_IPC_DIR'] ?? ''), { recursive: true });
});
