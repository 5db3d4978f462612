import type { AbsolutePath } from '../../../cache/brands.js';
import { classify, type Classification } from '../classify.js';
import type { DiskEntry, DiskView } from '../disk-view.js';
import { tabulateProcesses } from '../process-table.js';
import type { ExplainedLooks } from '../explained-looks.js';
import type { PathAccess } from '../task-trace.js';
import { readTraceBuffer } from '../trace-reader.js';
import { TraceBuilder, type RecordFields } from './trace-builder.js';

/**
 * The disk after the run: absolute paths to `file`, `directory`, `other`, `read-only`, `executable`, or
 * `-> text` for a symlink. Directories above them are implied.
 */
export type Disk = Readonly<Record<string, string>>;

/** A file system that is only told of. */
function fakeDisk(disk: Disk): DiskView {
  const entries = new Map<string, DiskEntry>();
  for (const [path, what] of Object.entries(disk)) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      entries.set(path.slice(0, slash), { kind: 'directory' });
    }
    if (what.startsWith('-> ')) entries.set(path, { kind: 'symlink', target: what.slice(3) });
    else if (what === 'directory' || what === 'other') entries.set(path, { kind: what });
    else entries.set(path, { kind: 'file' });
  }
  return {
    entry: (path) => entries.get(path) ?? { kind: path === '/ws' ? 'directory' : 'absent' },
    list: (path) =>
      [...entries.keys()]
        .filter((key) => key.slice(0, key.lastIndexOf('/')) === path)
        .map((key) => key.slice(path.length + 1)),
    writable: (path) => disk[path] !== 'read-only',
    executable: (path) => disk[path] === 'executable',
  };
}

/** Classifies hand-made records of a task in the workspace `/ws`. */
export function classifyRecords(
  disk: Disk,
  records: readonly RecordFields[],
  explained: readonly ExplainedLooks[] = [],
): Classification {
  const builder = new TraceBuilder();
  for (const record of records) builder.add(record);
  const log = readTraceBuffer(builder.build());
  return classify(log.records, tabulateProcesses(log.records), {
    root: '/ws' as AbsolutePath,
    disk: fakeDisk(disk),
    trackerFiles: new Set(['/opt/vt/vt-launch']),
    explained,
  });
}

/**
 * Accesses in short: path (below `root` if it is) to what was there before and what was done, with
 * the number of the record that did it first: `file content@0 probed@0 written@2`.
 */
export function inShort(accesses: readonly PathAccess[], root = '/ws'): Record<string, string> {
  const short: Record<string, string> = {};
  for (const access of accesses) {
    const { path, before, contentRead, probed, listed, linkFollowed, executed, written } = access;
    const words: string[] = [before];
    if (contentRead) words.push(`content@${contentRead.sequence}`);
    if (probed) words.push(`probed@${probed.sequence}`);
    if (listed) words.push(`listed@${listed.sequence}`);
    if (linkFollowed) words.push(`link@${linkFollowed.sequence}(${linkFollowed.target})`);
    if (executed) words.push(`executed@${executed.sequence}`);
    if (written) words.push(`written@${written.sequence}`);
    short[path === root ? '.' : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path] =
      words.join(' ');
  }
  return short;
}
