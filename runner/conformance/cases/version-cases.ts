import assert from 'node:assert/strict';
import { PROTOCOL_VERSION } from '../../../proto/frame.js';
import { ErrorCode, type Reply, type Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { ChannelTap } from '../../execute/channel/open-channel.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

/** A Reply to frame 4294967295, which nobody sent: 6 bytes. */
const FOREIGN_REPLY = Uint8Array.of(6, 0x08, 0xff, 0xff, 0xff, 0xff, 0x0f);

/** A field 1000 of a message of the future: tag `C2 3E`, length 2, two bytes. */
const UNKNOWN_FIELD = Uint8Array.of(0xc2, 0x3e, 2, 7, 7);

/** What an older runner says to a request it does not know. */
const UNKNOWN_REQUEST = {
  $case: 'error',
  value: { code: ErrorCode.UNKNOWN_REQUEST, message: 'never heard of it' },
} as const;

export const versionCases: readonly Case[] = [
  {
    name: 'takes an Error of an older runner for an absent variable, and goes on',
    section: 'Versions',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' }, {
        heard: ({ kind }: Request) =>
          kind?.$case === 'getEnvs' || kind?.$case === 'hello' ? UNKNOWN_REQUEST : undefined,
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
    section: 'Versions',
    async play(stage) {
      const hellos: { sequence: number; protocolVersion: number; named: boolean }[] = [];
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
      assert.ok(hellos.length <= 1, 'once is enough');
      for (const { sequence, protocolVersion, named } of hellos) {
        assert.deepEqual({ sequence, named }, { sequence: 1, named: true });
        assert.ok(protocolVersion >= 1);
      }
    },
  },
  {
    name: 'agrees with the runner on the lower of their versions',
    section: 'Versions',
    async play(stage) {
      let theirs = 0;
      const answers = new Map<Reply['body'], (own: number) => number>([
        [undefined, (own) => Math.min(own, PROTOCOL_VERSION)], // the runner's own answer
        [{ $case: 'hello', value: { protocolVersion: 1 } }, () => 1],
        [{ $case: 'hello', value: { protocolVersion: 4000 } }, (own) => own],
        [{ $case: 'hello', value: { protocolVersion: 0 } }, () => 1],
        [UNKNOWN_REQUEST, () => 1],
      ]);
      for (const [answer, agreed] of answers) {
        const channel = await stage.channel({ A: 'a' }, {
          heard({ kind }) {
            if (kind?.$case !== 'hello') return undefined;
            theirs = kind.value.protocolVersion;
            return answer;
          },
        } satisfies ChannelTap);
        const client = stage.client(channel);
        for (let round = 0; round < 2; round += 1) {
          const version = await client.tell({ do: 'version' });
          assert.deepEqual(version, { value: String(agreed(theirs)) });
        }
        assert.deepEqual(await client.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
        await client.finish();
        assert.deepEqual(said(channel.drain()), { ...NOTHING_SAID, env: [['A', 'a']] });
      }
      const nobody = stage.client(undefined, { fd3: 'lost' });
      assert.deepEqual(await nobody.tell({ do: 'version' }), { value: '0' });
      await nobody.finish();
    },
  },
];
