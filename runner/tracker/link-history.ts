import type { DiskView } from './disk-view.js';

/** What a name was at a moment: not a symlink, a symlink with its text, or one whose text is lost. */
export type LinkState =
  | { readonly kind: 'none' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'unknown' };

/** A change by the task that decides where later or earlier paths lead. Paths are physical. */
export type NameChange =
  | { readonly kind: 'made'; readonly at: number; readonly path: string; readonly target: string }
  /** A symlink was removed, or replaced by something else. */
  | { readonly kind: 'gone'; readonly at: number; readonly path: string }
  /** A directory or symlink was renamed, with all below it. */
  | {
      readonly kind: 'moved';
      readonly at: number;
      readonly from: string;
      readonly to: string;
      /** What was at `to` was a symlink. */
      readonly overLink: boolean;
    };

type Move = Extract<NameChange, { kind: 'moved' }>;
type LinkChange = Exclude<NameChange, Move>;

const none: LinkState = { kind: 'none' };
const unknown: LinkState = { kind: 'unknown' };

/**
 * Tells whether a name was a symlink at a moment of the run, from the disk after the run and the
 * changes the task made to names:
 *
 *        made, gone, moved onto, moved away          made, gone, moved onto, moved away
 *   ------------------------------------------ T ------------------------------------------> disk
 *        the latest of these decides                 else the earliest of these does
 *
 * A text that existed only before the task removed it is lost: `unknown`.
 */
export class LinkHistory {
  readonly #links = new Map<string, LinkChange[]>();
  readonly #movesFrom = new Map<string, Move[]>();
  readonly #movesTo = new Map<string, Move[]>();
  readonly #times: readonly number[];

  constructor(
    changes: readonly NameChange[],
    private readonly disk: DiskView,
  ) {
    for (const change of changes) {
      if (change.kind === 'moved') {
        append(this.#movesFrom, change.from, change);
        append(this.#movesTo, change.to, change);
      } else append(this.#links, change.path, change);
    }
    this.#times = changes.map(({ at }) => at);
  }

  /** Moments at which paths may come to lead elsewhere, ascending. */
  get times(): readonly number[] {
    return this.#times;
  }

  linkAt(path: string, at: number): LinkState {
    if (this.#times.length === 0) return this.#linkNow(path);
    return this.#fromPast(path, at) ?? this.#fromFuture(path, at);
  }

  /** Where what is at `path` at a moment is after the run, as far as moves tell. */
  placeNow(path: string, at: number): string {
    if (this.#movesFrom.size === 0) return path;
    let place = path;
    let time = at;
    for (let rounds = 0; rounds <= this.#times.length; rounds++) {
      const move = this.#firstMoveAway(place, time);
      if (move === undefined) return place;
      place = move.to + place.slice(move.from.length);
      time = move.at + 0.5;
    }
    return place;
  }

  /** Whether a path came to denote something else between two moments, by a move of it or above it. */
  isMoved(path: string, from: number, to: number): boolean {
    if (this.#movesFrom.size === 0) return false;
    const isBetween = ({ at }: Move): boolean => at >= from && at < to;
    return selfAndAncestors(path).some(
      (place) =>
        this.#movesFrom.get(place)?.some(isBetween) === true ||
        this.#movesTo.get(place)?.some(isBetween) === true,
    );
  }

  /** What the task's earlier changes say; undefined when they say nothing. */
  #fromPast(path: string, at: number): LinkState | undefined {
    const link = this.#links.get(path)?.findLast((change) => change.at < at);
    let away: Move | undefined;
    let onto: Move | undefined;
    for (const place of selfAndAncestors(path)) {
      away = later(
        away,
        this.#movesFrom.get(place)?.findLast((move) => move.at < at),
      );
      onto = later(
        onto,
        this.#movesTo.get(place)?.findLast((move) => move.at < at),
      );
    }
    const latest = Math.max(link?.at ?? -1, away?.at ?? -1, onto?.at ?? -1);
    if (latest < 0) return undefined;
    // Of an exchange, what arrived counts.
    if (onto?.at === latest) {
      const origin = onto.from + path.slice(onto.to.length);
      const past = this.#fromPast(origin, onto.at);
      return past;
    }
    if (link?.at === latest) {
      if (link.kind === 'made') return { kind: 'link', target: link.target };
      // The log keeps only the first of equal records: the link may have been made again.
      return this.disk.entry(path).kind === 'symlink' && !this.#madeAfter(path, latest)
        ? unknown
        : none;
    }
    return none;
  }

  /** What the task's later changes, and in the end the disk, say. */
  #fromFuture(path: string, at: number): LinkState {
    const link = this.#links.get(path)?.find((change) => change.at >= at);
    const away = this.#firstMoveAway(path, at);
    let onto: Move | undefined;
    for (const place of selfAndAncestors(path)) {
      onto = earlier(
        onto,
        this.#movesTo.get(place)?.find((move) => move.at >= at),
      );
    }
    const first = Math.min(link?.at ?? Infinity, away?.at ?? Infinity, onto?.at ?? Infinity);
    if (first === Infinity) return this.#linkNow(path);
    if (away?.at === first) {
      return this.#fromFuture(away.to + path.slice(away.from.length), away.at + 0.5);
    }
    if (link?.at === first) return link.kind === 'gone' ? unknown : none;
    return onto!.to === path && onto!.overLink ? unknown : none;
  }

  #firstMoveAway(path: string, at: number): Move | undefined {
    let away: Move | undefined;
    for (const place of selfAndAncestors(path)) {
      away = earlier(
        away,
        this.#movesFrom.get(place)?.find((move) => move.at >= at),
      );
    }
    return away;
  }

  #madeAfter(path: string, at: number): boolean {
    return (
      (this.#links.get(path)?.some((change) => change.at > at && change.kind === 'made') ??
        false) ||
      selfAndAncestors(path).some((place) => this.#movesTo.get(place)?.some((move) => move.at > at))
    );
  }

  #linkNow(path: string): LinkState {
    const entry = this.disk.entry(path);
    return entry.kind === 'symlink' ? { kind: 'link', target: entry.target } : none;
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function later(a: Move | undefined, b: Move | undefined): Move | undefined {
  return a === undefined || (b !== undefined && b.at > a.at) ? b : a;
}

function earlier(a: Move | undefined, b: Move | undefined): Move | undefined {
  return a === undefined || (b !== undefined && b.at < a.at) ? b : a;
}

function selfAndAncestors(path: string): string[] {
  const places = [path];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    places.push(path.slice(0, slash));
  }
  return places;
}
