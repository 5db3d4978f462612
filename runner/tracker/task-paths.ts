import type { AbsolutePath } from '../../cache/brands.js';
import type { DiskView } from './disk-view.js';
import type { LinkHistory } from './link-history.js';
import { PathLedger, type KindAt, type PathState } from './path-ledger.js';
import type { Resolution } from './path-resolver.js';
import type { ProcessTable } from './process-table.js';
import type { Incompleteness, PathAccess, Touch } from './task-trace.js';
import { Errno } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';
import { asksForDirectory, type Foresight, type Step } from './trace-steps.js';

/**
 * The paths of a task while its records are classified in order: the ledger of those inside the
 * workspace, what was made and executed outside, and what cannot be told.
 */
export class TaskPaths {
  readonly ledger: PathLedger;
  readonly incomplete: Incompleteness[] = [];
  /** Paths outside the workspace that the task made or changed. */
  readonly madeOutside = new Set<string>();
  readonly #executedOutside = new Map<string, Touch>();
  readonly #below: string;
  readonly #wondering = new Set<string>();
  /** Sequence of the record being taken. */
  moment = 0;

  constructor(
    readonly root: AbsolutePath,
    readonly disk: DiskView,
    readonly history: LinkHistory,
    readonly foresight: Foresight,
    private readonly table: ProcessTable,
    private readonly trackerFiles: ReadonlySet<string>,
  ) {
    this.ledger = new PathLedger(disk);
    this.#below = root === '/' ? '/' : `${root}/`;
  }

  /** Records a look at a path that was of this kind; undefined outside the workspace. */
  look(path: string, kind: KindAt, touch: Touch): PathState | undefined {
    if (!this.isInside(path)) return undefined;
    const state = this.ledger.at(path);
    this.tell(state, kind, touch);
    this.ledger.probe(state, touch);
    return state;
  }

  /** What is put at a path needs the directory above it, which the root of the workspace is always. */
  lookAbove(path: string, touch: Touch): void {
    const parent = parentOf(path);
    if (parent !== this.root) this.look(parent, 'directory', touch);
  }

  /** The state of the step's path, with what its record saw there. */
  told(step: Step): PathState {
    const state = this.ledger.at(step.where.path);
    if (step.found !== undefined) {
      const { sequence } = step.record;
      const touch = { sequence: BigInt(sequence), process: step.process };
      this.tell(state, this.seen(step), touch);
    }
    return state;
  }

  /** Notes what a record saw at a path. */
  tell(state: PathState, kind: KindAt, touch: Touch): void {
    // Taken for moved or deleted, it is seen again, and it was there before the task: the call that
    // should have taken it away may have failed.
    const isBack = state.now === 'absent' && kind !== 'absent';
    if (isBack && state.before !== 'absent') this.ledger.doubt(state, touch);
    else this.ledger.tell(state, kind);
  }

  /** Records the symlinks that were walked. */
  followLinks(where: Resolution, touch: Touch): void {
    for (const { path, target } of where.links) {
      if (!this.isInside(path)) continue;
      const state = this.ledger.at(path);
      this.ledger.tell(state, 'symlink');
      this.ledger.followLink(state, touch, target);
    }
  }

  /** What the record's call found at its path. */
  seen({ record, where, found: told }: Step): KindAt {
    if (told === 'absent' && asksForDirectory(record.path)) {
      // A slash behind the name of a file makes the lookup fail, though the file is there.
      const kind = this.kindAt(where.path);
      return kind === 'directory' ? 'absent' : kind;
    }
    if (told !== undefined) return told;
    if (record.result === -Errno.ENOENT || record.result === -Errno.ENOTDIR) return 'absent';
    return this.kindAt(where.path);
  }

  /** What is at a path at this point of the log, from the nearest record or the disk. */
  kindAt(path: string): KindAt {
    const state = this.ledger.find(path);
    if (state?.now !== undefined) return state.now;
    if (state?.before !== undefined && state.before !== 'unknown') return state.before;
    const seen = this.foresight.firstSeen.get(path);
    if (seen && !this.history.isMoved(path, this.moment, seen.at)) return seen.kind;
    if (!seen && this.#wasMissed(path)) return 'absent';
    return this.disk.entry(this.history.placeNow(path, this.moment)).kind;
  }

  /** Whether the first record that looked at a path, by way of directories, saw nothing. */
  #wasMissed(path: string): boolean {
    const missed = this.foresight.firstMissed.get(path);
    // Two paths may each have been missed by way of the other: that tells nothing of either.
    if (missed === undefined || this.#wondering.has(path)) return false;
    if (this.history.isMoved(path, this.moment, missed.at)) return false;
    this.#wondering.add(path);
    const isWay = missed.backedOutOf.every((directory) => this.kindAt(directory) === 'directory');
    this.#wondering.delete(path);
    return isWay;
  }

  /** Whether something of this kind is after the run where the path's thing has got to since. */
  stays(path: string, { sequence }: TraceRecord, kind: KindAt): boolean {
    return this.disk.entry(this.history.placeNow(path, sequence + 0.5)).kind === kind;
  }

  /**
   * A directory that could not be made for want of the one above it, which is there by now: the
   * second attempt is not in the log, as it equals the first, but must have come in between.
   */
  concedeDirectory(path: string): void {
    const state = this.ledger.find(path);
    if (state?.attempted === undefined || this.kindAt(path) !== 'absent') return;
    const above = parentOf(path);
    this.concedeDirectory(above);
    if (this.kindAt(above) === 'directory') this.ledger.concede(state, 'directory');
  }

  isTracker(path: string): boolean {
    return this.trackerFiles.has(path);
  }

  /** Records a program that was executed. */
  execute(path: string, touch: Touch): void {
    if (!path.startsWith('/') || this.isTracker(path)) return;
    if (!this.isInside(path)) {
      const isKnown = this.#executedOutside.has(path) || path.endsWith(' (deleted)');
      // Once made by the task it is the task's own; what it replaces later was there before.
      if (!isKnown && !this.#isMadeOutside(path)) this.#executedOutside.set(path, touch);
      return;
    }
    const state = this.ledger.at(path);
    this.ledger.readContent(state, touch);
    state.executed ??= touch;
  }

  /** Records a path of which cannot be told what it is, or where it led. */
  report(
    cause: 'undecodable-path' | 'ambiguous-path',
    record: TraceRecord,
    process: number,
    detail: string,
  ): void {
    this.incomplete.push({
      cause,
      process: this.table.processes[process]!.argv,
      pid: record.pid,
      detail,
    });
  }

  isInside(path: string): boolean {
    return path.startsWith(this.#below) || path === this.root;
  }

  #isMadeOutside(path: string): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.madeOutside.has(path.slice(0, end))) return true;
    }
    return false;
  }

  /** All accesses; the ledger is used up. */
  close(): PathAccess[] {
    const accesses = this.ledger.close();
    for (const [path, executed] of this.#executedOutside) {
      accesses.push({ path: path as AbsolutePath, before: 'file', executed });
    }
    return accesses;
  }
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
