import { posix } from 'node:path';
import type { DiskView } from './disk-view.js';
import { LinkHistory, type NameChange } from './link-history.js';
import { PathResolver } from './path-resolver.js';
import {
  Flag,
  Kind,
  Op,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RESULT_UNKNOWN,
} from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';

/**
 * The history of symlinks and moved directories that the records tell. Their own paths lead through
 * symlinks too, so the history is refined until it agrees with itself; undefined when it does not.
 */
export function tellLinkHistory(
  records: readonly TraceRecord[],
  disk: DiskView,
): LinkHistory | undefined {
  const changing = records.filter(changesNames);
  if (changing.length === 0) return new LinkHistory([], disk);
  const hints = gatherHints(records);
  let history = new LinkHistory([], disk);
  let told = '[]';
  for (let round = 0; round < 8; round++) {
    const changes = resolveChanges(changing, history, hints, disk);
    const telling = JSON.stringify(changes);
    if (telling === told) return history;
    told = telling;
    history = new LinkHistory(changes, disk);
  }
  return undefined;
}

/** Whether the record may change where a path leads: regular files and plain directories do not. */
function changesNames({ op, flags, result, before, before2, aux }: TraceRecord): boolean {
  if (result < 0 && result !== RESULT_UNKNOWN) return false;
  if (op === Op.SYMLINK) return before === Kind.ABSENT || before === Kind.UNKNOWN;
  if (op === Op.UNLINK) return before === Kind.SYMLINK;
  // A hard link to a symlink is a symlink.
  if (op === Op.LINK) {
    return before === Kind.SYMLINK && (flags & Flag.FOLLOW2) === 0 && before2 === Kind.ABSENT;
  }
  if (op !== Op.RENAME || before === Kind.ABSENT) return false;
  if ((aux & RENAME_EXCHANGE) === 0 && before2 !== Kind.ABSENT && before2 !== Kind.UNKNOWN) {
    if ((aux & RENAME_NOREPLACE) !== 0) return false;
    const clash = (before === Kind.DIRECTORY) !== (before2 === Kind.DIRECTORY);
    if (clash && before !== Kind.UNKNOWN) return false;
  }
  return (
    isMovable(before) ||
    before2 === Kind.SYMLINK ||
    ((aux & RENAME_EXCHANGE) !== 0 && isMovable(before2))
  );
}

/** What the log tells of names as they are written, whatever the moment. */
interface Hints {
  /** Names that something may have been created at. */
  readonly creations: ReadonlySet<string>;
  /** The last record that saw something there. */
  readonly lastSeen: ReadonlyMap<string, number>;
}

function gatherHints(records: readonly TraceRecord[]): Hints {
  const creations = new Set<string>();
  const lastSeen = new Map<string, number>();
  for (const { op, path, path2, before, before2, sequence } of records) {
    if (op === Op.PROCESS) continue;
    const makes = op === Op.MKDIR || op === Op.SYMLINK;
    if (makes && before <= Kind.ABSENT) creations.add(posix.normalize(path));
    if (op === Op.RENAME || (op === Op.LINK && before2 <= Kind.ABSENT))
      creations.add(posix.normalize(path2));
    if (before > Kind.ABSENT) lastSeen.set(posix.normalize(path), sequence);
  }
  return { creations, lastSeen };
}

/** A directory was renamed into itself or onto one that is not empty, or into none. */
function hasVisiblyFailed(
  { aux, result, before, before2, sequence }: TraceRecord,
  from: string,
  to: string,
  hints: Hints,
  disk: DiskView,
): boolean {
  if ((aux & RENAME_EXCHANGE) !== 0 || result !== RESULT_UNKNOWN) return false;
  if (to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) return true;
  if (before !== Kind.DIRECTORY && before !== Kind.SYMLINK) return false;
  const stays = disk.entry(from).kind === (before === Kind.DIRECTORY ? 'directory' : 'symlink');
  if (!stays || (before2 !== Kind.DIRECTORY && disk.entry(to).kind !== 'absent')) return false;
  // Or it was made again, and what had been renamed was seen at its new place before it went.
  return !hints.creations.has(from) || (hints.lastSeen.get(to) ?? -1) <= sequence;
}

function isMovable(kind: number): boolean {
  return kind === Kind.DIRECTORY || kind === Kind.SYMLINK || kind === Kind.UNKNOWN;
}

function resolveChanges(
  records: readonly TraceRecord[],
  history: LinkHistory,
  hints: Hints,
  disk: DiskView,
): NameChange[] {
  const resolver = new PathResolver(history);
  const changes: NameChange[] = [];
  for (const record of records) {
    const at = record.sequence;
    const { path } = resolver.resolve(record.path, at, false, false);
    if (record.op === Op.SYMLINK) {
      changes.push({ kind: 'made', at, path, target: record.path2 });
    } else if (record.op === Op.UNLINK) {
      changes.push({ kind: 'gone', at, path });
    } else if (record.op === Op.LINK) {
      const to = resolver.resolve(record.path2, at, false, false).path;
      const link = history.linkAt(path, at);
      // `gone`: there was, or is, a symlink of which no more is known.
      if (link.kind === 'link') changes.push({ kind: 'made', at, path: to, target: link.target });
      else changes.push({ kind: 'gone', at, path: to });
    } else {
      const to = resolver.resolve(record.path2, at, false, false).path;
      const overLink = record.before2 === Kind.SYMLINK;
      if (path === to || hasVisiblyFailed(record, path, to, hints, disk)) continue;
      if (record.aux & RENAME_EXCHANGE) {
        changes.push({ kind: 'moved', at, from: path, to, overLink });
        changes.push({
          kind: 'moved',
          at,
          from: to,
          to: path,
          overLink: record.before === Kind.SYMLINK,
        });
      } else if (isMovable(record.before)) {
        changes.push({ kind: 'moved', at, from: path, to, overLink });
      } else changes.push({ kind: 'gone', at, path: to });
    }
  }
  return changes;
}
