import type { AbsolutePath } from '../../cache/brands.js';
import type { EntryKind } from '../../cache/observation.js';
import type { DiskView } from './disk-view.js';
import type { FileBefore, PathAccess, Touch } from './task-trace.js';

export type KindAt = EntryKind | 'absent';

/** What is known of one path while the log is gone through in order. */
export interface PathState {
  readonly path: string;
  /** Before the task; undefined while no record has told. */
  before: KindAt | 'unknown' | undefined;
  /** What the task made of it; undefined while it made nothing. */
  now: KindAt | undefined;
  /** What is here, or that nothing is, is the task's own work: looking tells nothing of the world. */
  own: boolean;
  /**
   * What is here was moved or linked from there, where it was before the task: looking at it here
   * is looking at the world there.
   */
  origin: PathState | undefined;
  movedBy: Touch | undefined;
  /** `origin` follows from a directory's move: what was there before is what is first seen here. */
  originUntold: boolean;
  /** The other name of the same file, given by the task. */
  twin: PathState | undefined;
  /** A creation failed for want of the directory; a later one, equal to it, is not in the log. */
  attempted: Touch | undefined;
  /** Opened with O_PATH: /proc/self/fd may make a reading of it. */
  handle: Touch | undefined;
  contentRead: Touch | undefined;
  probed: Touch | undefined;
  inspected: Touch | undefined;
  listed: Touch | undefined;
  linkFollowed: (Touch & { readonly target: string }) | undefined;
  executed: Touch | undefined;
  written: Touch | undefined;
  content: FileBefore | undefined;
  /** Where what was here is now, if it was moved and is still a file. */
  movedTo: string | undefined;
}

/**
 * The states of all workspace paths, and how looks and changes alter them. First touches win; a
 * look counts only while the path is not the task's own work.
 */
export class PathLedger {
  readonly #states = new Map<string, PathState>();

  constructor(private readonly disk: DiskView) {}

  find(path: string): PathState | undefined {
    return this.#states.get(path);
  }

  /** The state of a path, made when it is first touched. */
  at(path: string): PathState {
    const known = this.#states.get(path);
    if (known !== undefined) return known;
    const state = newState(path);
    const above = this.#ownAncestor(path);
    // Known before its origin is looked for: two directories may have changed places.
    this.#states.set(path, state);
    // Moved away and back: it is again what it was.
    if (above === undefined || above.origin === above) return state;
    state.own = true;
    if (above.before === 'absent' || above.movedBy !== undefined) state.before = 'absent';
    if (above.origin !== undefined) {
      state.movedBy = above.movedBy;
      state.originUntold = true;
      state.origin = this.at(above.origin.path + path.slice(above.path.length));
    }
    return state;
  }

  /** A record tells what was at the path just before its call. */
  tell(state: PathState, kind: KindAt): void {
    if (state.originUntold && state.origin !== undefined && state.movedBy !== undefined) {
      this.#adopt(state.origin, kind, state.movedBy);
    }
    state.originUntold = false;
    if (kind !== 'absent') this.concede(state, kind);
    // What is seen after the task wrote it is not what was there before.
    if (state.written === undefined) state.before ??= kind;
  }

  /** It is there after all: an attempt to create it succeeded when it was repeated. */
  concede(state: PathState, kind: KindAt): void {
    if (state.attempted === undefined || state.now !== undefined || state.before !== 'absent')
      return;
    this.write(state, state.attempted, kind, true);
  }

  probe(state: PathState, touch: Touch): void {
    const seen = worldOf(state);
    if (seen) seen.probed ??= touch;
  }

  /** Its size, times and mode were shown. */
  inspect(state: PathState, touch: Touch): void {
    const seen = worldOf(state);
    if (seen) seen.inspected ??= touch;
  }

  /** What the file here holds before it is changed. */
  keepContent(state: PathState, content: FileBefore): void {
    const seen = worldOf(state);
    if (seen) seen.content ??= content;
  }

  readContent(state: PathState, touch: Touch): void {
    const seen = worldOf(state);
    if (seen) seen.contentRead ??= touch;
  }

  list(state: PathState, touch: Touch): void {
    const seen = worldOf(state);
    if (seen) seen.listed ??= touch;
  }

  followLink(state: PathState, touch: Touch, target: string): void {
    const seen = worldOf(state);
    if (seen) seen.linkFollowed ??= { ...touch, target };
  }

