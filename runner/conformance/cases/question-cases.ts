import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Channel, ChannelTap } from '../../execute/channel/open-channel.js';
import { NOTHING_SAID, said } from '../stage.js';
import type { Stage } from '../stage.js';
import type { Case } from './case.js';

/** Questions about files, what is declared of them, and on whose behalf. */
export const questionCases: readonly Case[] = [
  {
    name: 'asks for a value of a JSON file',
    section: 'Questions about files',
    async play(stage) {
      const file = write(stage, 'data.json', JSON.stringify(DATA, null, 2));
      const channel = await stage.channel();
      const client = stage.client(channel);
      const queries = [];
      for (const [pointer, value] of VALUES) {
        const answer = await client.tell({ do: 'depend-on-json', path: 'data.json', pointer });
        assert.deepEqual(answer, { value }, pointer);
        queries.push({ kind: 'json', path: file, pointer });
      }
      await client.finish();
      assert.deepEqual(said(channel.drain()), { ...NOTHING_SAID, queries });
    },
  },
  {
    name: 'asks which files match globs',
    section: 'Questions about files',
    async play(stage) {
      const names = ['src/a.ts', 'src/b c.ts', "src/deep/ü'€.ts", 'src/deep/left.out.ts', 'x.js'];
      for (const name of names) write(stage, name, '');
      const channel = await stage.channel();
      const client = stage.client(channel);
      const { directory } = stage;
      const ask = (include: readonly string[], exclude: readonly string[]) =>
        client.tell({ do: 'depend-on-glob', include, exclude });
      const some = { include: ['src/**/*.ts', '*.js'], exclude: ['**/*.out.*'] };
      const matches = ['src/a.ts', 'src/b c.ts', "src/deep/ü'€.ts", 'x.js'];
      assert.deepEqual(await ask(some.include, some.exclude), { paths: matches });
      const none = { include: ['%no{,n}e,*'], exclude: [] };
      assert.deepEqual(await ask(none.include, none.exclude), { paths: [] });
      // More than fits into a frame.
      const many = {
        include: Array.from({ length: 40 }, (_, n) => `src/${n}/${'x'.repeat(n * 20)}*`),
        exclude: ['y'.repeat(3000)],
      };
      assert.deepEqual(await ask(many.include, many.exclude), { paths: [] });
      await client.finish();
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        queries: [
          { kind: 'glob', directory, ...some, matches },
          { kind: 'glob', directory, ...none, matches: [] },
          { kind: 'glob', directory, ...many, matches: [] },
        ],
      });
    },
  },
  {
    name: 'asks whether something is at a path, and what',
    section: 'Questions about files',
    async play(stage) {
      const file = write(stage, 'a file', '');
      const channel = await stage.channel();
      const client = stage.client(channel);
      const ask = (path: string) => client.tell({ do: 'depend-on-exists', path });
      assert.deepEqual(await ask('a file'), { value: 'file' });
      assert.deepEqual(await ask('.'), { value: 'directory' });
      assert.deepEqual(await ask('a file/below'), { value: 'absent' });
      assert.deepEqual(await ask(channel.requestPath), { value: 'other' });
      await client.finish();
      const paths = [file, stage.directory, `${file}/below`, channel.requestPath];
      assert.deepEqual(said(channel.drain()), {
        ...NOTHING_SAID,
        queries: paths.map((path) => ({ kind: 'exists', path })),
      });
    },
  },
  {
    name: 'makes a directory for each question, another each time, or names none',
    section: 'Questions about files',
    async play(stage) {
      write(stage, 'data.json', '{}');
      const since: string[] = [];
      const channel: Channel = await stage.channel(
        {},
        recordMoments(since, () => channel.env),
      );
      for (const client of [stage.client(channel), stage.client(channel)]) {
        await client.tell({ do: 'depend-on-json', path: 'data.json', pointer: '' });
        await client.tell({ do: 'depend-on-exists', path: 'data.json' });
        await client.tell({ do: 'depend-on-glob', include: ['*.json'], exclude: [] });
        await client.tell({ do: 'depend-on-exists', path: 'data.json' });
        await client.finish();
      }
      assert.equal(since.length, 8);
      assert.ok(!since.includes(NOT_MADE), 'the question names a directory that is not there');
      const named = since.filter((name) => name !== '');
      assert.deepEqual(named, [...new Set(named)]);
      assert.deepEqual(channel.drain().failures, []);
    },
  },
  {
    name: 'is not told of files without a runner',
    section: 'What a task finds',
    async play(stage) {
      write(stage, 'data.json', '{}');
      const client = stage.client(undefined);
      const path = 'data.json';
      const absent = { value: undefined };
      assert.deepEqual(await client.tell({ do: 'depend-on-json', path, pointer: '' }), absent);
      assert.deepEqual(await client.tell({ do: 'depend-on-exists', path }), absent);
      assert.deepEqual(
        await client.tell({ do: 'depend-on-glob', include: ['*'], exclude: [] }),
        absent,
      );
      assert.equal(await client.tell({ do: 'declare-complete', inputs: [], outputs: [] }), 'ok');
      await client.finish();
    },
  },
  {
    name: 'declares all that a process reads and writes',
    section: 'Declaring all',
    async play(stage) {
      const channel = await stage.channel();
      const client = stage.client(channel);
      const pid = client.pid;
      const many = Array.from({ length: 60 }, (_, n) => `/many/${10 + n}/x${'x'.repeat(n * 60)}`);
      const declared = [
        { inputs: [], outputs: [] },
        { inputs: ['/in/a b', '/in/c\nd\r'], outputs: ['/out/%,"ü'] },
        { inputs: [], outputs: ['/o'] },
        { inputs: many, outputs: many },
      ];
      for (const each of declared) {
        assert.equal(await client.tell({ do: 'declare-complete', ...each }), 'ok');
      }
      await client.tell({ do: 'declare-complete', inputs: ['in'], outputs: ['out/deep'] });
      await client.finish();
      const { complete, failures } = channel.drain();
      const inputs = [path.join(stage.directory, 'in')];
      const outputs = [path.join(stage.directory, 'out/deep')];
      assert.deepEqual(
        complete.map(({ pid, inputs, outputs }) => ({ pid, inputs, outputs })),
        [...declared, { inputs, outputs }].map((each) => ({ pid, ...each })),
      );
      assert.deepEqual(failures, []);
    },
  },
  {
    name: 'says on whose behalf it speaks',
    section: 'Requests',
    async play(stage) {
      const channel = await stage.channel({ NAME: 'value' });
      const client = stage.client(channel);
      const labels = ['plugin “ü”, 100 %\n\\x', 'l'.repeat(2000), undefined];
      for (const [n, label] of labels.entries()) {
        const operation = { do: 'ignore-input', path: `/w/${n}` } as const;
        const told =
          label === undefined ? operation : ({ do: 'labelled', label, operation } as const);
        assert.equal(await client.tell(told), 'ok');
      }
      const question = { do: 'get-env', name: 'NAME' } as const;
      const answer = await client.tell({ do: 'labelled', label: 'x', operation: question });
      assert.deepEqual(answer, { value: 'value' });
      await client.finish();
      const { ignoredInputs, env, failures } = channel.drain();
      assert.deepEqual(
        [...ignoredInputs, ...env].map(({ speaker }) => speaker.label),
        [...labels, 'x'],
      );
      assert.deepEqual(failures, []);
    },
  },
];

