import assert from 'node:assert/strict';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

/** Bytes of a variable much longer than a pipe holds (64 KiB). */
const LONG_VALUE = 1 << 20;

export const variableCases: readonly Case[] = [
  {
    name: 'asks for variables: set, empty, absent',
    section: 'Requests',
    async play(stage) {
      const channel = await stage.channel({
        SET: 'a b',
        EMPTY: '',
        LINES: 'one\ntwo\n',
        ÜML: 'ü€😀',
      });
      const client = stage.client(channel);
      const ask = (name: string) => client.tell({ do: 'get-env', name });
      assert.deepEqual(await ask('SET'), { value: 'a b' });
      assert.deepEqual(await ask('EMPTY'), { value: '' });
      assert.deepEqual(await ask('LINES'), { value: 'one\ntwo\n' });
      assert.deepEqual(await ask('ÜML'), { value: 'ü€😀' });
      assert.deepEqual(await ask('ABSENT'), { value: undefined });
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        env: [
          ['SET', 'a b'],
          ['EMPTY', ''],
          ['LINES', 'one\ntwo\n'],
          ['ÜML', 'ü€😀'],
          ['ABSENT', undefined],
        ],
      });
    },
  },
  {
    name: 'says whether the run depends on an answer',
    section: 'Requests',
    async play(stage) {
      const channel = await stage.channel({ A_1: 'one', A_2: 'two' });
      const client = stage.client(channel);
      const untracked = { tracked: false } as const;
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A_1', ...untracked }), {
        value: 'one',
      });
      assert.deepEqual(
        await client.tell({ do: 'get-envs', pattern: { glob: 'A_*' }, ...untracked }),
        { set: { A_1: 'one', A_2: 'two' } },
      );
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'A_2' }), { value: 'two' });
      await client.finish();
      assert.deepEqual(said(channel.drain()), { ...NOTHING_SAID, env: [['A_2', 'two']] });
    },
  },
  {
    name: 'asks for sets of variables, by glob and by prefix',
    section: 'Requests',
    async play(stage) {
      const vite = { VITE_A: '1', VITE_B: 'x=y z' };
      const channel = await stage.channel({ ...vite, OTHER: '', 'VITE*': 'star' });
      const client = stage.client(channel);
      const ask = (pattern: { glob: string } | { prefix: string }) =>
        client.tell({ do: 'get-envs', pattern });
      assert.deepEqual(await ask({ glob: '{VITE_?,O*}' }), { set: { ...vite, OTHER: '' } });
      assert.deepEqual(await ask({ prefix: 'VITE_' }), { set: vite });
      assert.deepEqual(await ask({ prefix: 'VITE*' }), { set: { 'VITE*': 'star' } });
      assert.deepEqual(await ask({ prefix: '' }), { set: { ...vite, OTHER: '', 'VITE*': 'star' } });
      assert.deepEqual(await ask({ glob: 'NONE_*' }), { set: {} });
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        envQueries: [
          [{ glob: '{VITE_?,O*}' }, { ...vite, OTHER: '' }],
          [{ prefix: 'VITE_' }, vite],
          [{ prefix: 'VITE*' }, { 'VITE*': 'star' }],
          [{ prefix: '' }, { ...vite, OTHER: '', 'VITE*': 'star' }],
          [{ glob: 'NONE_*' }, {}],
        ],
      });
    },
  },
  {
    name: 'reads answers longer than a pipe holds',
    section: 'Replies',
    async play(stage) {
      const LONG = 'long '.repeat(LONG_VALUE / 5);
      const channel = await stage.channel({ LONG, SHORT: 'short' });
      const client = stage.client(channel);
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'LONG' }), { value: LONG });
      assert.deepEqual(await client.tell({ do: 'get-env', name: 'SHORT' }), { value: 'short' });
      assert.deepEqual(await client.tell({ do: 'get-envs', pattern: { prefix: '' } }), {
        set: { LONG, SHORT: 'short' },
      });
      await client.finish();
      assert.deepEqual(channel.drain().failures, []);
    },
  },
];
