import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { ChannelTap } from '../../execute/channel/open-channel.js';
import type { Driver } from '../driver.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

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
