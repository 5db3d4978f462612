import { realpathSync } from 'node:fs';
import type { AbsolutePath } from '../../cache/brands.js';
import type { DiskView } from './disk-view.js';
import type { LinkHistory } from './link-history.js';
import { tellLinkHistory } from './name-changes.js';
import { PathLedger, type KindAt, type PathState } from './path-ledger.js';
import { PathResolver, type Resolution } from './path-resolver.js';
import type { ProcessTable } from './process-table.js';
import type { Incompleteness, PathAccess, Touch } from './task-trace.js';
import {
  AT_REMOVEDIR,
  Errno,
  Flag,
  Kind,
  Op,
  OpenFlag,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RESULT_UNKNOWN,
} from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';

export interface Classification {
  readonly accesses: readonly PathAccess[];
  readonly incomplete: readonly Incompleteness[];
}

export interface ClassifyOptions {
  /** Physical path of the workspace root. */
  readonly root: AbsolutePath;
  readonly disk: DiskView;
  /** Physical paths that belong to the tracker itself: what is done to them is not the task's. */
  readonly trackerFiles: ReadonlySet<string>;
}

const kinds: readonly (KindAt | undefined)[] = [
  undefined,
  'absent',
  'file',
  'directory',
  'symlink',
  'other',
];

/** A record with its paths resolved. */
interface Step {
  readonly record: TraceRecord;
  readonly process: number;
  readonly where: Resolution;
  readonly where2: Resolution | undefined;
  /** `before` tells of the resolved path, not of a symlink that was followed from there. */
  readonly direct: boolean;
}

/**
 * Reduces records, in order, to what the task did to each workspace path (and which programs
 * outside were executed). The table of tracking.md, "What must be recorded", is the specification.
 *
 * Most records are made before their call, so whether it succeeded follows from what was there. The
 * log keeps only the first of equal records, so an attempt that failed also stands for a later one
 * that did not. Where neither these nor the disk after the run can tell, the path's `before` becomes
 * `unknown`, and the run is not kept.
 */
export function classify(
  records: readonly TraceRecord[],
  table: ProcessTable,
  options: ClassifyOptions,
): Classification {
  const history = tellLinkHistory(records, options.disk);
  if (history === undefined) {
    return {
      accesses: [],
      incomplete: [{ cause: 'undecodable-path', detail: 'symbolic links changed too often' }],
    };
  }
  return new Classifier(records, table, options, history).run();
}

class Classifier {
  readonly #ledger: PathLedger;
  readonly #disk: DiskView;
  readonly #root: string;
  readonly #below: string;
  readonly #incomplete: Incompleteness[] = [];
  readonly #lost = new Set<string>();
  readonly #steps: Step[] = [];
  /** What the first record that looked at a path saw there. */
  readonly #firstSeen = new Map<string, { readonly kind: KindAt; readonly at: number }>();
  /** The last record that saw something there. */
  readonly #lastSeen = new Map<string, number>();
  /** Paths something tried to create, at any time. */
  readonly #creations = new Set<string>();
  /** Paths whose permissions something tried to change, at any time. */
  readonly #attributes = new Set<string>();
  /** Sequence of the record being taken. */
  #moment = 0;
  readonly #madeOutside = new Set<string>();
  readonly #executedOutside = new Map<string, Touch>();
  /** A file descriptor was opened anew through /proc. */
  #reopened: { read: boolean; write: boolean } = { read: false, write: false };

  constructor(
    private readonly records: readonly TraceRecord[],
    private readonly table: ProcessTable,
    private readonly options: ClassifyOptions,
    private readonly history: LinkHistory,
  ) {
    this.#disk = options.disk;
    this.#ledger = new PathLedger(options.disk);
    this.#root = options.root;
    this.#below = options.root === '/' ? '/' : `${options.root}/`;
  }