  /** The path was changed; `own` when nothing of what was there before is left to be seen. */
  write(state: PathState, touch: Touch, now: KindAt, own: boolean): void {
    state.written ??= touch;
    state.now = now;
    if (!own) return;
    state.own = true;
    state.origin = undefined;
    state.movedBy = undefined;
    if (state.twin !== undefined) state.twin.twin = undefined;
    state.twin = undefined;
  }

  /** As `write`, of bytes in place: a second name the task gave to the file changes with it. */
  writeInPlace(state: PathState, touch: Touch, own: boolean): void {
    const twin = state.twin;
    this.write(state, touch, 'file', own);
    if (twin !== undefined) this.write(twin, touch, 'file', own);
  }

  /** What cannot be told must not be used: the run will not be kept because of this path. */
  doubt(state: PathState, touch: Touch): void {
    state.before = 'unknown';
    state.probed ??= touch;
    state.written ??= touch;
  }

  /** A second name for a file. `source` is undefined outside the workspace. */
  link(source: PathState | undefined, target: PathState, touch: Touch, kind: KindAt): void {
    const origin = source && worldOf(source);
    this.write(target, touch, kind, true);
    target.origin = origin;
    target.movedBy = touch;
    if (source !== undefined) {
      source.twin = target;
      target.twin = source;
    }
  }

  /**
   * `source` was renamed to `target` (a string: outside the workspace), with all below it.
   * `placeNow` is where `target` is after the run. A directory of the world that leaves the
   * workspace is doubted: its contents are results that are not known.
   */
  move(
    source: PathState | string,
    target: PathState | string,
    touch: Touch,
    kind: KindAt,
    placeNow: string,
  ): void {
    const from = typeof source === 'string' ? source : source.path;
    const to = typeof target === 'string' ? target : target.path;
    const below = kind === 'directory' ? this.#below(from) : [];
    const origin = typeof source === 'string' ? undefined : worldOf(source);
    if (kind === 'directory' && typeof source !== 'string' && typeof target === 'string') {
      // What it held goes with it, unseen: outside nothing tells it from what came there later.
      const isTaken = [source, ...below].some(
        (state) => worldOf(state) !== undefined && this.#mayHold(state, from, placeNow),
      );
      if (isTaken) this.doubt(source, touch);
    }
    if (typeof source !== 'string') {
      // One more name in it would have been moved, too.
      if (kind === 'directory') this.list(source, touch);
      this.write(source, touch, 'absent', true);
    }
    if (typeof target !== 'string') this.#arrive(target, origin, touch, kind);
    if (kind === 'directory') this.#forgetBelow(to, origin, touch);
    for (const state of below) {
      const childOrigin = worldOf(state);
      const place = placeNow + state.path.slice(from.length);
      const was = state.now ?? state.before ?? this.disk.entry(place).kind;
      if (was === 'absent' || was === 'unknown') state.own = true;
      else this.write(state, touch, 'absent', true);
      if (typeof target === 'string') continue;
      const moved = this.at(to + state.path.slice(from.length));
      if (was === 'absent' || was === 'unknown') {
        moved.own = true;
        if (moved.written === undefined) moved.before ??= 'absent';
        moved.origin = childOrigin;
      } else this.#arrive(moved, childOrigin, touch, was);
    }
    if (kind === 'directory' && typeof target !== 'string') this.#arriveBelow(to, placeNow, touch);
  }

