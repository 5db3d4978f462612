import assert from 'node:assert/strict';
import { NonConforming } from '../finding.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Stage } from '../stage.js';
import type { Driver } from '../driver.js';
import type { Case } from './case.js';

/** Clients at once, and what each says and asks. */
const CROWD = 16;
const EACH = 50;

export const processCases: readonly Case[] = [
  {
    name: 'takes a new name in the child of a fork, and its parent keeps its own',
    section: 'Who speaks',
    async play(stage) {
      const channel = await stage.channel({ A: 'a', B: 'b' });
      const client = stage.client(channel);
      const report = (path: string) => ({ do: 'ignore-input', path }) as const;
      const ask = (name: string) => ({ do: 'get-env', name }) as const;
      await client.tell(report('/parent/1'));
      assert.deepEqual(await client.tell(ask('A')), { value: 'a' });
      await client.tell({ do: 'fork', operation: report('/child/1') });
      await client.tell(report('/parent/2'));
      assert.deepEqual(await client.tell({ do: 'fork', operation: ask('B') }), { value: 'b' });
      assert.deepEqual(await client.tell(ask('B')), { value: 'b' });
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        ignoredInputs: ['/parent/1', '/child/1', '/parent/2'],
        env: [
          ['A', 'a'],
          ['B', 'b'],
        ],
      });
    },
  },
  {
    name: 'may be used by many threads at once',
    section: 'Who speaks',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      const client = stage.client(channel);
      for (let round = 0; round < 6; round += 1) {
        const operations = [
          { do: 'ignore-input', path: `/w/${round}/${'x'.repeat(1000)}` },
          { do: 'get-env', name: 'A' },
        ] as const;
        for (const operation of operations) {
          const answer = await client.tell({ do: 'threads', count: 8, operation });
          assert.deepEqual(answer, operation.do === 'get-env' ? { value: 'a' } : 'ok');
        }
      }
      await client.finish();
      const record = channel.drain();
      assert.deepEqual(record.failures, []);
      assert.equal(record.ignoredInputs.length, 6);
    },
  },
  {
    name: `is exact while ${CROWD} of its kind speak at once`,
    section: 'Replies',
    async play(stage) {
      const variables = Object.fromEntries(
        Array.from({ length: 10 }, (_, n) => [`V_${n}`, `value ${n} `.repeat(n * 40)]),
      );
      const channel = await stage.channel(variables);
      const clients = Array.from({ length: CROWD }, () => stage.client(channel));
      await Promise.all(clients.map((client, number) => chatter(client, number, variables)));
      const record = channel.drain();
      assert.deepEqual(record.failures, []);
      assert.equal(record.ignoredInputs.length, CROWD * EACH);
      assert.deepEqual(Object.fromEntries(record.env.map(({ name, value }) => [name, value])), {
        ...variables,
        V_10: undefined,
      });
    },
  },
  {
    name: 'leaves nothing but unfinished messages when it is killed',
    section: 'What every failure means',
    async play(stage) {
      const channel = await stage.channel({ A: 'a' });
      const healthy = stage.client(channel);
      for (let round = 0; round < 5; round += 1) {
        await killWhileItSpeaks(stage, channel, round);
        assert.deepEqual(await healthy.tell({ do: 'get-env', name: 'A' }), { value: 'a' });
        await healthy.tell({ do: 'ignore-output', path: `/healthy/${round}` });
      }
      await healthy.finish();
      const record = channel.drain();
      const odd = record.failures.filter(({ kind }) => kind !== 'unfinished-message');
      assert.deepEqual(odd, [], 'failures besides unfinished messages');
      assert.equal(record.ignoredOutputs.length, 5);
    },
  },
];

async function chatter(
  client: Driver,
  number: number,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  for (let n = 0; n < EACH; n += 1) {
    await client.tell({
      do: 'ignore-input',
      path: `/${number}/${n}/x${'x'.repeat((n * 37) % 900)}`,
    });
    const name = `V_${(n + number) % 11}`;
    const answer = await client.tell({ do: 'get-env', name });
    assert.deepEqual(answer, { value: variables[name] });
  }
  await client.finish();
}

async function killWhileItSpeaks(
  stage: Stage,
  channel: Awaited<ReturnType<Stage['channel']>>,
  round: number,
): Promise<void> {
  const client = stage.client(channel);
  const told = Array.from({ length: 400 }, (_, n) =>
    client.tell({ do: 'ignore-input', path: `/killed/${round}/${n}/${'x'.repeat(1500)}` }),
  );
  const ended = Promise.allSettled(told);
  await told[round * 40];
  await client.kill();
  for (const outcome of await ended) {
    if (outcome.status === 'rejected' && !(outcome.reason instanceof NonConforming)) {
      throw outcome.reason;
    }
  }
}
