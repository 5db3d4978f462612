import type { KindAt } from './path-ledger.js';
import type { PathResolver, Resolution } from './path-resolver.js';
import type { ProcessTable } from './process-table.js';
import { Flag, Kind, Op, OpenFlag, RENAME_EXCHANGE, RESULT_UNKNOWN } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';

/** The names of `Kind`, in its order; undefined when it was not seen. */
export const kinds: readonly (KindAt | undefined)[] = [
  undefined,
  'absent',
  'file',
  'directory',
  'symlink',
  'other',
];

/** A record with its paths resolved. */
export interface Step {
  readonly record: TraceRecord;
  readonly process: number;
  readonly where: Resolution;
  readonly where2: Resolution | undefined;
  /** What the record saw where its path led; undefined if it did not see. */
  readonly found: KindAt | undefined;
}

/** What the log as a whole tells of paths, whatever the moment. */
export class Foresight {
  /** What the first record that looked at a path saw there. */
  readonly firstSeen = new Map<string, { readonly kind: KindAt; readonly at: number }>();
  /**
   * The first record that saw nothing at a path that was written with `..`: true only if what was
   * backed out of is a directory.
   */
  readonly firstMissed = new Map<
    string,
    { readonly backedOutOf: readonly string[]; readonly at: number }
  >();
  /** The last record that saw something there. */
  readonly lastSeen = new Map<string, number>();
  /**
   * Paths something may have been created at. An attempt where something was is no such: had that
   * gone, the next attempt would be a record of its own.
   */
  readonly creations = new Set<string>();
  /** Paths whose permissions something tried to change. */
  readonly attributes = new Set<string>();

  foresee(
    record: TraceRecord,
    where: Resolution,
    where2: Resolution | undefined,
    found: KindAt | undefined,
  ): void {
    const kind = found;
    const hasSlash = asksForDirectory(record.path);
    // An absence behind a slash, or behind `..`, may be a failure on the way.
    if (kind === 'absent' && where.backedOutOf && !hasSlash) this.#miss(where, record);
    else if (kind !== undefined && !(hasSlash && kind === 'absent')) {
      if (!this.firstSeen.has(where.path))
        this.firstSeen.set(where.path, { kind, at: record.sequence });
      if (kind !== 'absent') this.lastSeen.set(where.path, record.sequence);
    }
    const kind2 = where2 && kinds[record.before2];
    if (where2?.backedOutOf && kind2 === 'absent') this.#miss(where2, record);
    else if (where2 && kind2 !== undefined && !this.firstSeen.has(where2.path)) {
      this.firstSeen.set(where2.path, { kind: kind2, at: record.sequence });
    }
    switch (record.op) {
      case Op.OPEN:
        if (record.aux & OpenFlag.CREAT && isFree(kind)) this.creations.add(where.path);
        break;
      case Op.MKDIR:
      case Op.SYMLINK:
      case Op.MKNOD:
        if (isFree(kind)) this.creations.add(where.path);
        break;
      case Op.RENAME:
        if (record.aux & RENAME_EXCHANGE) this.creations.add(where.path);
        this.creations.add(where2!.path);
        break;
      case Op.LINK:
        if (isFree(kind2)) this.creations.add(where2!.path);
        break;
      case Op.ATTR:
        this.attributes.add(where.path);
        break;
    }
  }

  #miss({ path, backedOutOf = [] }: Resolution, { sequence: at }: TraceRecord): void {
    if (!this.firstMissed.has(path)) this.firstMissed.set(path, { backedOutOf, at });
  }
}

/**
 * Resolves the paths of all records, in order, and takes note of what they tell in advance. Records
 * with names that are not UTF-8 are given to `undecodable` instead.
 */
export function resolveSteps(
  records: readonly TraceRecord[],
  table: ProcessTable,
  resolver: PathResolver,
  foresight: Foresight,
  undecodable: (record: TraceRecord, process: number) => void,
): Step[] {
  const steps: Step[] = [];
  records.forEach((record, index) => {
    const process = table.doer[index]!;
    if (record.op === Op.PROCESS) {
      const where = { path: record.path, links: [] };
      steps.push({ record, process, where, where2: undefined, found: undefined });
      return;
    }
    if (record.rawPath !== undefined || record.rawPath2 !== undefined) {
      undecodable(record, process);
      return;
    }
    const at = record.sequence;
    const follow = followsFinal(record);
    const isLink = record.before === Kind.UNKNOWN ? undefined : record.before === Kind.SYMLINK;
    const where = resolver.resolve(record.path, at, follow, isLink);
    const where2 =
      record.op === Op.RENAME || record.op === Op.LINK
        ? resolver.resolve(record.path2, at, false, false)
        : undefined;
    const found = kinds[follow && isLink === true ? throughLink(record) : record.before];
    steps.push({ record, process, where, where2, found });
    foresight.foresee(record, where, where2, found);
  });
  return steps;
}

function isFree(kind: KindAt | undefined): boolean {
  return kind === undefined || kind === 'absent';
}

/** The kind of what a symlink that was followed led to. */
function throughLink({ op, before2 }: TraceRecord): number {
  return op === Op.LINK ? Kind.UNKNOWN : before2;
}

/** Whether a path is written so that nothing but a directory will do. */
export function asksForDirectory(path: string): boolean {
  return path.endsWith('/') || path.endsWith('/.');
}

/** Whether the call was seen to fail. */
export function hasFailed({ result }: TraceRecord): boolean {
  return result < 0 && result !== RESULT_UNKNOWN;
}

function followsFinal({ op, flags, aux }: TraceRecord): boolean {
  switch (op) {
    case Op.READLINK:
    case Op.RENAME:
    case Op.UNLINK:
    case Op.MKDIR:
    case Op.SYMLINK:
    case Op.MKNOD:
      return false;
    case Op.LINK:
      return (flags & Flag.FOLLOW2) !== 0;
    case Op.OPEN:
      if ((aux & OpenFlag.CREAT) !== 0 && (aux & OpenFlag.EXCL) !== 0) return false;
      return (flags & Flag.NOFOLLOW) === 0;
    default:
      return (flags & Flag.NOFOLLOW) === 0;
  }
}
