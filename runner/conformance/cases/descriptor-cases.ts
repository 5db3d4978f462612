import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { encodeRequest } from '../../../proto/frame.js';
import type { Channel } from '../../execute/channel/open-channel.js';
import type { Driver } from '../driver.js';
import { Untestable } from '../finding.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

/** A client must have time to find the pipe full; that it has is no condition of the outcome. */
const LOOK_AWAY = 200;

export const descriptorCases: readonly Case[] = [
  {
    name: 'opens the request FIFO when descriptor 3 was lost',
    section: 'Finding the request FIFO',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      await converse(channel, stage.client(channel, { fd3: 'lost' }));
    },
  },
  {
    name: 'opens the request FIFO when the number of the descriptor makes no sense',
    section: 'Finding the request FIFO',
    async play(stage) {
      for (const number of [undefined, '', '3x', '-1', '99999999999', '1000']) {
        const channel = await stage.channel({ A: 'a' });
        await converse(channel, stage.client(channel, { env: { VT_IPC_FD: number } }));
      }
    },
  },
  {
    name: 'does not write to a file that has become descriptor 3',
    section: 'Finding the request FIFO',
    async play(stage) {
      const name = path.join(stage.directory, 'hijacker');
      const fd = openSync(name, 'w');
      try {
        const channel = await stage.channel({ A: 'a' });
        await converse(channel, stage.client(channel, { fd3: fd }));
      } finally {
        closeSync(fd);
      }
      assert.equal(readFileSync(name, 'latin1'), '', 'the file that is descriptor 3');
    },
  },
  {
    name: 'does not write to another FIFO that has become descriptor 3',
    section: 'Finding the request FIFO',
    async play(stage) {
      const other = await stage.channel();
      const fd = openSync(other.requestPath, 'w');
      try {
        const channel = await stage.channel({ A: 'a' });
        await converse(channel, stage.client(channel, { fd3: fd }));
      } finally {
        closeSync(fd);
      }
      assert.deepEqual(said(other.drain()), NOTHING_SAID, 'what the other channel heard');
    },
  },
  {
    name: 'does not write to a socket that has become descriptor 3',
    section: 'Finding the request FIFO',
    async play(stage) {
      // As the child of Node's child_process.fork finds it.
      const heard = await withSocket(stage.directory, async (fd) => {
        const channel = await stage.channel({ A: 'a' });
        await converse(channel, stage.client(channel, { fd3: fd }));
      });
      assert.equal(heard, '', 'what came out of the socket');
    },
  },
  {
    name: 'writes again what a full, non-blocking pipe did not take',
    section: 'Frames',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      const client = stage.client(channel, { fd3: 'non-blocking' });
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
      const paths = Array.from({ length: 40 }, (_, n) => `/w/${n}/p${'p'.repeat(n * 10)}`);
      const filled = fill(channel);
      const told = paths.map((path) => client.tell({ do: 'ignore-input', path }));
      // Nobody reads the pipe meanwhile: this is the thread that would.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AWAY);
      await Promise.all(told);
      await client.finish();
      const record = channel.drain();
      assert.deepEqual(record.failures, []);
      assert.deepEqual(
        record.ignoredInputs.map(({ path }) => path),
        [...filled, ...paths],
      );
    },
  },
  {
    name: 'leaves word when it has no descriptor to speak with',
    section: 'Leaving word',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      const client = stage.client(channel, { fd3: 'lost' });
      await client.ready(); // it is there
      try {
        execFileSync('prlimit', ['--pid', String(client.pid), '--nofile=3:3']);
      } catch {
        throw new Untestable('prlimit (util-linux) cannot limit the descriptors of a process');
      }
      assert.equal(await client.tell({ do: 'ignore-input', path: '/w' }), 'ok');
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: undefined });
      await client.finish();
      const kinds = channel.drain().failures.map(({ kind }) => kind);
      assert.deepEqual(kinds, ['undeliverable'], 'failures the runner sees');
    },
  },
];

/** Lends one end of a socket, and says what arrived at the other. */
async function withSocket(directory: string, use: (fd: number) => Promise<void>): Promise<string> {
  const address = path.join(directory, 'socket');
  const server = createServer().listen(address);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = createConnection(address);
  await once(near, 'connect');
  const [far] = await accepted;
  let heard = '';
  far.setEncoding('latin1').on('data', (text: string) => (heard += text));
  try {
    const { fd } = (near as unknown as { readonly _handle: { readonly fd: number } })._handle;
    await use(fd);
    const ended = once(far, 'end');
    near.end();
    await ended;
    return heard;
  } finally {
    near.destroy();
    far.destroy();
    server.close();
  }
}

/** A report and a question, and that both arrive. */
async function converse(channel: Channel, client: Driver): Promise<void> {
  assert.equal(await client.tell({ do: 'inside' }), 'yes');
  assert.equal(await client.tell({ do: 'ignore-input', path: '/w/cache' }), 'ok');
  assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
  await client.finish();
  assert.deepEqual(said(channel.drain()), {
    ...NOTHING_SAID,
    ignoredInputs: ['/w/cache'],
    env: [['A', 'a']],
  });
}

/**
 * Fills the pipe to the brim with reports of another sender, without letting anybody read.
 *
 * @returns the paths reported
 */
function fill(channel: Channel): string[] {
  const fd = openSync(channel.requestPath, constants.O_WRONLY | constants.O_NONBLOCK);
  const filled: string[] = [];
  try {
    for (let sequence = 1; ; sequence += 1) {
      const name = `/filled/${sequence}`;
      const value = { path: Buffer.from(name) };
      const kind = { $case: 'ignoreInput', value } as const;
      const [frame] = encodeRequest({ pid: process.pid, nonce: 1 }, sequence, 0, {
        kind,
        label: '',
      });
      try {
        writeSync(fd, frame ?? new Uint8Array());
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return filled;
        throw error;
      }
      filled.push(name);
    }
  } finally {
    closeSync(fd);
  }
}