  /** Whether what is at or below a directory that was at `from` may hold more than is known. */
  #mayHold({ path, now, before }: PathState, from: string, placeNow: string): boolean {
    if (path === from) return true;
    const kind = now ?? before ?? this.disk.entry(placeNow + path.slice(from.length)).kind;
    return kind === 'directory' || kind === 'unknown';
  }

  #arrive(state: PathState, origin: PathState | undefined, touch: Touch, kind: KindAt): void {
    if (state.written === undefined) state.before ??= 'absent';
    this.write(state, touch, kind, true);
    state.origin = origin;
    state.movedBy = touch;
  }

  /** What was known below a directory that another one has replaced holds no longer. */
  #forgetBelow(directory: string, origin: PathState | undefined, touch: Touch): void {
    for (const state of this.#below(directory)) {
      state.own = true;
      state.now = undefined;
      state.attempted = undefined;
      state.movedBy = touch;
      if (state.written === undefined) state.before ??= 'absent';
      state.originUntold = origin !== undefined;
      state.origin = origin && this.at(origin.path + state.path.slice(directory.length));
    }
  }

  /** Everything the disk holds below a moved directory came with it, or was made in it later. */
  #arriveBelow(directory: string, placeNow: string, touch: Touch): void {
    for (const name of this.disk.list(placeNow)) {
      const place = `${placeNow}/${name}`;
      const { kind } = this.disk.entry(place);
      if (kind === 'absent') continue;
      const path = `${directory}/${name}`;
      const isNew = !this.#states.has(path);
      const state = this.at(path);
      if (isNew || state.originUntold) this.tell(state, kind);
      state.written ??= touch;
      state.now ??= kind;
      if (kind !== 'directory') continue;
      this.list(state, touch);
      this.#arriveBelow(path, place, touch);
    }
  }

  /** `origin` held something of this kind before the task, which moved it away with a directory. */
  #adopt(origin: PathState, kind: KindAt, touch: Touch): void {
    origin.before = kind;
    origin.own = true;
    if (kind !== 'absent') origin.written ??= touch;
    // Unless something else was moved there, of which nothing has been seen yet.
    if (origin.origin === undefined) origin.now ??= 'absent';
  }

  #below(directory: string): PathState[] {
    const prefix = `${directory}/`;
    const found: PathState[] = [];
    for (const state of this.#states.values()) if (state.path.startsWith(prefix)) found.push(state);
    return found;
  }

  #ownAncestor(path: string): PathState | undefined {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const state = this.#states.get(path.slice(0, slash));
      if (state !== undefined) return state.own ? state : undefined;
    }
    return undefined;
  }

  /** The accesses, sorted by path; the ledger is used up. */
  close(): PathAccess[] {
    const states = [...this.#states.values()];
    for (const state of states) this.#settleMove(state);
    const accesses: PathAccess[] = [];
    for (const state of states) {
      const access = this.#settle(state);
      if (access !== undefined) accesses.push(access);
    }
    return accesses.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  /** What was moved and is still there makes a result of what was at its origin. */
  #settleMove(state: PathState): void {
    const { origin, movedBy } = state;
    if (origin === undefined || movedBy === undefined) return;
    const entry = this.disk.entry(state.path);
    if (entry.kind === 'file') {
      origin.contentRead ??= movedBy;
      origin.movedTo = state.path;
    }
    if (entry.kind === 'symlink') origin.linkFollowed ??= { ...movedBy, target: entry.target };
  }

  #settle(state: PathState): PathAccess | undefined {
    const { path, attempted, content, movedTo } = state;
    let { before, contentRead, probed, inspected, listed, linkFollowed, written } = state;
    if (before === undefined) {
      before = written === undefined ? this.disk.entry(path).kind : 'unknown';
    }
    if (written === undefined && before === 'absent' && attempted !== undefined) {
      if (this.disk.entry(path).kind !== 'absent') written = attempted;
    }
    // What the log calls a reading turned out to be a look: nothing, or a directory, was there.
    if (before === 'absent' || before === 'directory') {
      probed = first(probed, contentRead);
      contentRead = undefined;
      inspected = undefined;
    }
    if (before === 'absent') {
      probed = first(first(probed, listed), linkFollowed);
      listed = undefined;
      linkFollowed = undefined;
    }
    const { executed } = state;
    if (!(contentRead ?? probed ?? listed ?? linkFollowed ?? executed ?? written)) return undefined;
    return {
      path: path as AbsolutePath,
      before,
      ...(contentRead && { contentRead }),
      ...(probed && { probed: touchOnly(probed) }),
      ...(inspected && { inspected }),
      ...(listed && { listed }),
      ...(linkFollowed && { linkFollowed }),
      ...(executed && { executed }),
      ...(written && { written }),
      ...(content && before === 'file' && { contentBefore: content }),
      ...(movedTo !== undefined && !content && { movedTo: movedTo as AbsolutePath }),
    };
  }
}

function newState(path: string): PathState {
  return {
    path,
    before: undefined,
    now: undefined,
    own: false,
    origin: undefined,
    movedBy: undefined,
    originUntold: false,
    twin: undefined,
    attempted: undefined,
    handle: undefined,
    contentRead: undefined,
    probed: undefined,
    inspected: undefined,
    listed: undefined,
    linkFollowed: undefined,
    executed: undefined,
    written: undefined,
    content: undefined,
    movedTo: undefined,
  };
}

/** Which state of the world a look at the path reveals; undefined when only the task's own work. */
function worldOf(state: PathState): PathState | undefined {
  return state.origin ?? (state.own ? undefined : state);
}

function first(a: Touch | undefined, b: Touch | undefined): Touch | undefined {
  return a === undefined || (b !== undefined && b.sequence < a.sequence) ? b : a;
}

function touchOnly({ sequence, process }: Touch): Touch {
  return { sequence, process };
}
