import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Digest } from '../../cache/brands.js';
import { TraceBuilder } from './testing/trace-builder.js';
import {
  CHUNK_SIZE,
  HEADER_SIZE,
  IncompleteBit,
  Kind,
  Op,
  RESULT_UNKNOWN,
} from './trace-format.js';
import { traceSum } from './trace-sum.js';
import { readTraceBuffer, readTraceFile, splitArgv } from './trace-reader.js';

test('records of all chunks come sorted by sequence, with every field', () => {
  const log = new TraceBuilder()
    .add({ op: 'STAT', path: '/b', sequence: 5, before: 'FILE', flags: ['NOFOLLOW'], chunk: 0 })
    .add({
      op: 'RENAME',
      path: '/é',
      path2: '/to',
      sequence: 2,
      pid: 7,
      result: -2,
      aux: 1,
      before: 'DIRECTORY',
      before2: 'SYMLINK',
      chunk: 1,
    })
    .build();
  assert.deepEqual(readTraceBuffer(log), {
    records: [
      {
        op: Op.RENAME,
        flags: 0,
        pid: 7,
        sequence: 2,
        result: -2,
        aux: 1,
        before: Kind.DIRECTORY,
        before2: Kind.SYMLINK,
        path: '/é',
        path2: '/to',
      },
      {
        op: Op.STAT,
        flags: 1,
        pid: 100,
        sequence: 5,
        result: RESULT_UNKNOWN,
        aux: 0,
        before: Kind.FILE,
        before2: Kind.UNKNOWN,
        path: '/b',
        path2: '',
      },
    ],
    incomplete: [],
  });
});

test('a file is read like a buffer, and a missing one is damage', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vt-reader-'));
  try {
    const log = new TraceBuilder().add({ op: 'STAT', path: '/a', before: 'ABSENT' }).build();
    const file = join(directory, 'trace');
    writeFileSync(file, log);
    assert.deepEqual(readTraceFile(file), readTraceBuffer(log));
    const missing = readTraceFile(join(directory, 'none'));
    assert.deepEqual(missing.records, []);
    assert.equal(missing.incomplete[0]?.cause, 'log-damaged');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what could not be observed is told with the process, or by the header bit alone', () => {
  const builder = new TraceBuilder()
    .add({ op: 'PROCESS', path: '/bin/x', path2: 'x\0-y\0', pid: 9 })
    .add({ op: 'INCOMPLETE', aux: IncompleteBit.FOREIGN_ABI, path: 'int 0x80', pid: 9 })
    .add({ op: 'SURVIVOR', pid: 9 });
  builder.incomplete = IncompleteBit.FOREIGN_ABI | IncompleteBit.LOG_OVERFLOW;
  builder.finished = false;
  assert.deepEqual(readTraceBuffer(builder.build()).incomplete, [
    { cause: 'foreign-abi', process: ['x', '-y'], pid: 9, detail: 'int 0x80' },
    { cause: 'survivors', process: ['x', '-y'], pid: 9 },
    { cause: 'log-overflow' },
  ]);
});

test('a supervisor that did not finish, and named no survivor, is lost', () => {
  const builder = new TraceBuilder().add({ op: 'STAT', path: '/a' });
  builder.finished = false;
  assert.deepEqual(readTraceBuffer(builder.build()).incomplete, [{ cause: 'supervisor-lost' }]);
});

test('a bit of a newer native part is not overlooked', () => {
  const builder = new TraceBuilder();
  builder.incomplete = 1 << 20;
  assert.deepEqual(readTraceBuffer(builder.build()).incomplete, [
    { cause: 'supervisor-lost', detail: 'bits 100000' },
  ]);
});

test('names that are not UTF-8 keep their bytes; U+FFFD in a name is a name', () => {
  const bytes = Buffer.from('2f61ff', 'hex');
  const log = new TraceBuilder()
    .add({ op: 'STAT', path: bytes })
    .add({ op: 'STAT', path: '/\ufffd' })
    .build();
  const { records } = readTraceBuffer(log);
  assert.deepEqual(records[0]?.rawPath, bytes);
  assert.equal(records[1]?.path, '/\ufffd');
  assert.equal(records[1]?.rawPath, undefined);
});

test('a chunk taken by a process killed before its first record is empty, not damaged', () => {
  const log = new TraceBuilder().add({ op: 'STAT', path: '/a', chunk: 1 }).build();
  log.fill(0, HEADER_SIZE, HEADER_SIZE + CHUNK_SIZE);
  const { records, incomplete } = readTraceBuffer(log);
  assert.equal(records.length, 1);
  assert.deepEqual(incomplete, []);
});