  run(): Classification {
    this.#resolveAll();
    for (const step of this.#steps) this.#take(step);
    this.#settleHandles();
    const accesses = this.#ledger.close();
    for (const [path, executed] of this.#executedOutside) {
      if (this.#isMadeOutside(path)) continue;
      accesses.push({ path: path as AbsolutePath, before: 'file', executed });
    }
    return { accesses, incomplete: this.#incomplete };
  }

  // --- Resolving ---------------------------------------------------------------------------------

  #resolveAll(): void {
    const exists = (path: string): boolean => this.#disk.entry(path).kind !== 'absent';
    const resolver = new PathResolver(this.history, exists);
    this.records.forEach((record, index) => {
      const process = this.table.doer[index]!;
      if (record.op === Op.PROCESS) {
        const where = { path: record.path, links: [] };
        this.#steps.push({ record, process, where, where2: undefined, direct: true });
        return;
      }
      if (record.rawPath !== undefined || record.rawPath2 !== undefined) {
        this.#takeUndecodable(record, process, resolver);
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
      const direct = !(follow && record.before === Kind.SYMLINK);
      this.#steps.push({ record, process, where, where2, direct });
      this.#foresee(record, where, where2, direct);
    });
  }

  #foresee(
    record: TraceRecord,
    where: Resolution,
    where2: Resolution | undefined,
    direct: boolean,
  ): void {
    const kind = kinds[record.before];
    const hasSlash = record.path.endsWith('/');
    if (direct && kind !== undefined && !(hasSlash && kind === 'absent')) {
      if (!this.#firstSeen.has(where.path))
        this.#firstSeen.set(where.path, { kind, at: record.sequence });
      if (kind !== 'absent') this.#lastSeen.set(where.path, record.sequence);
    }
    const kind2 = kinds[record.before2];
    if (where2 !== undefined && kind2 !== undefined && !this.#firstSeen.has(where2.path)) {
      this.#firstSeen.set(where2.path, { kind: kind2, at: record.sequence });
    }
    switch (record.op) {
      case Op.OPEN:
        if (record.aux & OpenFlag.CREAT) this.#creations.add(where.path);
        break;
      case Op.MKDIR:
      case Op.SYMLINK:
      case Op.MKNOD:
        this.#creations.add(where.path);
        break;
      case Op.RENAME:
        if (record.aux & RENAME_EXCHANGE) this.#creations.add(where.path);
        this.#creations.add(where2!.path);
        break;
      case Op.LINK:
        this.#creations.add(where2!.path);
        break;
      case Op.ATTR:
        this.#attributes.add(where.path);
        break;
    }
  }

  /** Names that are not UTF-8 cannot be written down: harmless outside the workspace only. */
  #takeUndecodable(record: TraceRecord, process: number, resolver: PathResolver): void {
    const touch = { sequence: BigInt(record.sequence), process };
    const inside = [
      [record.path, record.rawPath] as const,
      [record.path2, record.op === Op.SYMLINK ? undefined : record.rawPath2] as const,
    ].some(([text, raw]) => {
      const known = raw === undefined ? text : text.slice(0, text.indexOf('\ufffd'));
      if (!known.startsWith('/')) return false;
      const parent = `${known.slice(0, known.lastIndexOf('/'))}/`;
      const where = resolver.resolve(parent, record.sequence, true, undefined);
      this.#followLinks(where, touch);
      if (this.#isInside(where.path) || where.lostLink !== undefined) return true;
      return raw !== undefined && leadsInside(raw, this.#root, this.#below);
    });
    if (inside) this.#report(record, process, record.rawPath ? record.path : record.path2);
  }

  #report(record: TraceRecord, process: number, detail: string): void {
    this.#incomplete.push({
      cause: 'undecodable-path',
      process: this.table.processes[process]!.argv,
      pid: record.pid,
      detail,
    });
  }

  // --- One record --------------------------------------------------------------------------------

  #take(step: Step): void {
    const { record, process, where, where2 } = step;
    this.#moment = record.sequence;
    const touch: Touch = { sequence: BigInt(record.sequence), process };
    if (record.op === Op.PROCESS) {
      this.#execute(record.path, touch);
      return;
    }
    for (const place of where2 === undefined ? [where] : [where, where2]) {
      this.#followLinks(place, touch);
      if (place.lostLink !== undefined) {
        // Through a link whose text is gone everything may have been reached.
        if (!this.#lost.has(place.lostLink)) {
          this.#lost.add(place.lostLink);
          this.#report(record, process, `${record.path}: ${place.lostLink} was a symbolic link`);
        }
        return;
      }
      if (place.backedOutOf !== undefined && this.#kindAt(place.backedOutOf) === 'absent') {
        this.#look(place.backedOutOf, 'absent', touch);
        return;
      }
      if (place.loop) {
        this.#look(place.path, 'symlink', touch);
        return;
      }
    }
    if (where.procLink !== undefined && !this.#takeProcLink(record, process, where.procLink))
      return;
    if (this.options.trackerFiles.has(where.path)) return;
    switch (record.op) {
      case Op.OPEN:
        this.#takeOpen(step, touch);
        break;
      case Op.STAT:
      case Op.XATTR:
      case Op.WATCH:
      case Op.CHDIR:
        this.#look(where.path, this.#seen(step), touch);
        break;
      case Op.READLINK:
        this.#takeReadlink(step, touch);
        break;
      case Op.LIST:
        if (this.#isInside(where.path)) {
          const state = this.#told(step);
          this.#ledger.list(state, touch);
        }
        break;
      case Op.EXEC:
        this.#takeExec(step, touch);
        break;
      case Op.RENAME:
        this.#takeRename(step, touch);
        break;
      case Op.UNLINK:
        this.#takeUnlink(step, touch);
        break;
      case Op.MKDIR:
        this.#takeCreation(step, touch, 'directory');
        break;
      case Op.SYMLINK:
        this.#takeCreation(step, touch, 'symlink');
        break;
      case Op.MKNOD:
        this.#takeCreation(step, touch, 'other');
        break;
      case Op.LINK:
        this.#takeLink(step, touch);
        break;
      case Op.TRUNCATE:
        this.#takeTruncate(step, touch);
        break;
      case Op.ATTR:
        this.#takeAttributes(step, touch);
        break;
    }
  }

  #takeOpen(step: Step, touch: Touch): void {
    const { record, where } = step;
    const flags = record.aux;
    const mode = flags & OpenFlag.ACCESS_MODE;
    const truncates = (flags & OpenFlag.TRUNC) !== 0;
    const creates = (flags & OpenFlag.CREAT) !== 0;
    const kind = this.#seen(step);
    const failed = hasFailed(record);
    if (flags & OpenFlag.PATH) {
      if (kind === 'symlink') return this.#takeReadlink(step, touch);
      const state = this.#look(where.path, kind, touch);
      if (state !== undefined && kind === 'file' && !failed) state.handle ??= touch;
      return;
    }
    if ((flags & OpenFlag.TMPFILE) !== 0) {
      this.#look(where.path, kind, touch);
      return;
    }
    const writes = mode !== 0 || truncates;
    if (creates && kind === 'absent') {
      // Truncating what may be there does not tell whether it was there.
      this.#create(step, touch, 'file', !truncates || (flags & OpenFlag.EXCL) !== 0);
      return;
    }
    if (!this.#isInside(where.path)) {
      if (writes && !failed) this.#madeOutside.add(where.path);
      return;
    }
    if (kind !== 'file' || failed || (creates && flags & OpenFlag.EXCL) || !writes) {
      const state = this.#look(where.path, kind, touch);
      const reads = (kind === 'file' || kind === 'other') && mode !== OpenFlag.WRONLY;
      if (state !== undefined && reads && !failed && !(creates && flags & OpenFlag.EXCL)) {
        this.#ledger.readContent(state, touch);
      }
      return;
    }
    const state = this.#told(step);
    if (record.result === RESULT_UNKNOWN && this.#isRefused(where.path)) {
      if (this.#attributes.has(where.path)) this.#ledger.doubt(state, touch);
      else this.#ledger.probe(state, touch);
      return;
    }
    if (!creates) this.#ledger.probe(state, touch);
    // Without O_TRUNC what is not overwritten of the old content stays, and is part of the result.
    if (!truncates) this.#ledger.readContent(state, touch);
    this.#ledger.writeInPlace(state, touch, true);
  }

  /** Still there, and not writable: opening it for writing has failed, if its mode was the same. */
  #isRefused(path: string): boolean {
    return this.#disk.entry(path).kind === 'file' && !this.#disk.writable(path);
  }

