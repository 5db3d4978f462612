import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classifyRecords, inShort, type Disk } from './testing/classify-rig.js';
import type { RecordFields } from './testing/trace-builder.js';
import {
  AT_REMOVEDIR,
  OpenFlag,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  STAT_EXISTENCE,
} from './trace-format.js';

const { WRONLY, RDWR, CREAT, EXCL, TRUNC, APPEND, PATH, TMPFILE } = OpenFlag;

interface Case {
  readonly name: string;
  readonly disk?: Disk;
  readonly records: readonly RecordFields[];
  readonly accesses: Record<string, string>;
}

function check(cases: readonly Case[]): void {
  for (const { name, disk = {}, records, accesses } of cases) {
    test(name, () => {
      const classified = classifyRecords(disk, records);
      assert.deepEqual(inShort(classified.accesses), accesses);
      assert.deepEqual(classified.incomplete, []);
    });
  }
}

describe('looking', () => {
  check([
    {
      name: 'opening a file for reading reads its content',
      disk: { '/ws/a': 'file' },
      records: [{ op: 'OPEN', path: '/ws/a', before: 'FILE' }],
      accesses: { a: 'file content@0 probed@0' },
    },
    {
      name: 'opening a directory, or with O_PATH, is a look; listing is more',
      disk: { '/ws/d/f': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'OPEN', path: '/ws/d/f', before: 'FILE', aux: PATH },
        { op: 'LIST', path: '/ws/d', before: 'DIRECTORY' },
      ],
      accesses: { d: 'directory probed@0 listed@2', 'd/f': 'file probed@1' },
    },
    {
      name: 'O_PATH becomes a reading when a descriptor is opened anew',
      disk: { '/ws/f': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/f', before: 'FILE', aux: PATH },
        { op: 'OPEN', path: '/proc/self/fd/3', before: 'SYMLINK' },
      ],
      accesses: { f: 'file content@0 probed@0' },
    },
    {
      name: 'a descriptor opened anew for writing may change what was only held',
      disk: { '/ws/f': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/f', before: 'FILE', aux: PATH },
        { op: 'OPEN', path: '/proc/77/task/78/fd/3', before: 'SYMLINK', aux: WRONLY },
      ],
      accesses: { f: 'file content@0 probed@0 written@0' },
    },
    {
      name: 'access asks whether a file is there, and no more; of what is no file it is a look',
      disk: { '/ws/a': 'file', '/ws/b': 'file', '/ws/d': 'directory', '/ws/l': '-> a' },
      records: [
        { op: 'STAT', path: '/ws/l', before: 'SYMLINK', before2: 'FILE', aux: STAT_EXISTENCE },
        { op: 'STAT', path: '/ws/b', before: 'FILE', aux: STAT_EXISTENCE },
        { op: 'STAT', path: '/ws/b', before: 'FILE' },
        { op: 'STAT', path: '/ws/d', before: 'DIRECTORY', aux: STAT_EXISTENCE },
        { op: 'STAT', path: '/ws/none', before: 'ABSENT', aux: STAT_EXISTENCE },
      ],
      accesses: {
        a: 'file probed@0',
        b: 'file probed@1',
        d: 'directory probed@3',
        l: 'symlink link@0(a)',
        none: 'absent probed@4',
      },
    },
    {
      name: 'what a symlink led to before the task made something there is known',
      disk: { '/ws/l': '-> new', '/ws/new': 'file' },
      records: [
        {
          op: 'OPEN',
          path: '/ws/l',
          before: 'SYMLINK',
          before2: 'ABSENT',
          aux: WRONLY | CREAT | TRUNC,
        },
      ],
      accesses: { l: 'symlink link@0(new)', new: 'absent written@0' },
    },
    {
      name: 'stat, watch, chdir and xattr look',
      disk: { '/ws/a': 'file', '/ws/d': 'directory' },
      records: [
        { op: 'STAT', path: '/ws/a', before: 'FILE' },
        { op: 'STAT', path: '/ws/none', before: 'ABSENT' },
        { op: 'CHDIR', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'WATCH', path: '/ws/e', before: 'ABSENT' },
        { op: 'XATTR', path: '/ws/a', before: 'FILE' },
      ],
      accesses: {
        a: 'file probed@0',
        d: 'directory probed@2',
        e: 'absent probed@3',
        none: 'absent probed@1',
      },
    },
    {
      name: 'opening what is not there is an absence, with O_WRONLY too',
      records: [
        { op: 'OPEN', path: '/ws/a', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/b', before: 'ABSENT', aux: WRONLY },
      ],
      accesses: { a: 'absent probed@0', b: 'absent probed@1' },
    },
    {
      name: 'a path that is not clean is resolved',
      disk: { '/ws/d/e/f': 'file' },
      records: [{ op: 'STAT', path: '/ws//d/./e/../e/f', before: 'FILE' }],
      accesses: { 'd/e': 'directory probed@0', 'd/e/f': 'file probed@0' },
    },
    {
      name: 'a slash behind a file fails, but tells of the file',
      disk: { '/ws/f': 'file' },
      records: [{ op: 'STAT', path: '/ws/f/', before: 'ABSENT' }],
      accesses: { f: 'file probed@0' },
    },
    {
      name: 'backing out of a directory that is not there is its absence',
      disk: { '/ws/x': 'file' },
      records: [{ op: 'STAT', path: '/ws/none/../x', before: 'ABSENT' }],
      accesses: { none: 'absent probed@0' },
    },
    {
      name: 'backing out of a directory that the task removed later',
      disk: { '/ws/x': 'file' },
      records: [
        { op: 'STAT', path: '/ws/tmp/../x', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/tmp', before: 'DIRECTORY', aux: AT_REMOVEDIR, result: 0 },
      ],
      accesses: { tmp: 'directory probed@0 listed@1 written@1', x: 'file probed@0' },
    },
    {
      name: 'backing out of a file fails, also on the way to the file itself',
      disk: { '/ws/d/l': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/d/l/../l', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/d/l', before: 'FILE', aux: WRONLY | CREAT | TRUNC },
      ],
      accesses: { d: 'directory probed@1', 'd/l': 'file probed@0 written@1' },
    },
    {
      name: 'nothing was at a path that was missed by way of a directory, whatever is there now',
      disk: { '/ws/d/l': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/d/l/../b', before: 'ABSENT', aux: RDWR },
        { op: 'OPEN', path: '/ws/d/../d/l', before: 'ABSENT', aux: RDWR | CREAT },
      ],
      accesses: { d: 'directory probed@1', 'd/l': 'absent probed@0 written@1' },
    },
    {
      name: 'backing out of what is not there, before links in a circle',
      disk: { '/ws/n': '-> n' },
      records: [{ op: 'UNLINK', path: '/ws/k/../n/o', before: 'ABSENT' }],
      accesses: { k: 'absent probed@0', n: 'symlink link@0(n)' },
    },
    {
      name: 'two paths that were missed by way of each other',
      records: [
        { op: 'OPEN', path: '/ws/a/../b', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/b/../a', before: 'ABSENT' },
      ],
      accesses: { a: 'absent probed@0', b: 'absent probed@1' },
    },
    {
      name: 'backing out of a file fails',
      disk: { '/ws/f': 'file', '/ws/x': 'file' },
      records: [{ op: 'OPEN', path: '/ws/f/../x', before: 'ABSENT' }],
      accesses: { f: 'file probed@0' },
    },
    {
      name: 'outside the workspace nothing counts but programs',
      disk: { '/usr/bin/cc': 'file' },
      records: [
        { op: 'STAT', path: '/etc/passwd', before: 'FILE' },
        { op: 'EXEC', path: '/usr/bin/cc', before: 'FILE' },
        { op: 'EXEC', path: '/usr/local/bin/cc', before: 'ABSENT' },
        { op: 'PROCESS', path: '/bin/dash', path2: 'sh', pid: 100 },
        { op: 'PROCESS', path: '/opt/vt/vt-launch', path2: 'vt-launch', pid: 99 },
        { op: 'STAT', path: '/wsx/a', before: 'FILE' },
      ],
      accesses: { '/usr/bin/cc': 'file executed@1', '/bin/dash': 'file executed@3' },
    },
    {
      name: 'a program the task made elsewhere is no dependency',
      disk: { '/tmp': 'directory' },
      records: [
        { op: 'MKDIR', path: '/tmp/x', before: 'ABSENT' },
        { op: 'EXEC', path: '/tmp/x/conftest', before: 'FILE' },
      ],
      accesses: {},
    },
    {
      name: 'a program in the workspace is read and executed',
      disk: { '/ws/run': 'file' },
      records: [{ op: 'EXEC', path: '/ws/run', before: 'FILE' }],
      accesses: { run: 'file content@0 probed@0 executed@0' },
    },
    {
      name: 'a program that could not be executed was read nevertheless',
      disk: { '/ws/run': 'file' },
      records: [{ op: 'EXEC', path: '/ws/run', before: 'FILE', result: -8 }],
      accesses: { run: 'file content@0 probed@0' },
    },
  ]);
});

test('stat, watch, xattr and O_PATH show what a file is; access, readlink and opening do not', () => {
  const { accesses } = classifyRecords({}, [
    { op: 'STAT', path: '/ws/a', before: 'FILE' },
    { op: 'WATCH', path: '/ws/b', before: 'FILE' },
    { op: 'XATTR', path: '/ws/c', before: 'FILE' },
    { op: 'OPEN', path: '/ws/d', before: 'FILE', aux: PATH },
    { op: 'STAT', path: '/ws/e', before: 'FILE', aux: STAT_EXISTENCE },
    { op: 'READLINK', path: '/ws/f', before: 'FILE', flags: ['NOFOLLOW'] },
    { op: 'OPEN', path: '/ws/g', before: 'FILE' },
  ]);
  const shown = accesses.filter(({ inspected }) => inspected !== undefined);
  assert.deepEqual(
    shown.map(({ path }) => path),
    ['/ws/a', '/ws/b', '/ws/c', '/ws/d'],
  );
});

describe('symlinks', () => {
  check([
    {
      name: 'every link on the way is followed, and the last if the call does',
      disk: { '/ws/real/f': 'file', '/ws/dir': '-> real', '/ws/real/l': '-> f' },
      records: [{ op: 'OPEN', path: '/ws/dir/l', before: 'SYMLINK' }],
      accesses: {
        dir: 'symlink link@0(real)',
        'real/f': 'file content@0 probed@0',
        'real/l': 'symlink link@0(f)',
      },
    },
    {
      name: '`..` behind a link leaves the place it leads to',
      disk: { '/ws/a/b/c': 'directory', '/ws/l': '-> a/b/c', '/ws/a/b/f': 'file' },
      records: [{ op: 'STAT', path: '/ws/l/../f', before: 'FILE' }],
      accesses: {
        l: 'symlink link@0(a/b/c)',
        'a/b/c': 'directory probed@0',
        'a/b/f': 'file probed@0',
      },
    },
    {
      name: 'lstat looks at the link, readlink reads it',
      disk: { '/ws/l': '-> gone', '/ws/m': '-> gone' },
      records: [
        { op: 'STAT', path: '/ws/l', before: 'SYMLINK', flags: ['NOFOLLOW'] },
        { op: 'READLINK', path: '/ws/m', before: 'SYMLINK' },
        { op: 'READLINK', path: '/ws/f', before: 'FILE', flags: ['NOFOLLOW'] },
      ],
      accesses: { f: 'file probed@2', l: 'symlink probed@0', m: 'symlink link@1(gone)' },
    },
    {
      name: 'a dangling link is followed into an absence',
      disk: { '/ws/l': '-> gone' },
      records: [{ op: 'STAT', path: '/ws/l', before: 'SYMLINK', result: -2 }],
      accesses: { gone: 'absent probed@0', l: 'symlink link@0(gone)' },
    },
    {
      name: 'a link out of the workspace is known, what is there is not',
      disk: { '/ws/l': '-> /etc/x', '/etc/x': 'file' },
      records: [{ op: 'OPEN', path: '/ws/l', before: 'SYMLINK' }],
      accesses: { l: 'symlink link@0(/etc/x)' },
    },
    {
      name: 'links in a circle end',
      disk: { '/ws/a': '-> b', '/ws/b': '-> a' },
      records: [{ op: 'STAT', path: '/ws/a/x', before: 'ABSENT', result: -40 }],
      accesses: { a: 'symlink probed@0 link@0(b)', b: 'symlink link@0(a)' },
    },
    {
      name: 'a link the task made is followed to its place, also after it was removed',
      disk: { '/ws/real/f': 'file' },
      records: [
        { op: 'SYMLINK', path: '/ws/l', path2: 'real', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/l/f', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/l', before: 'SYMLINK' },
        { op: 'STAT', path: '/ws/l/f', before: 'ABSENT' },
      ],
      accesses: {
        l: 'absent probed@0 written@0',
        'real/f': 'file content@1 probed@1',
      },
    },
    {
      name: 'a directory was no link before the task replaced it',
      disk: { '/ws/d': '-> e', '/ws/e/f': 'file' },
      records: [
        { op: 'STAT', path: '/ws/d/f', before: 'ABSENT' },
        { op: 'UNLINK', path: '/ws/d', before: 'DIRECTORY', aux: AT_REMOVEDIR, result: 0 },
        { op: 'SYMLINK', path: '/ws/d', path2: 'e', before: 'ABSENT' },
        { op: 'STAT', path: '/ws/d/f', before: 'FILE' },
      ],
      accesses: {
        d: 'directory probed@1 listed@1 written@1',
        'd/f': 'absent probed@0',
        'e/f': 'file probed@3',
      },
    },
    {
      name: 'a hard link to a symlink is a symlink from then on',
      disk: { '/ws/l': '-> d', '/ws/h': '-> d', '/ws/d/f': 'file' },
      records: [
        { op: 'STAT', path: '/ws/h/f', before: 'ABSENT' },
        { op: 'LINK', path: '/ws/l', path2: '/ws/h', before: 'SYMLINK', before2: 'ABSENT' },
        { op: 'STAT', path: '/ws/h/f', before: 'FILE' },
      ],
      accesses: {
        'd/f': 'file probed@2',
        h: 'absent probed@1 written@1',
        'h/f': 'absent probed@0',
        l: 'symlink probed@1 link@2(d)',
      },
    },
    {
      name: 'a link is renamed into place',
      disk: { '/ws/current': '-> v2', '/ws/v2/f': 'file' },
      records: [
        { op: 'SYMLINK', path: '/ws/tmp', path2: 'v2', before: 'ABSENT' },
        {
          op: 'RENAME',
          path: '/ws/tmp',
          path2: '/ws/current',
          before: 'SYMLINK',
          before2: 'SYMLINK',
        },
        { op: 'STAT', path: '/ws/current/f', before: 'FILE' },
      ],
      accesses: {
        current: 'symlink written@1',
        tmp: 'absent probed@0 written@0',
        'v2/f': 'file probed@2',
      },
    },
  ]);

  test('what was reached through a link whose text is gone cannot be told', () => {
    const { incomplete } = classifyRecords({ '/ws/v2/f': 'file' }, [
      { op: 'PROCESS', path: '/bin/x', path2: 'x', pid: 5 },
      { op: 'OPEN', path: '/ws/l/f', before: 'FILE', pid: 5 },
      { op: 'UNLINK', path: '/ws/l', before: 'SYMLINK', pid: 5 },
    ]);
    assert.deepEqual(incomplete, [
      {
        cause: 'ambiguous-path',
        process: ['x'],
        pid: 5,
        detail: '/ws/l/f: /ws/l was a symbolic link',
      },
    ]);
  });

  test('reading a link that is removed later leaves its text unknown', () => {
    const { accesses } = classifyRecords({}, [
      { op: 'READLINK', path: '/ws/l', before: 'SYMLINK' },
      { op: 'UNLINK', path: '/ws/l', before: 'SYMLINK' },
    ]);
    assert.deepEqual(inShort(accesses), { l: 'unknown probed@0 written@0' });
  });
});

describe('writing', () => {
  const ws = { '/ws/a': 'file' };
  check([
    {
      name: 'truncating a file reads nothing, and later reads see the task’s own work',
      disk: ws,
      records: [
        { op: 'OPEN', path: '/ws/a', before: 'FILE', aux: WRONLY | CREAT | TRUNC },
        { op: 'OPEN', path: '/ws/a', before: 'FILE' },
      ],
      accesses: { a: 'file written@0' },
    },
    {
      name: 'reading before truncating is a reading',
      disk: ws,
      records: [
        { op: 'OPEN', path: '/ws/a', before: 'FILE' },
        { op: 'OPEN', path: '/ws/a', before: 'FILE', aux: WRONLY | TRUNC },
      ],
      accesses: { a: 'file content@0 probed@0 written@1' },
    },
    ...(
      [
        ['O_RDWR', RDWR],
        ['O_APPEND', WRONLY | APPEND],
        ['O_WRONLY without O_TRUNC', WRONLY],
      ] as const
    ).map(([name, aux]) => ({
      name: `${name} reads and writes`,
      disk: ws,
      records: [{ op: 'OPEN', path: '/ws/a', before: 'FILE', aux } as const],
      accesses: { a: 'file content@0 probed@0 written@0' },
    })),
    {
      name: 'O_RDONLY with O_TRUNC writes',
      disk: ws,
      records: [{ op: 'OPEN', path: '/ws/a', before: 'FILE', aux: TRUNC }],
      accesses: { a: 'file probed@0 written@0' },
    },
    {
      name: 'creating with O_TRUNC does not tell whether the file was there; appending does',
      disk: { '/ws/t': 'file', '/ws/p': 'file', '/ws/x': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/t', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'OPEN', path: '/ws/p', before: 'ABSENT', aux: WRONLY | CREAT | APPEND },
        { op: 'OPEN', path: '/ws/x', before: 'ABSENT', aux: RDWR | CREAT | EXCL },
        { op: 'OPEN', path: '/ws/t', before: 'FILE' },
      ],
      accesses: {
        p: 'absent probed@1 written@1',
        t: 'absent written@0',
        x: 'absent probed@2 written@2',
      },
    },
    {
      name: 'O_EXCL on what exists fails',
      disk: ws,
      records: [{ op: 'OPEN', path: '/ws/a', before: 'FILE', aux: RDWR | CREAT | EXCL }],
      accesses: { a: 'file probed@0' },
    },
    {
      name: 'a failed open for writing is a look, by its result or by the file’s mode',
      disk: { '/ws/a': 'file', '/ws/b': 'read-only' },
      records: [
        { op: 'OPEN', path: '/ws/a', before: 'FILE', aux: RDWR, result: -13 },
        { op: 'OPEN', path: '/ws/b', before: 'FILE', aux: RDWR },
        { op: 'OPEN', path: '/ws/b', before: 'FILE' },
      ],
      accesses: { a: 'file probed@0', b: 'file content@2 probed@1' },
    },
    {
      name: 'whether it was writable before its mode was changed cannot be told',
      disk: { '/ws/b': 'read-only' },
      records: [
        { op: 'OPEN', path: '/ws/b', before: 'FILE', aux: WRONLY | TRUNC },
        { op: 'ATTR', path: '/ws/b', before: 'FILE' },
      ],
      accesses: { b: 'unknown content@1 probed@0 written@0' },
    },
    {
      name: 'O_TMPFILE is a look at the directory; its link is a new file',
      disk: { '/ws/d/f': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/d', before: 'DIRECTORY', aux: RDWR | TMPFILE },
        {
          op: 'LINK',
          path: '/proc/self/fd/3',
          path2: '/ws/d/f',
          before: 'SYMLINK',
          before2: 'ABSENT',
          flags: ['FOLLOW2'],
        },
      ],
      accesses: { d: 'directory probed@0', 'd/f': 'absent probed@1 written@1' },
    },
    {
      name: 'mkdir makes a directory; on one that is there it is a look',
      disk: { '/ws/d': 'directory', '/ws/e': 'directory' },
      records: [
        { op: 'MKDIR', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'MKDIR', path: '/ws/e', before: 'ABSENT' },
        { op: 'LIST', path: '/ws/e', before: 'DIRECTORY' },
        { op: 'STAT', path: '/ws/e/x', before: 'ABSENT' },
        { op: 'LIST', path: '/ws/d', before: 'DIRECTORY' },
      ],
      accesses: { d: 'directory probed@0 listed@4', e: 'absent probed@1 written@1' },
    },
    {
      name: 'creating below a directory that is not there shows its absence; the retry may be missing',
      disk: { '/ws/a/b/f': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/a/b/f', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'MKDIR', path: '/ws/a/b', before: 'ABSENT' },
        { op: 'MKDIR', path: '/ws/a', before: 'ABSENT' },
      ],
      accesses: {
        a: 'absent probed@1 written@2',
        'a/b': 'absent probed@0 written@1',
        'a/b/f': 'absent written@0',
      },
    },
    {
      name: 'directories made in a second attempt that equals the first are moved with their files',
      disk: { '/ws/r/m/f': 'file' },
      records: [
        { op: 'MKDIR', path: '/ws/n/m', before: 'ABSENT' },
        { op: 'MKDIR', path: '/ws/n', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/n/m/f', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'RENAME', path: '/ws/n', path2: '/ws/r', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        n: 'absent probed@0 written@1',
        'n/m': 'absent written@0',
        'n/m/f': 'absent written@2',
        r: 'absent written@3',
        'r/m': 'absent written@3',
        'r/m/f': 'absent written@3',
      },
    },
    {
      name: 'a directory that never came to be is no output',
      records: [{ op: 'MKDIR', path: '/ws/a/b', before: 'ABSENT' }],
      accesses: { a: 'absent probed@0' },
    },
    {
      name: 'deleting looks and writes',
      disk: { '/ws/d': 'directory' },
      records: [
        { op: 'UNLINK', path: '/ws/a', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/b', before: 'ABSENT' },
        { op: 'UNLINK', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'OPEN', path: '/ws/a', before: 'ABSENT' },
      ],
      accesses: {
        a: 'file probed@0 written@0',
        b: 'absent probed@1',
        d: 'directory probed@2',
      },
    },
    {
      name: 'what is still there, and nothing made again, was not deleted; a directory was not empty',
      disk: { '/ws/a': 'file', '/ws/d/x': 'file' },
      records: [
        { op: 'UNLINK', path: '/ws/a', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/d', before: 'DIRECTORY', aux: AT_REMOVEDIR },
      ],
      accesses: { a: 'file probed@0', d: 'directory probed@1 listed@1' },
    },
    {
      name: 'a directory that may have been removed only later is still listed',
      records: [
        { op: 'UNLINK', path: '/ws/d', before: 'DIRECTORY', aux: AT_REMOVEDIR },
        { op: 'LIST', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'UNLINK', path: '/ws/d/x', before: 'FILE' },
      ],
      accesses: {
        d: 'directory probed@0 listed@0 written@0',
        'd/x': 'file probed@2 written@2',
      },
    },
    {
      name: 'what is written needs its directory, and keeps its mode',
      disk: { '/ws/d/new': 'file', '/ws/d/old': 'file', '/ws/d/run': 'executable' },
      records: [
        { op: 'OPEN', path: '/ws/d/new', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'OPEN', path: '/ws/d/old', before: 'FILE', aux: WRONLY | CREAT | TRUNC },
        { op: 'OPEN', path: '/ws/d/run', before: 'FILE', aux: WRONLY | CREAT | TRUNC },
      ],
      accesses: {
        d: 'directory probed@0',
        'd/new': 'absent written@0',
        'd/old': 'file written@1',
        'd/run': 'file probed@2 written@2',
      },
    },
    {
      name: 'a slash behind the name of no directory lets every change fail',
      disk: { '/ws/f': 'file', '/ws/g': 'file', '/ws/d': 'directory' },
      records: [
        { op: 'OPEN', path: '/ws/none/', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'OPEN', path: '/ws/f/', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'RENAME', path: '/ws/g', path2: '/ws/away/', before: 'FILE', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/f', before: 'FILE' },
        { op: 'MKDIR', path: '/ws/d/', before: 'ABSENT' },
      ],
      accesses: {
        none: 'absent probed@0',
        f: 'file content@3 probed@1',
        g: 'file probed@2',
        away: 'absent probed@2',
        d: 'absent probed@4 written@4',
      },
    },
    {
      name: 'an emptied and filled directory',
      disk: { '/ws/dist/b': 'file' },
      records: [
        { op: 'LIST', path: '/ws/dist', before: 'DIRECTORY' },
        { op: 'UNLINK', path: '/ws/dist/a', before: 'FILE', result: 0 },
        { op: 'UNLINK', path: '/ws/dist', before: 'DIRECTORY', aux: AT_REMOVEDIR, result: 0 },
        { op: 'MKDIR', path: '/ws/dist', before: 'ABSENT', result: 0 },
        {
          op: 'OPEN',
          path: '/ws/dist/b',
          before: 'ABSENT',
          aux: WRONLY | CREAT | TRUNC,
          result: 3,
        },
        { op: 'LIST', path: '/ws/dist', before: 'DIRECTORY' },
      ],
      accesses: {
        dist: 'directory probed@2 listed@0 written@2',
        'dist/a': 'file probed@1 written@1',
        'dist/b': 'absent written@4',
      },
    },
    {
      name: 'a new mode makes a result of the old content, unless the task wrote the file itself',
      disk: { '/ws/a': 'file', '/ws/n': 'file', '/ws/d': 'directory' },
      records: [
        { op: 'ATTR', path: '/ws/a', before: 'FILE' },
        { op: 'OPEN', path: '/ws/n', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'ATTR', path: '/ws/n', before: 'FILE' },
        { op: 'ATTR', path: '/ws/d', before: 'DIRECTORY' },
        { op: 'ATTR', path: '/ws/gone', before: 'ABSENT' },
      ],
      accesses: {
        a: 'file content@0 probed@0 written@0',
        d: 'directory probed@3 written@3',
        gone: 'absent probed@4',
        n: 'absent written@1',
      },
    },
    {
      name: 'truncate keeps a part of the old content',
      disk: ws,
      records: [{ op: 'TRUNCATE', path: '/ws/a', before: 'FILE' }],
      accesses: { a: 'file content@0 probed@0 written@0' },
    },
    {
      name: 'mknod and symlink',
      disk: { '/ws/p': 'other', '/ws/l': '-> x' },
      records: [
        { op: 'MKNOD', path: '/ws/p', before: 'ABSENT' },
        { op: 'SYMLINK', path: '/ws/l', path2: 'x', before: 'ABSENT' },
        { op: 'SYMLINK', path: '/ws/p', path2: 'x', before: 'OTHER' },
      ],
      accesses: { l: 'absent probed@1 written@1', p: 'absent probed@0 written@0' },
    },
    {
      name: 'through a link to a file that is there, and to one that is not',
      disk: { '/ws/l': '-> f', '/ws/f': 'file', '/ws/m': '-> n', '/ws/n': 'file' },
      records: [
        { op: 'STAT', path: '/ws/n', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/l', before: 'SYMLINK', aux: WRONLY | TRUNC },
        { op: 'OPEN', path: '/ws/m', before: 'SYMLINK', aux: WRONLY | CREAT | TRUNC },
      ],
      accesses: {
        f: 'unknown probed@1 written@1',
        l: 'symlink link@1(f)',
        m: 'symlink link@2(n)',
        n: 'absent probed@0 written@2',
      },
    },
    {
      name: 'writing a file under its second name changes the first',
      disk: { '/ws/a': 'file', '/ws/b': 'file' },
      records: [
        { op: 'LINK', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/b', before: 'FILE', aux: WRONLY | APPEND },
      ],
      accesses: { a: 'file content@1 probed@0 written@1', b: 'absent probed@0 written@0' },
    },
    {
      name: 'that a directory cannot be linked is told where there is a place for a link only',
      disk: { '/ws/d': 'directory', '/ws/n': 'directory' },
      records: [
        { op: 'LINK', path: '/ws/d', path2: '/ws/n/p', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        d: 'directory probed@0',
        n: 'directory probed@0',
        'n/p': 'absent probed@0',
      },
    },
    {
      name: 'a link or a new name behind a path that leads nowhere tells of the first path, too',
      records: [
        { op: 'LINK', path: '/ws/d/s', path2: '/ws/k/../p', before: 'ABSENT', before2: 'ABSENT' },
      ],
      accesses: { 'd/s': 'absent probed@0', k: 'absent probed@0' },
    },
    {
      name: 'a hard link makes a result of its source’s content',
      disk: { '/ws/a': 'file', '/ws/b': 'file' },
      records: [{ op: 'LINK', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'ABSENT' }],
      accesses: { a: 'file content@0 probed@0', b: 'absent probed@0 written@0' },
    },
  ]);
});

describe('renaming', () => {
  check([
    {
      name: 'a temporary file renamed onto the target',
      disk: { '/ws/out': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/.tmp1', before: 'ABSENT', aux: WRONLY | CREAT | EXCL },
        { op: 'RENAME', path: '/ws/.tmp1', path2: '/ws/out', before: 'FILE', before2: 'FILE' },
        { op: 'OPEN', path: '/ws/out', before: 'FILE' },
      ],
      accesses: { '.tmp1': 'absent probed@0 written@0', out: 'file written@1' },
    },
    {
      name: 'a file that was there makes a result of its content',
      disk: { '/ws/b': 'file' },
      records: [{ op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'ABSENT' }],
      accesses: { a: 'file content@0 probed@0 written@0', b: 'absent written@0' },
    },
    {
      name: 'a file moved away and deleted was only deleted',
      disk: { '/ws/a': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/a~', before: 'FILE', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/a', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'UNLINK', path: '/ws/a~', before: 'FILE' },
      ],
      accesses: { a: 'file probed@0 written@0', 'a~': 'absent written@0' },
    },
    {
      name: 'a file moved away and read there was read',
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/b', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/b', before: 'FILE' },
      ],
      accesses: { a: 'file content@1 probed@0 written@0', b: 'absent written@0' },
    },
    {
      name: 'failed renames are looks',
      disk: { '/ws/a': 'file', '/ws/d': 'directory', '/ws/b': 'file', '/ws/e': 'directory' },
      records: [
        { op: 'RENAME', path: '/ws/none', path2: '/ws/x', before: 'ABSENT', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/a', path2: '/ws/d', before: 'FILE', before2: 'DIRECTORY' },
        {
          op: 'RENAME',
          path: '/ws/a',
          path2: '/ws/b',
          before: 'FILE',
          before2: 'FILE',
          aux: RENAME_NOREPLACE,
        },
        {
          op: 'RENAME',
          path: '/ws/a',
          path2: '/ws/b',
          before: 'FILE',
          before2: 'FILE',
          result: -18,
        },
        { op: 'RENAME', path: '/ws/e', path2: '/ws/d', before: 'DIRECTORY', before2: 'DIRECTORY' },
      ],
      accesses: {
        a: 'file probed@1',
        b: 'file probed@2',
        d: 'directory probed@1 listed@4',
        e: 'directory probed@4',
        none: 'absent probed@0',
      },
    },
    {
      name: 'a directory is not renamed into itself, nor onto a symlink',
      disk: { '/ws/d/e/f': 'file', '/ws/l': '-> d' },
      records: [
        { op: 'RENAME', path: '/ws/d', path2: '/ws/d/e/g', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/d', path2: '/ws/l', before: 'DIRECTORY', before2: 'SYMLINK' },
        { op: 'OPEN', path: '/ws/l/e/f', before: 'FILE' },
      ],
      accesses: {
        d: 'directory probed@0',
        'd/e/f': 'file content@2 probed@2',
        'd/e/g': 'absent probed@0',
        l: 'symlink probed@1 link@2(d)',
      },
    },
    {
      name: 'a moved directory takes the place of what was looked for there before',
      disk: { '/ws/n/a': 'file' },
      records: [
        { op: 'STAT', path: '/ws/n/a', before: 'ABSENT' },
        { op: 'RENAME', path: '/ws/d', path2: '/ws/n', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/n/a', before: 'FILE' },
      ],
      accesses: {
        d: 'directory probed@1 listed@1 written@1',
        'd/a': 'file content@2 probed@2 written@1',
        n: 'absent written@1',
        'n/a': 'absent probed@0 written@1',
      },
    },
    {
      name: 'two directories that change places',
      disk: { '/ws/a/x': 'file', '/ws/b/y': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/t', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/b', path2: '/ws/a', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/t', path2: '/ws/b', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'OPEN', path: '/ws/a/x', before: 'FILE' },
        { op: 'STAT', path: '/ws/b/x', before: 'ABSENT' },
      ],
      accesses: {
        a: 'directory probed@0 listed@0 written@0',
        'a/x': 'absent probed@4 written@1',
        'a/y': 'file content@2 written@0',
        b: 'directory probed@1 listed@1 written@1',
        'b/x': 'file content@3 probed@3 written@1',
        'b/y': 'absent written@2',
        t: 'absent written@0',
        't/y': 'absent written@0',
      },
    },
    {
      name: 'a file seen again that was taken for moved away leaves doubt',
      disk: { '/ws/b': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'FILE' },
        { op: 'UNLINK', path: '/ws/a', before: 'FILE' },
      ],
      accesses: { a: 'unknown content@0 probed@0 written@0', b: 'file written@0' },
    },
    {
      name: 'into a directory that is not there',
      disk: { '/ws/a': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/d/a', before: 'FILE', before2: 'ABSENT' },
      ],
      accesses: { a: 'file probed@0', d: 'absent probed@0' },
    },
    {
      name: 'whether it replaced the target cannot be told when the source was made again',
      disk: { '/ws/a': 'file', '/ws/b': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'FILE' },
        { op: 'OPEN', path: '/ws/a', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
      ],
      accesses: { a: 'unknown probed@0 written@0', b: 'unknown probed@0 written@0' },
    },
    {
      name: 'it did not when the source was found there by the next creation',
      disk: { '/ws/a': 'file', '/ws/b': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/a', path2: '/ws/b', before: 'FILE', before2: 'FILE' },
        { op: 'OPEN', path: '/ws/a', before: 'FILE', aux: WRONLY | CREAT | TRUNC },
      ],
      accesses: { a: 'file probed@0 written@1' },
    },
    {
      name: 'a directory the task made is renamed into place with all it made in it',
      disk: { '/ws/dist/a': 'file', '/ws/dist/s/b': 'file' },
      records: [
        { op: 'MKDIR', path: '/ws/tmp', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/tmp/a', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'MKDIR', path: '/ws/tmp/s', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/tmp/s/b', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        {
          op: 'RENAME',
          path: '/ws/tmp',
          path2: '/ws/dist',
          before: 'DIRECTORY',
          before2: 'ABSENT',
        },
        { op: 'OPEN', path: '/ws/dist/a', before: 'FILE' },
      ],
      accesses: {
        dist: 'absent written@4',
        'dist/a': 'absent written@4',
        'dist/s': 'absent written@4',
        'dist/s/b': 'absent written@4',
        tmp: 'absent probed@0 written@0',
        'tmp/a': 'absent written@1',
        'tmp/s': 'absent written@2',
        'tmp/s/b': 'absent written@3',
      },
    },
    {
      name: 'a directory that was there makes a result of every file in it',
      disk: { '/ws/new/a': 'file', '/ws/new/b': 'file' },
      records: [
        { op: 'OPEN', path: '/ws/old/b', before: 'FILE', aux: WRONLY | TRUNC, result: 3 },
        { op: 'RENAME', path: '/ws/old', path2: '/ws/new', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        new: 'absent written@1',
        'new/a': 'absent written@1',
        'new/b': 'absent written@1',
        old: 'directory probed@0 listed@1 written@1',
        'old/a': 'file content@1 written@1',
        'old/b': 'file probed@0 written@0',
      },
    },
    {
      name: 'a directory moved away, deleted there, and made anew',
      disk: { '/ws/dist/a': 'file' },
      records: [
        {
          op: 'RENAME',
          path: '/ws/dist',
          path2: '/ws/bin',
          before: 'DIRECTORY',
          before2: 'ABSENT',
        },
        { op: 'MKDIR', path: '/ws/dist', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/dist/a', before: 'ABSENT', aux: WRONLY | CREAT | TRUNC },
        { op: 'LIST', path: '/ws/bin', before: 'DIRECTORY' },
        { op: 'UNLINK', path: '/ws/bin/a', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/bin/z', before: 'FILE' },
        { op: 'UNLINK', path: '/ws/bin', before: 'DIRECTORY', aux: AT_REMOVEDIR },
      ],
      accesses: {
        bin: 'absent written@0',
        'bin/a': 'absent written@4',
        'bin/z': 'absent written@5',
        dist: 'directory probed@0 listed@0 written@0',
        'dist/a': 'file probed@4 written@2',
        'dist/z': 'file probed@5 written@0',
      },
    },
    {
      name: 'out of the workspace and into it',
      disk: { '/tmp/y': 'file', '/ws/in/f': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/x', path2: '/tmp/y', before: 'FILE', before2: 'ABSENT' },
        { op: 'RENAME', path: '/tmp/in', path2: '/ws/in', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        in: 'absent written@1',
        'in/f': 'absent written@1',
        x: 'file probed@0 written@0',
      },
    },
    {
      name: 'a directory that leaves the workspace takes along what nothing tells',
      disk: { '/ws/l': '-> ..', '/tmp/out/l': '-> n' },
      records: [{ op: 'RENAME', path: '/ws/d', path2: '/ws/l/../tmp/out', before: 'DIRECTORY' }],
      accesses: {
        '.': 'directory probed@0',
        d: 'unknown probed@0 listed@0 written@0',
        l: 'symlink link@0(..)',
      },
    },
    {
      name: 'and so it does by way of one that the task made',
      disk: { '/tmp/out/d/f': 'file' },
      records: [
        { op: 'MKDIR', path: '/ws/t', before: 'ABSENT' },
        { op: 'RENAME', path: '/ws/d', path2: '/ws/t/d', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/t', path2: '/tmp/out', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        d: 'directory probed@1 listed@1 written@1',
        'd/f': 'file written@1',
        t: 'unknown probed@0 written@0',
        't/d': 'absent written@1',
        't/d/f': 'absent written@1',
      },
    },
    {
      name: 'the task may take out what it made',
      disk: { '/tmp/out/f': 'file' },
      records: [
        { op: 'MKDIR', path: '/ws/t', before: 'ABSENT' },
        { op: 'MKDIR', path: '/ws/t/e', before: 'ABSENT' },
        { op: 'OPEN', path: '/ws/t/f', before: 'ABSENT', aux: WRONLY | CREAT },
        { op: 'RENAME', path: '/ws/t', path2: '/tmp/out', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        t: 'absent probed@0 written@0',
        't/e': 'absent written@1',
        't/f': 'absent written@2',
      },
    },
    {
      name: 'a directory that comes from outside and goes there again',
      disk: { '/tmp/out/f': 'file' },
      records: [
        { op: 'RENAME', path: '/tmp/in', path2: '/ws/t', before: 'DIRECTORY', before2: 'ABSENT' },
        { op: 'RENAME', path: '/ws/t', path2: '/tmp/out', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: { t: 'absent written@0', 't/f': 'absent written@0' },
    },
    {
      name: 'a moved directory is listed, with those in it; its symlinks and files are results',
      disk: { '/ws/e/l': '-> n', '/ws/e/g/f': 'file' },
      records: [
        { op: 'RENAME', path: '/ws/d', path2: '/ws/e', before: 'DIRECTORY', before2: 'ABSENT' },
      ],
      accesses: {
        d: 'directory probed@0 listed@0 written@0',
        'd/g': 'directory listed@0 written@0',
        'd/g/f': 'file content@0 written@0',
        'd/l': 'symlink link@0(n) written@0',
        e: 'absent written@0',
        'e/g': 'absent written@0',
        'e/g/f': 'absent written@0',
        'e/l': 'absent written@0',
      },
    },
    {
      name: 'an exchange reads and writes both',
      disk: { '/ws/a': 'file', '/ws/b': 'file' },
      records: [
        {
          op: 'RENAME',
          path: '/ws/a',
          path2: '/ws/b',
          before: 'FILE',
          before2: 'FILE',
          aux: RENAME_EXCHANGE,
        },
      ],
      accesses: {
        a: 'file content@0 probed@0 written@0',
        b: 'file content@0 probed@0 written@0',
      },
    },
  ]);
});

describe('names that are not UTF-8', () => {
  test('inside the workspace they make the trace incomplete', () => {
    const { incomplete } = classifyRecords({ '/ws/d': 'directory' }, [
      { op: 'PROCESS', path: '/bin/x', path2: 'x' },
      { op: 'STAT', path: Buffer.concat([Buffer.from('/ws/d/'), Buffer.from([0xff])]) },
    ]);
    assert.deepEqual(incomplete, [
      { cause: 'undecodable-path', process: ['x'], pid: 100, detail: '/ws/d/\ufffd' },
    ]);
  });

  test('outside they are nothing', () => {
    const path = Buffer.concat([Buffer.from('/nowhere/'), Buffer.from([0xff])]);
    const { incomplete } = classifyRecords({}, [{ op: 'STAT', path }]);
    assert.deepEqual(incomplete, []);
  });
});

test('what lies below a descriptor of /proc cannot be told', () => {
  const { incomplete } = classifyRecords({}, [
    { op: 'STAT', path: '/proc/self/fd/7/x', before: 'FILE' },
    { op: 'STAT', path: '/proc/self/maps', before: 'FILE' },
    { op: 'READLINK', path: '/proc/self/exe', before: 'SYMLINK' },
  ]);
  assert.deepEqual(
    incomplete.map(({ cause, detail }) => [cause, detail]),
    [['ambiguous-path', '/proc/self/fd/7/x']],
  );
});
