import type { BigIntStats, Stats } from 'node:fs';
import { STAMP_LENGTH, stampOf, stampOfExact } from '../../cache/confirmed-stamp.js';
import type { Look, LookKind } from './look.js';

/** Of those without a stamp. */
const NO_STAMP = Array.from({ length: STAMP_LENGTH }, () => 0);

/** S_IFMT and S_IFREG of Linux. */
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

/** By path: where the numbers of a look begin, or NONE. */
type Looks = Map<string, number>;
type ByKind = Readonly<Record<LookKind, Looks>>;
const NONE = -1;

/**
 * Looks by what they are and at which path. A run of many packages makes tens of thousands: they are kept as
 * numbers, and become objects only when a record is made of them.
 */
export class LookTable {
  readonly #following = byKind();
  readonly #direct = byKind();
  /** A stamp and a mode each. */
  readonly #numbers: number[] = [];

  /** The first look of a kind stands: if a later one finds something else, so will whoever repeats it. */
  add(kind: LookKind, follows: boolean, path: string, stat?: Stats | BigIntStats): void {
    const looks = (follows ? this.#following : this.#direct)[kind];
    if (looks.has(path)) return;
    looks.set(path, stat === undefined ? NONE : this.#numbers.length);
    if (stat === undefined) return;
    this.#numbers.push(...(isExact(stat) ? stampOfExact(stat) : stampOf(stat)), Number(stat.mode));
  }

  /** All of them but those of which another one at the same path says as much, and those at these paths. */
  list(but: ReadonlySet<string>): readonly Look[] {
    const list: Look[] = [];
    for (const follows of [false, true]) {
      for (const [kind, looks] of Object.entries(follows ? this.#following : this.#direct)) {
        for (const [path, at] of looks) {
          if (but.has(path) || (follows && this.#isImplied(kind as LookKind, path, at))) continue;
          const stamp = at === NONE ? NO_STAMP : this.#numbers.slice(at, at + STAMP_LENGTH);
          const mode = at === NONE ? 0 : this.#numbers[at + STAMP_LENGTH]!;
          list.push({ kind: kind as LookKind, follows, path, stamp, mode });
        }
      }
    }
    return list;
  }

  #isImplied(kind: LookKind, path: string, at: number): boolean {
    const [following, direct] = [this.#following, this.#direct];
    if (kind === 'there') return following.stamp.has(path) || following.place.has(path);
    if (kind === 'absent') return direct.absent.has(path);
    const other = direct.stamp.get(path);
    if (kind !== 'stamp' || other === undefined) return false;
    const numbers = this.#numbers;
    // What is no link is the same either way.
    if ((numbers[other + STAMP_LENGTH]! & FILE_TYPE) !== REGULAR) return false;
    for (let part = 0; part <= STAMP_LENGTH; part++) {
      if (numbers[other + part] !== numbers[at + part]) return false;
    }
    return true;
  }
}

function byKind(): ByKind {
  return {
    stamp: new Map(),
    place: new Map(),
    there: new Map(),
    absent: new Map(),
    directory: new Map(),
  };
}

function isExact(stat: Stats | BigIntStats): stat is BigIntStats {
  return typeof stat.size === 'bigint';
}
