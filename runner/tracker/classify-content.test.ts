import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../../cache/brands.js';
import type { FileBefore } from './task-trace.js';
import { classifyRecords, type Disk } from './testing/classify-rig.js';
import type { RecordFields } from './testing/trace-builder.js';
import { OpenFlag } from './trace-format.js';

const { WRONLY, RDWR, TRUNC } = OpenFlag;

/** What a file held: told apart by a letter. */
function held(letter: string): FileBefore {
  return { digest: letter.repeat(64) as Digest, executable: false, ctimeNs: 1n };
}

function kept(path: string, letter: string): RecordFields {
  return { op: 'CONTENT', path, before: 'FILE', flags: ['NOFOLLOW'], content: held(letter) };
}

const cases: readonly {
  readonly name: string;
  readonly disk: Disk;
  readonly records: readonly RecordFields[];
  /** By path: the letter of what it held, or where it is now. */
  readonly before: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'of a file that is changed in place, the first',
    disk: { '/ws/f': 'file' },
    records: [
      kept('/ws/f', 'a'),
      { op: 'OPEN', path: '/ws/f', before: 'FILE', aux: RDWR },
      kept('/ws/f', 'b'),
      { op: 'UNLINK', path: '/ws/f', before: 'FILE' },
    ],
    before: { f: 'a' },
  },
  {
    name: 'not of what the task made itself',
    disk: { '/ws/f': 'file' },
    records: [
      { op: 'OPEN', path: '/ws/f', before: 'ABSENT', aux: WRONLY | OpenFlag.CREAT },
      kept('/ws/f', 'a'),
      { op: 'OPEN', path: '/ws/f', before: 'FILE', aux: RDWR },
    ],
    before: {},
  },
  {
    name: 'through a symlink, of what it leads to',
    disk: { '/ws/l': '-> f', '/ws/f': 'file' },
    records: [
      { op: 'CONTENT', path: '/ws/l', before: 'SYMLINK', content: held('a') },
      { op: 'OPEN', path: '/ws/l', before: 'SYMLINK', aux: RDWR },
    ],
    before: { f: 'a' },
  },
  {
    name: 'of both when one is renamed over the other',
    disk: { '/ws/b': 'file' },
    records: [
      kept('/ws/a', 'a'),
      kept('/ws/b', 'b'),
      { op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'FILE' },
      kept('/ws/b', 'c'),
      { op: 'OPEN', path: '/ws/b', before: 'FILE', aux: WRONLY | TRUNC },
    ],
    before: { a: 'a', b: 'b' },
  },
  {
    name: 'below a directory that was renamed: of where it was',
    disk: { '/ws/e/f': 'file', '/ws/e/g': 'file' },
    records: [
      { op: 'RENAME', path: '/ws/d', path2: '/ws/e', before: 'DIRECTORY', before2: 'ABSENT' },
      kept('/ws/e/f', 'a'),
      { op: 'OPEN', path: '/ws/e/f', before: 'FILE', aux: RDWR },
    ],
    before: { 'd/f': 'a', 'd/g': 'now e/g' },
  },
  {
    name: 'of a file that gets a second name',
    disk: { '/ws/a': 'file', '/ws/b': 'file' },
    records: [
      kept('/ws/a', 'a'),
      { op: 'LINK', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'ABSENT' },
    ],
    before: { a: 'a' },
  },
];

for (const { name, disk, records, before } of cases) {
  test(`what a file held: ${name}`, () => {
    const { accesses, incomplete } = classifyRecords(disk, records);
    assert.deepEqual(incomplete, []);
    const told: Record<string, string> = {};
    for (const { path, contentBefore, movedTo } of accesses) {
      const name = path.slice('/ws/'.length);
      if (contentBefore && 'digest' in contentBefore) told[name] = contentBefore.digest[0]!;
      else if (movedTo) told[name] = `now ${movedTo.slice('/ws/'.length)}`;
    }
    assert.deepEqual(told, before);
  });
}

test('a look shows more of a file than a failed attempt to make it', () => {
  const { accesses } = classifyRecords({ '/ws/a': 'file', '/ws/b': 'file' }, [
    { op: 'STAT', path: '/ws/a', before: 'FILE' },
    { op: 'MKDIR', path: '/ws/b', before: 'FILE' },
  ]);
  assert.deepEqual(
    accesses.map(({ path, inspected }) => [path, inspected !== undefined]),
    [
      ['/ws/a', true],
      ['/ws/b', false],
    ],
  );
});

test('what is made of a name with a slash fails as there is a directory for it, or not', () => {
  const records: RecordFields[] = [
    { op: 'OPEN', path: '/ws/d/f/', before: 'ABSENT', aux: WRONLY | OpenFlag.CREAT },
  ];
  for (const [disk, before] of [
    [{}, 'absent'],
    [{ '/ws/d': 'directory' }, 'directory'],
  ] as const) {
    const { accesses } = classifyRecords(disk, records);
    assert.equal(accesses.find(({ path }) => path === '/ws/d')?.before, before);
  }
});
