import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { ChannelTap } from '../../execute/channel/open-channel.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Case } from './case.js';

/** Reports before its end that a client must not lose: some pipes full. */
const MANY = 3000;

/** Bytes of a path with its end that Linux takes: PATH_MAX. */
const LONGEST_PATH = 4095;

export const reportCases: readonly Case[] = [
  {
    name: 'says which paths are no inputs and which are no outputs',
    section: 'Requests',
    async play(stage) {
      const channel = await stage.channel();
      const client = stage.client(channel);
      assert.equal(await client.tell({ do: 'ignore-input', path: '/w/cache' }), 'ok');
      assert.equal(await client.tell({ do: 'ignore-output', path: '/w/a b\n%ü"$' }), 'ok');
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        ignoredInputs: ['/w/cache'],
        ignoredOutputs: ['/w/a b\n%ü"$'],
      });
    },
  },
  {
    name: 'resolves relative paths against its working directory',
    section: 'Requests',
    async play(stage) {
      mkdirSync(path.join(stage.directory, 'below/deep'), { recursive: true });
      const channel = await stage.channel();
      const client = stage.client(channel);
      await client.tell({ do: 'ignore-input', path: 'first' });
      await client.tell({ do: 'chdir', path: 'below/deep' });
      await client.tell({ do: 'ignore-input', path: 'second' });
      await client.tell({ do: 'ignore-input', path: '.' });
      await client.tell({ do: 'ignore-output', path: '../third' });
      await client.finish();
      const { directory } = stage;
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        ignoredInputs: [
          path.join(directory, 'first'),
          path.join(directory, 'below/deep/second'),
          path.join(directory, 'below/deep'),
        ],
        ignoredOutputs: [path.join(directory, 'below/third')],
      });
    },
  },
  {
    name: 'asks not to be cached, and says why',
    section: 'Requests',
    async play(stage) {
      for (const reason of ['watches files: “dev” mode', '']) {
        const channel = await stage.channel();
        const client = stage.client(channel);
        assert.equal(await client.tell({ do: 'disable-cache', reason }), 'ok');
        await client.finish();
        assert.deepEqual(said(channel.drain()), {
          ...NOTHING_SAID,
          cacheDisabled: { reason: reason === '' ? undefined : reason },
        });
      }
    },
  },
  {
    name: 'sends what does not fit into one frame in chunks',
    section: 'Long messages',
    async play(stage) {
      const channel = await stage.channel();
      const client = stage.client(channel);
      const longest = ['', 'one', 'two'].map((name) =>
        `/${`${name}/`.repeat(LONGEST_PATH)}`.slice(0, LONGEST_PATH - 1).concat('x'),
      );
      // Around the size at which one frame is no longer enough.
      const paths = Array.from({ length: 120 }, (_, n) => `/${'x'.repeat(420 + n)}`);
      for (const path of [...longest, ...paths]) await client.tell({ do: 'ignore-input', path });
      const reason = 'y'.repeat(100_000);
      await client.tell({ do: 'disable-cache', reason });
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        ignoredInputs: [...longest.map((name) => path.resolve(name)), ...paths],
        cacheDisabled: { reason },
      });
    },
  },
  {
    name: 'reports paths in their bytes, UTF-8 or not, the mark of a frame among them',
    section: 'Frames',
    async play(stage) {
      const heard: string[] = [];
      const channel = await stage.channel({}, recordPaths(heard));
      const client = stage.client(channel);
      const paths = [
        Buffer.from('/latin1/\xe9t\xe9', 'latin1'),
        Buffer.from('/all/'.concat(allBytes()), 'latin1'),
        Buffer.from('/mark/\x20\x0d\xf6\x76\x74\xf7/\x0d\xf6\x76\x74\xf7', 'latin1'),
        Buffer.from(`/${'\xff'.repeat(4000)}`, 'latin1'),
      ];
      for (const path of paths) await client.tell({ do: 'ignore-output', path });
      await client.finish();
      const { failures } = channel.drain();
      assert.deepEqual(
        heard,
        paths.map((path) => path.toString('latin1')),
      );
      assert.deepEqual(failures, []);
    },
  },
  {
    name: 'loses nothing of what it says just before its end',
    section: 'When the task ends',
    async play(stage) {
      const channel = await stage.channel();
      const client = stage.client(channel);
      const paths = Array.from({ length: MANY }, (_, n) => `/w/${n}/p${'p'.repeat(n % 600)}`);
      await Promise.all(paths.map((path) => client.tell({ do: 'ignore-output', path })));
      await client.finish();
      const record = channel.drain();
      assert.deepEqual(said(record), { ...NOTHING_SAID, ignoredOutputs: paths });
    },
  },
];

/** Answers reports of paths itself, after it kept their bytes as Latin-1. */
function recordPaths(heard: string[]): ChannelTap {
  return {
    heard({ kind }: Request) {
      if (kind?.$case !== 'ignoreInput' && kind?.$case !== 'ignoreOutput') return undefined;
      heard.push(Buffer.from(kind.value.path).toString('latin1'));
      return { $case: 'done', value: {} };
    },
  };
}

function allBytes(): string {
  return String.fromCharCode(...Array.from({ length: 255 }, (_, n) => n + 1));
}