  #takeReadlink(step: Step, touch: Touch): void {
    const { record, where } = step;
    if (!this.#isInside(where.path)) return;
    const state = this.#told(step);
    if (this.#seen(step) !== 'symlink') {
      this.#ledger.probe(state, touch);
      return;
    }
    const link = this.history.linkAt(where.path, record.sequence);
    if (link.kind === 'link') this.#ledger.followLink(state, touch, link.target);
    else if (!state.own) this.#ledger.doubt(state, touch);
  }

  #takeExec(step: Step, touch: Touch): void {
    const { record, where } = step;
    const kind = this.#seen(step);
    this.#look(where.path, kind, touch);
    if (kind !== 'file') return;
    if (!hasFailed(record)) this.#execute(where.path, touch);
    // Refused as no program, or for want of its interpreter: it was read nevertheless.
    else if (this.#isInside(where.path)) this.#ledger.readContent(this.#told(step), touch);
  }

  #execute(path: string, touch: Touch): void {
    if (!path.startsWith('/') || this.options.trackerFiles.has(path)) return;
    if (!this.#isInside(path)) {
      if (!this.#executedOutside.has(path) && !path.endsWith(' (deleted)')) {
        this.#executedOutside.set(path, touch);
      }
      return;
    }
    const state = this.#ledger.at(path);
    this.#ledger.readContent(state, touch);
    state.executed ??= touch;
  }

  #takeUnlink(step: Step, touch: Touch): void {
    const { record, where } = step;
    const kind = this.#seen(step);
    if (!this.#isInside(where.path)) return;
    const state = this.#told(step);
    const directory = (record.aux & AT_REMOVEDIR) !== 0;
    this.#ledger.probe(state, touch);
    if (kind === 'absent' || directory !== (kind === 'directory')) return;
    if (hasFailed(record)) {
      // Usually because it was not empty.
      if (directory) this.#ledger.list(state, touch);
      return;
    }
    if (record.result === RESULT_UNKNOWN) {
      const stays = this.#stays(where.path, record, kind);
      if (stays && !this.#creations.has(where.path)) {
        if (directory) this.#ledger.list(state, touch);
        return;
      }
      if (directory) {
        // It may have failed here and succeeded in a later call the log left out as equal.
        this.#ledger.write(state, touch, 'directory', false);
        return;
      }
    }
    this.#ledger.write(state, touch, 'absent', true);
  }

  #takeCreation(step: Step, touch: Touch, made: KindAt): void {
    if (this.#seen(step) === 'absent') this.#create(step, touch, made, true);
    else this.#look(step.where.path, this.#seen(step), touch);
  }

  /** Something is created where nothing was. `tells`: its success shows that nothing was there. */
  #create(step: Step, touch: Touch, made: KindAt, tells: boolean): void {
    const { record, where } = step;
    const parent = parentOf(where.path);
    this.#concedeDirectory(parent);
    const parentKind = this.#kindAt(parent);
    const hasNoPlace = parentKind !== 'directory';
    if (!this.#isInside(where.path)) {
      this.#madeOutside.add(where.path);
      return;
    }
    const state = this.#told(step);
    // Through a dangling symlink: the record saw the link, not what is behind it.
    state.before ??= 'absent';
    if (hasFailed(record) || (record.result === RESULT_UNKNOWN && hasNoPlace)) {
      if (hasNoPlace) this.#look(parent, parentKind, touch);
      else this.#ledger.probe(state, touch);
      state.attempted ??= touch;
      return;
    }
    if (tells) this.#ledger.probe(state, touch);
    this.#ledger.write(state, touch, made, true);
  }

  /**
   * A directory that could not be made for want of the one above it, which is there by now: the
   * second attempt is not in the log, as it equals the first, but must have come in between.
   */
  #concedeDirectory(path: string): void {
    const state = this.#ledger.find(path);
    if (state?.attempted === undefined || this.#kindAt(path) !== 'absent') return;
    const above = parentOf(path);
    this.#concedeDirectory(above);
    if (this.#kindAt(above) === 'directory') this.#ledger.concede(state, 'directory');
  }

  #takeTruncate(step: Step, touch: Touch): void {
    const { record, where } = step;
    const kind = this.#seen(step);
    const state = this.#look(where.path, kind, touch);
    if (state === undefined || kind !== 'file' || hasFailed(record)) return;
    this.#ledger.readContent(state, touch);
    this.#ledger.writeInPlace(state, touch, true);
  }

  /** A file is kept as content and mode, so a new mode makes a result of the old content. */
  #takeAttributes(step: Step, touch: Touch): void {
    const { record, where } = step;
    const kind = this.#seen(step);
    const state = this.#look(where.path, kind, touch);
    if (state === undefined || kind === 'absent' || hasFailed(record)) return;
    if (state.own && state.origin === undefined) return;
    if (kind === 'file') this.#ledger.readContent(state, touch);
    if (kind === 'symlink') this.#takeReadlink(step, touch);
    state.written ??= touch;
  }

  #takeLink(step: Step, touch: Touch): void {
    const { record, where } = step;
    const target = step.where2!;
    const kind = where.procLink === undefined ? this.#seen(step) : 'file';
    const source = this.#look(where.path, kind, touch);
    const kind2 = kinds[record.before2] ?? this.#kindAt(target.path);
    const parent = parentOf(target.path);
    this.#concedeDirectory(parent);
    const hasNoPlace = this.#kindAt(parent) !== 'directory';
    const isRefused = kind === 'absent' || kind === 'directory' || kind2 !== 'absent';
    if (!this.#isInside(target.path)) {
      if (!isRefused) this.#madeOutside.add(target.path);
      return;
    }
    if (isRefused || hasFailed(record) || hasNoPlace) {
      if (kind2 === 'absent' && hasNoPlace) this.#look(parent, this.#kindAt(parent), touch);
      else this.#look(target.path, kind2, touch);
      if (kind !== 'absent' && kind2 === 'absent') this.#ledger.at(target.path).attempted ??= touch;
      return;
    }
    const state = this.#look(target.path, kind2, touch)!;
    this.#ledger.link(source, state, touch, kind);
  }

  #takeRename(step: Step, touch: Touch): void {
    const { record, where } = step;
    const target = step.where2!;
    const kind = this.#seen(step);
    const kind2 = kinds[record.before2] ?? this.#kindAt(target.path);
    const sourceState = this.#look(where.path, kind, touch);
    const targetState = this.#isInside(target.path) ? this.#ledger.at(target.path) : undefined;
    if (targetState !== undefined) this.#ledger.tell(targetState, kind2);
    if (where.path === target.path) return;
    if (record.aux & RENAME_EXCHANGE) {
      if (kind !== 'absent' && kind2 !== 'absent' && !hasFailed(record)) {
        this.#exchange(sourceState, targetState, kind, kind2, touch);
      } else if (targetState !== undefined) this.#ledger.probe(targetState, touch);
      return;
    }
    const isDirectory = kind === 'directory';
    const parent = parentOf(target.path);
    this.#concedeDirectory(parent);
    const hasNoPlace = kind2 === 'absent' && this.#kindAt(parent) !== 'directory';
    const clashes =
      kind2 !== 'absent' &&
      ((record.aux & RENAME_NOREPLACE) !== 0 || isDirectory !== (kind2 === 'directory'));
    if (kind === 'absent') return;
    if (hasNoPlace && this.history.placeNow(parent, record.sequence) !== parent) {
      // It was moved, and what became of it there does not tell whether it was here.
      if (sourceState) this.#ledger.doubt(sourceState, touch);
      if (targetState) this.#ledger.doubt(targetState, touch);
      return;
    }
    if (hasNoPlace && (hasFailed(record) || record.result === RESULT_UNKNOWN)) {
      this.#look(parent, this.#kindAt(parent), touch);
      return;
    }
    const intoItself =
      target.path.startsWith(`${where.path}/`) || where.path.startsWith(`${target.path}/`);
    if (hasFailed(record) || clashes || intoItself) {
      if (targetState === undefined) return;
      this.#ledger.probe(targetState, touch);
      // A directory is not replaced unless it is empty.
      if (isDirectory && kind2 === 'directory') this.#ledger.list(targetState, touch);
      return;
    }
    if (targetState !== undefined && (record.aux & RENAME_NOREPLACE) !== 0) {
      this.#ledger.probe(targetState, touch);
    }
    if (record.result === RESULT_UNKNOWN && this.#stays(where.path, record, kind)) {
      // The source is there after the run.
      if (!this.#creations.has(where.path)) {
        if (isDirectory && kind2 === 'directory' && targetState) {
          this.#ledger.list(targetState, touch);
        }
        return;
      }
      const arrived =
        this.#stays(target.path, record, kind) ||
        (this.#lastSeen.get(target.path) ?? -1) > record.sequence;
      if (kind2 !== 'absent' || !arrived) {
        if (sourceState) this.#ledger.doubt(sourceState, touch);
        if (targetState) this.#ledger.doubt(targetState, touch);
        return;
      }
    }
    if (sourceState === undefined && targetState === undefined) {
      this.#madeOutside.add(target.path);
      return;
    }
    if (targetState === undefined) this.#madeOutside.add(target.path);
    this.#ledger.move(
      sourceState ?? where.path,
      targetState ?? target.path,
      touch,
      kind,
      this.history.placeNow(target.path, record.sequence + 0.5),
    );
  }

  /** Whether something of this kind is after the run where the path's thing has got to since. */
  #stays(path: string, { sequence }: TraceRecord, kind: KindAt): boolean {
    return this.#disk.entry(this.history.placeNow(path, sequence + 0.5)).kind === kind;
  }

  #exchange(
    a: PathState | undefined,
    b: PathState | undefined,
    kindA: KindAt,
    kindB: KindAt,
    touch: Touch,
  ): void {
    for (const state of [a, b]) {
      if (state === undefined) continue;
      // What is below two exchanged directories, and a symlink's text, is not followed any further.
      if (kindA !== 'file' || kindB !== 'file' || a === undefined || b === undefined) {
        this.#ledger.doubt(state, touch);
        continue;
      }
      this.#ledger.probe(state, touch);
      this.#ledger.readContent(state, touch);
      this.#ledger.write(state, touch, 'file', true);
    }
  }

  // --- Looking -----------------------------------------------------------------------------------

  /** Records a look at a path that was of this kind; undefined outside the workspace. */
  #look(path: string, kind: KindAt, touch: Touch): PathState | undefined {
    if (!this.#isInside(path)) return undefined;
    const state = this.#ledger.at(path);
    this.#tell(state, kind, touch);
    this.#ledger.probe(state, touch);
    return state;
  }

  #told(step: Step): PathState {
    const state = this.#ledger.at(step.where.path);
    const kind = kinds[step.record.before];
    if (step.direct && kind !== undefined) {
      const { sequence } = step.record;
      const touch = { sequence: BigInt(sequence), process: step.process };
      this.#tell(state, this.#seen(step), touch);
    }
    return state;
  }

  #tell(state: PathState, kind: KindAt, touch: Touch): void {
    // Taken for moved or deleted, it is seen again, and it was there before the task: the call that
    // should have taken it away may have failed.
    const isBack = state.now === 'absent' && kind !== 'absent';
    if (isBack && state.before !== 'absent') this.#ledger.doubt(state, touch);
    else this.#ledger.tell(state, kind);
  }

  #followLinks(where: Resolution, touch: Touch): void {
    for (const { path, target } of where.links) {
      if (!this.#isInside(path)) continue;
      const state = this.#ledger.at(path);
      this.#ledger.tell(state, 'symlink');
      this.#ledger.followLink(state, touch, target);
    }
  }

  /** What the record's call found at its path. */
  #seen({ record, where, direct }: Step): KindAt {
    const told = direct ? kinds[record.before] : undefined;
    if (told === 'absent' && record.path.endsWith('/')) {
      // A slash behind the name of a file makes the lookup fail, though the file is there.
      const kind = this.#kindAt(where.path);
      return kind === 'directory' ? 'absent' : kind;
    }
    if (told !== undefined) return told;
    if (record.result === -Errno.ENOENT || record.result === -Errno.ENOTDIR) return 'absent';
    return this.#kindAt(where.path);
  }

  /** What is at a path at this point of the log, from the nearest record or the disk. */
  #kindAt(path: string): KindAt {
    const state = this.#ledger.find(path);
    if (state?.now !== undefined) return state.now;
    if (state?.before !== undefined && state.before !== 'unknown') return state.before;
    const seen = this.#firstSeen.get(path);
    if (seen && !this.history.isMoved(path, this.#moment, seen.at)) return seen.kind;
    return this.#disk.entry(this.history.placeNow(path, this.#moment)).kind;
  }

  #isInside(path: string): boolean {
    return path.startsWith(this.#below) || path === this.#root;
  }

  #isMadeOutside(path: string): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#madeOutside.has(path.slice(0, end))) return true;
    }
    return false;
  }

  // --- /proc ------------------------------------------------------------------------------------

  /**
   * A path through /proc/<process>. Its links lead where the process's own records led already, but
   * for three cases: a descriptor opened anew may be read or written where it was only held; what
   * lies below a descriptor or a working directory cannot be told; `root` is the root.
   * Returns whether the record is to be taken as usual.
   */
  #takeProcLink(record: TraceRecord, process: number, rest: string): boolean {
    const names = rest.replace(/^task\/\d+\/?/, '').split('/');
    const [entry, name, ...below] = names;
    if (entry === 'fd' && name !== undefined && below.length === 0) {
      if (record.op === Op.OPEN) {
        const mode = record.aux & OpenFlag.ACCESS_MODE;
        if (mode !== OpenFlag.WRONLY) this.#reopened.read = true;
        if (mode !== 0 || record.aux & OpenFlag.TRUNC) this.#reopened.write = true;
      }
      // How a file without a name gets one.
      return record.op === Op.LINK;
    }
    const leadsOn =
      (entry === 'fd' && below.length > 0) ||
      ((entry === 'cwd' || entry === 'root') && names.length > 1);
    if (leadsOn) this.#report(record, process, record.path);
    return false;
  }

  #settleHandles(): void {
    if (!this.#reopened.read && !this.#reopened.write) return;
    for (const step of this.#steps) {
      const state = this.#ledger.find(step.where.path);
      if (state?.handle === undefined) continue;
      this.#ledger.readContent(state, state.handle);
      if (this.#reopened.write) state.written ??= state.handle;
    }
  }
}

function hasFailed({ result }: TraceRecord): boolean {
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

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Whether a path in bytes, or the deepest part of it that exists, is inside the workspace. */
function leadsInside(raw: Buffer, root: string, below: string): boolean {
  for (let path = raw; path.length > 0;) {
    try {
      const real = realpathSync.native(path, { encoding: 'buffer' }).toString('latin1');
      const rootBytes = Buffer.from(root).toString('latin1');
      return real === rootBytes || real.startsWith(Buffer.from(below).toString('latin1'));
    } catch {
      const slash = path.lastIndexOf(0x2f);
      if (path.subarray(slash + 1).equals(Buffer.from('..'))) return true;
      path = path.subarray(0, slash);
    }
  }
  return false;
}