const damages: readonly [name: string, damage: (log: Buffer) => Buffer][] = [
  ['header cut off', (log) => log.subarray(0, 100)],
  ['empty', () => Buffer.alloc(0)],
  ['other magic', (log) => patched(log, (b) => b.writeUInt8(0, 0))],
  ['other version', (log) => patched(log, (b) => b.writeUInt32LE(1, 8))],
  ['chunks missing', (log) => log.subarray(0, HEADER_SIZE + CHUNK_SIZE - 1)],
  ['chunk magic', (log) => patched(log, (b) => b.writeUInt32LE(5, HEADER_SIZE))],
  ['chunk length', (log) => patched(log, (b) => b.writeUInt32LE(CHUNK_SIZE, HEADER_SIZE + 8))],
  ['record size 0', (log) => patched(log, (b) => b.writeUInt16LE(0, HEADER_SIZE + 16))],
  ['record size odd', (log) => patched(log, (b) => b.writeUInt16LE(41, HEADER_SIZE + 16))],
  ['path length', (log) => patched(log, (b) => b.writeUInt16LE(9000, HEADER_SIZE + 16 + 26))],
  ['operation', (log) => patched(log, (b) => b.writeUInt8(99, HEADER_SIZE + 18))],
  ['kind', (log) => patched(log, (b) => b.writeUInt8(9, HEADER_SIZE + 16 + 24))],
  ['sequence', (log) => patched(log, (b) => b.writeUInt8(1, HEADER_SIZE + 16 + 15))],
  ['relative path', (log) => patched(log, (b) => b.write('x', HEADER_SIZE + 16 + 32))],
];

for (const [name, damage] of damages) {
  test(`damage is told: ${name}`, () => {
    const log = new TraceBuilder().add({ op: 'STAT', path: '/a' }).build();
    const damaged = damage(log);
    const tell = (): string[] => readTraceBuffer(damaged).incomplete.map(({ cause }) => cause);
    assert.deepEqual(tell(), ['log-damaged']);
    if (damaged.length < HEADER_SIZE + CHUNK_SIZE) return;
    // Not by the sum alone: a writer that is mistaken has the sum right.
    const [start, used] = [HEADER_SIZE + 16, damaged.readUInt32LE(HEADER_SIZE + 8)];
    if (used > CHUNK_SIZE - 16) return;
    damaged.writeUInt32LE(traceSum(damaged, start, start + used), HEADER_SIZE + 12);
    assert.deepEqual(tell(), ['log-damaged']);
  });
}

test('damage is told: a letter of a path, a record that is left out, two of one place', () => {
  const build = (): Buffer =>
    new TraceBuilder().add({ op: 'STAT', path: '/a' }).add({ op: 'STAT', path: '/b' }).build();
  const letter = patched(build(), (log) => log.write('/c', HEADER_SIZE + 16 + 32));
  const shorter = patched(build(), (log) => log.writeUInt32LE(40, HEADER_SIZE + 8));
  const twice = new TraceBuilder()
    .add({ op: 'STAT', path: '/a', sequence: 4 })
    .add({ op: 'STAT', path: '/b', sequence: 4 })
    .build();
  const fewer = patched(build(), (log) => log.writeBigUInt64LE(0n, 24));
  const detail = [letter, shorter, twice, fewer].map((log) => readTraceBuffer(log).incomplete);
  assert.deepEqual(detail, [
    [{ cause: 'log-damaged', detail: 'chunk 0: bad sum' }],
    [{ cause: 'log-damaged', detail: 'chunk 0: bad sum' }],
    [{ cause: 'log-damaged', detail: 'sequence 4 is there twice' }],
    [{ cause: 'log-damaged', detail: 'a chunk that nobody took has records' }],
  ]);
});

test('more chunks taken than there may be is an overflow, whoever failed to say so', () => {
  const log = new TraceBuilder().add({ op: 'STAT', path: '/a' }).build();
  log.writeBigUInt64LE(2n, 24);
  log.writeBigUInt64LE(1n, 32);
  assert.deepEqual(readTraceBuffer(log).incomplete, [{ cause: 'log-overflow' }]);
});

function patched(log: Buffer, patch: (log: Buffer) => void): Buffer {
  patch(log);
  return log;
}

test('argv may end with a NUL or not', () => {
  assert.deepEqual(splitArgv('a\0\0b'), ['a', '', 'b']);
  assert.deepEqual(splitArgv('a\0\0b\0'), ['a', '', 'b']);
  assert.deepEqual(splitArgv(''), []);
});

test('what files held before they were changed, and why that is not known', () => {
  const taken = {
    digest: 'ab'.repeat(32) as Digest,
    executable: true,
    ctimeNs: 1_700_000_000_123_456_789n,
  };
  const log = new TraceBuilder();
  const contents = [
    taken,
    { failure: 'changed' },
    { failure: 'too-large' },
    { failure: 'unreadable' },
  ] as const;
  for (const content of contents) log.add({ op: 'CONTENT', path: '/f', before: 'FILE', content });
  const { records, incomplete } = readTraceBuffer(log.build());
  assert.deepEqual(incomplete, []);
  assert.deepEqual(
    records.map(({ content }) => content),
    contents,
  );
  assert.ok(records.every(({ path2 }) => path2 === ''));
});

test('a content that is none makes the log a damaged one', () => {
  for (const fields of [{ path2: 'short' }, { path2: 'x'.repeat(56), aux: 9 }]) {
    const log = new TraceBuilder().add({ op: 'CONTENT', path: '/f', before: 'FILE', ...fields });
    assert.deepEqual(readTraceBuffer(log.build()).incomplete, [
      { cause: 'log-damaged', detail: 'chunk 0: bad content' },
    ]);
  }
});
