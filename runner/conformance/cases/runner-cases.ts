import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { ErrorCode, type Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { ChannelTap } from '../../execute/channel/open-channel.js';
import type { Driver } from '../driver.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

/** A Reply to frame 4294967295, which nobody sent: 6 bytes. */
const FOREIGN_REPLY = Uint8Array.of(6, 0x08, 0xff, 0xff, 0xff, 0xff, 0x0f);

/** A field 1000 of a message of the future: tag `C2 3E`, length 2, two bytes. */
const UNKNOWN_FIELD = Uint8Array.of(0xc2, 0x3e, 2, 7, 7);

export const runnerCases: readonly Case[] = [
  {
    name: 'does nothing, silently, where there is no runner',
    section: 'What a task finds',
    async play(stage) {
      await expectNoOps(stage.client(undefined, { fd3: 'lost' }));
      const gone = path.join(stage.directory, 'gone');
      const env = { VT_IPC_DIR: gone, VT_IPC_FD: '3' };
      await expectNoOps(stage.client(undefined, { fd3: 'lost', env }));
      await expectNoOps(stage.client(undefined, { fd3: 'lost', env: { VT_IPC_DIR: '' } }));
    },
  },
  {
    name: 'does nothing, silently, after the runner has gone',
    section: 'What every failure means',
    async play(stage) {
      for (const fd3 of ['requests', 'lost'] as const) {
        const channel = await stage.channel({ A: 'a' });
        const client = stage.client(channel, { fd3 });
        assert.equal(await client.tell({ do: 'ignore-input', path: '/w/1' }), 'ok');
        assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
        assert.equal(channel.drain().ignoredInputs.length, 1);
        await channel.close();
        await expectNoOps(client, 'any');
      }
    },
  },
  {
    name: 'is not kept waiting by a runner that ends before it answers',
    section: 'Replies',
    async play(stage) {
      let end: () => void = () => undefined;
      const asked = new Promise<void>((resolve) => (end = resolve));
      const channel = await stage.channel({ A: 'a' }, {
        heard({ kind }: Request) {
          if (kind?.$case !== 'getEnv') return undefined;
          end();
          return 'none';
        },
      } satisfies ChannelTap);
      const client = stage.client(channel);
      const answer = client.tell({ do: 'get-env', name: 'A' });
      await Promise.race([asked, answer]);
      await channel.close();
      assert.deepEqual(await answer, { value: undefined });
      await expectNoOps(client, 'any');
    },
  },
  {
    name: 'asks for more reply FIFOs when all are taken',
    section: 'Replies',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      const replies = path.join(channel.env['VT_IPC_DIR'] ?? '', 'r');
      for (const name of readdirSync(replies).filter((name) => name.startsWith('f'))) {
        renameSync(path.join(replies, name), path.join(replies, `c${name.slice(1)}`));
      }
      const client = stage.client(channel);
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
      await client.finish();
      assert.deepEqual(said(channel.drain()), { ...NOTHING_SAID, env: [['A', 'a']] });
    },
  },
  {
    name: 'takes an Error of an older runner for an absent variable, and goes on',
    section: 'Versions',
    async play(stage) {
      const value = { code: ErrorCode.UNKNOWN_REQUEST, message: 'never heard of it' };
      const channel = await stage.channel({ A: 'a' }, {
        heard: ({ kind }: Request) =>
          kind?.$case === 'getEnvs' || kind?.$case === 'hello'
            ? { $case: 'error', value }
            : undefined,
      } satisfies ChannelTap);
      const client = stage.client(channel);
      const pattern = { prefix: '' };
      assert.deepEqual(await client.tell({ do: 'get-envs', pattern }), { set: {} });
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
      await client.finish();
      assert.deepEqual(channel.drain().failures, []);
    },
  },
  {
    name: 'reads past what a newer runner adds, and past answers to others',
    section: 'Replies',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' }, {
        heard: () => undefined,
        reply: (bytes) => {
          const [length = 0, ...reply] = bytes;
          assert.ok(length < 100, 'the answers of this case are short');
          return Uint8Array.from([
            ...FOREIGN_REPLY,
            length + UNKNOWN_FIELD.length,
            ...reply,
            ...UNKNOWN_FIELD,
          ]);
        },
      } satisfies ChannelTap);
      const client = stage.client(channel);
      for (let n = 0; n < 20; n += 1) {
        assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
        assert.deepEqual(await client.tell({ do: 'get-env', name: 'B' }), { value: undefined });
      }
      await client.finish();
      assert.deepEqual(channel.drain().failures, []);
    },
  },
  {
    name: 'says who it is first, if it does',
    section: 'Requests',
    async play(stage) {
      const hellos: unknown[] = [];
      const channel = await stage.channel({}, {
        heard({ kind }, { sequence }) {
          if (kind?.$case !== 'hello') return undefined;
          const { protocolVersion, client, clientVersion } = kind.value;
          const named = client !== '' && clientVersion !== '';
          hellos.push({ sequence, protocolVersion, named });
          return undefined;
        },
      } satisfies ChannelTap);
      const client = stage.client(channel);
      await client.tell({ do: 'ignore-input', path: '/w' });
      await client.tell({ do: 'ignore-input', path: '/v' });
      await client.finish();
      assert.deepEqual(channel.drain().failures, []);
      const one = [{ sequence: 1, protocolVersion: 1, named: true }];
      assert.deepEqual(hellos, hellos.length === 0 ? [] : one);
    },
  },
];

/** @param inside what it may say of a runner */
async function expectNoOps(client: Driver, inside: 'no' | 'any' = 'no'): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    if (inside === 'no') assert.equal(await client.tell({ do: 'inside' }), 'no');
    assert.equal(await client.tell({ do: 'ignore-input', path: '/w' }), 'ok');
    assert.equal(await client.tell({ do: 'disable-cache', reason: 'none' }), 'ok');
    assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: undefined });
    const pattern = { glob: '*' };
    assert.deepEqual(await client.tell({ do: 'get-envs', pattern }), { set: {} });
  }
  await client.finish();
}
