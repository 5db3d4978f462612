import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExplainedLooks } from './explained-looks.js';
import { classifyRecords, inShort, type Disk } from './testing/classify-rig.js';
import type { RecordFields } from './testing/trace-builder.js';
import { OpenFlag, STAT_EXISTENCE } from './trace-format.js';

const since = '/ipc/since-1';
const begun: RecordFields = { op: 'MKDIR', path: since, before: 'ABSENT' };
const read: RecordFields = { op: 'OPEN', path: '/ws/f', before: 'FILE' };
const look: RecordFields = { op: 'STAT', path: '/ws/f', before: 'FILE' };
const list: RecordFields = { op: 'LIST', path: '/ws/d', before: 'DIRECTORY' };
const disk: Disk = { '/ws/f': 'file', '/ws/d/x': 'file', '/ws/g': 'file' };

/** What is left of the records when process 100 said that from `since` on `part` of /ws/f is explained. */
function left(
  records: readonly RecordFields[],
  part: ExplainedLooks['part'] = 'content',
  covers: (path: string) => boolean = (path) => path === '/ws/f' || path === '/ws/d',
): Record<string, string> {
  const explained = [{ since, pid: 100, part, covers }];
  const { accesses } = classifyRecords(disk, records, explained);
  return inShort(accesses.filter(({ path }) => path.startsWith('/ws')));
}

describe('a look is explained', () => {
  it('when the process made it later, at what it said', () => {
    assert.deepEqual(left([begun, read, look]), {});
    assert.deepEqual(left([begun, look], 'state'), {});
    assert.deepEqual(left([begun, { ...look, aux: STAT_EXISTENCE }], 'state'), {});
    assert.deepEqual(left([begun, list], 'names'), {});
  });

  for (const [name, records, expected, part] of [
    ['made before', [read, begun, read], 'file content@0 probed@0'],
    ['of another process', [begun, { ...read, pid: 101 }], 'file content@1 probed@1'],
    ['of another process too', [begun, read, { ...read, pid: 101 }], 'file content@2 probed@2'],
    ['without the moment', [read], 'file content@0 probed@0'],
    [
      'after a moment that the supervisor did not see',
      [{ ...begun, flags: ['SHIM'] }, read],
      'file content@1 probed@1',
    ],
    [
      'after a moment that was there',
      [{ ...begun, before: 'DIRECTORY' }, read],
      'file content@1 probed@1',
    ],
    [
      'after a moment of another process',
      [{ ...begun, pid: 101 }, read],
      'file content@1 probed@1',
    ],
    [
      'by a program executed later',
      [
        { op: 'PROCESS', path: '/bin/a', path2: 'a' },
        begun,
        { op: 'PROCESS', path: '/bin/b', path2: 'b' },
        read,
      ],
      'file content@3 probed@3',
    ],
    [
      'at the content, where its state was asked for',
      [begun, read],
      'file content@1 probed@1',
      'state',
    ],
    ['a reading, where names were asked for', [begun, read], 'file content@1 probed@1', 'names'],
    [
      'that may write, too',
      [begun, { ...read, aux: OpenFlag.RDWR }],
      'file content@1 probed@1 written@1',
    ],
    ['that keeps a handle', [begun, { ...read, aux: OpenFlag.PATH }], 'file probed@1'],
    [
      'as a program',
      [begun, { op: 'EXEC', path: '/ws/f', before: 'FILE' }],
      'file content@1 probed@1 executed@1',
    ],
  ] as const satisfies readonly (readonly [
    string,
    readonly RecordFields[],
    string,
    ExplainedLooks['part']?,
  ])[]) {
    it(`but not one ${name}`, () => {
      assert.equal(left(records, part)['f'], expected);
    });
  }

  it('but not at another path, nor through a symlink', () => {
    assert.deepEqual(left([begun, { ...read, path: '/ws/g' }]), { g: 'file content@1 probed@1' });
    const throughLink = classifyRecords(
      { ...disk, '/ws/l': '-> f' },
      [begun, { op: 'OPEN', path: '/ws/l', before: 'SYMLINK', before2: 'FILE' }],
      [{ since, pid: 100, part: 'content', covers: () => true }],
    );
    assert.equal(inShort(throughLink.accesses)['f'], 'file content@1 probed@1');
  });
});

it('explaining nothing leaves all as it is, over random records', () => {
  let seed = 3;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const some = [begun, read, look, list, { ...read, pid: 101 }, { ...list, pid: 101 }];
  for (let round = 0; round < 500; round++) {
    const records = Array.from({ length: random(8) }, () => some[random(some.length)]!);
    const all = inShort(classifyRecords(disk, records).accesses);
    const none = inShort(
      classifyRecords(disk, records, [{ since, pid: 100, part: 'content', covers: () => false }])
        .accesses,
    );
    assert.deepEqual(none, all);
    // What is explained can only take away, and only where no one else or nothing earlier looked.
    const start = records.indexOf(begun);
    const mine = left(records);
    const counts = records.some(
      (record, index) =>
        record.path === '/ws/f' && (record.pid === 101 || start === -1 || index < start),
    );
    assert.equal(mine['f'] !== undefined, counts, JSON.stringify(records));
  }
});