const DATA = {
  text: 'a "b" \\ / \b\f\n\r\t \u0001 é ü € 😀 %s \'',
  empty: '',
  'a/b~c': 17,
  list: [1, 'x', null, { y: [] }],
  no: false,
  'ü € "😀"': 'under a name that is not ASCII',
};

/** Pointers and what is there, a string as it is, all else as JSON. */
const VALUES: readonly (readonly [string, string | undefined])[] = [
  ['/text', DATA.text],
  ['/empty', ''],
  ['/a~1b~0c', '17'],
  ['/list', '[1,"x",null,{"y":[]}]'],
  ['/no', 'false'],
  ['/ü € "😀"', DATA['ü € "😀"']],
  ['/absent', undefined],
  ['', JSON.stringify(DATA)],
];

function write(stage: Stage, name: string, text: string): string {
  const file = path.join(stage.directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const NOT_MADE = 'not made';

/** Keeps the names of moments that are there when the question is. */
function recordMoments(since: string[], env: () => Channel['env']): ChannelTap {
  return {
    heard({ kind }) {
      if (kind === undefined || !('since' in kind.value)) return undefined;
      const name = kind.value.since;
      const directory = path.join(env()['VT_IPC_DIR'] ?? '', name);
      since.push(existsSync(directory) ? name : NOT_MADE);
      return undefined;
    },
  };
}
