import type { Digest, WorkspacePath } from './brands.js';
import { DamagedRecord } from './damaged-record.js';
import { entryName, loadGroups } from './entry-table.js';
import type { Variant } from './entry-table.js';
import type { Transaction } from './index-database.js';
import { differenceOf } from './observation-check.js';
import type { Difference } from './observation-check.js';
import type { Fact } from './observation-codec.js';
import { decodeGroup } from './observation-group.js';
import type { PresentFiles } from './present-files.js';
import type { World } from './world.js';

/** A group of facts with what is known of it so far. */
interface Group {
  readonly digest: Digest;
  readonly facts: readonly Fact[];
  /** All facts but contents hold. */
  cheapHold?: boolean;
  /** What the index knows of its files was fetched. */
  loaded?: boolean;
  holds?: boolean;
  differences?: readonly Difference[];
}

/** A variant that does not hold, and why. */
export interface NearVariant {
  readonly variant: Variant;
  readonly differences: readonly Difference[];
}

/** So many recent variants are compared in full to find the one nearest to the present. */
const NEAREST_OF = 8;

/**
 * Looks for the first of a key's variants, the most recently used first, whose observations all
 * hold. Variants share groups of observations; each is checked at most once. Within a variant the
 * groups that the fewest others have come first: they are what tells it from the others. Contents
 * come last: all else is decided by names and stats.
 */
export class VariantSearch {
  readonly #transaction: Transaction;
  readonly #key: Digest;
  readonly #variants: readonly Variant[];
  readonly #files: PresentFiles;
  readonly #world: World;
  readonly #groups = new Map<number, Group>();
  readonly #shares = new Map<number, number>();
  readonly #damaged = new Map<Variant, DamagedRecord>();
  #ahead = 1;

  constructor(
    transaction: Transaction,
    key: Digest,
    variants: readonly Variant[],
    files: PresentFiles,
    world: World,
  ) {
    this.#transaction = transaction;
    this.#key = key;
    this.#variants = variants;
    this.#files = files;
    this.#world = world;
    for (const variant of variants) {
      for (const id of variant.groups) this.#shares.set(id, (this.#shares.get(id) ?? 0) + 1);
    }
  }

  /** Variants that were found damaged on the way, with what was found. */
  get damaged(): ReadonlyMap<Variant, DamagedRecord> {
    return this.#damaged;
  }

  markDamaged(variant: Variant, damage: DamagedRecord): void {
    this.#damaged.set(variant, damage);
  }

  /** The variants that hold, in order; usually only the first is asked for. */
  async *holding(): AsyncGenerator<Variant> {
    for (const [index, variant] of this.#variants.entries()) {
      if (this.#isRuledOut(variant)) continue;
      try {
        await this.#loadGroups(index);
        if (await this.#holds(variant)) yield variant;
      } catch (error) {
        if (!(error instanceof DamagedRecord)) throw error;
        this.#damaged.set(variant, error);
      }
    }
  }

  /** All facts of a variant that `holding` has given. */
  facts(variant: Variant): Fact[] {
    return this.#groupsOf(variant).flatMap((group) => group.facts);
  }

  /**
   * What differs from the nearest variant that does not hold: of so many most recently used ones the
   * one with the fewest differing observations, of equal ones the most recent. Undefined when there
   * is none to compare.
   */
  async nearest(among = NEAREST_OF): Promise<NearVariant | undefined> {
    let nearest: NearVariant | undefined;
    for (const [index, variant] of this.#variants.slice(0, among).entries()) {
      try {
        await this.#loadGroups(index);
        const differences: Difference[] = [];
        for (const group of this.#groupsOf(variant)) {
          differences.push(...(await this.#differences(group)));
        }
        const nearer = !nearest || differences.length < nearest.differences.length;
        if (differences.length > 0 && nearer) nearest = { variant, differences };
      } catch (error) {
        if (!(error instanceof DamagedRecord)) throw error;
        this.#damaged.set(variant, error);
      }
    }
    return nearest;
  }

  #isRuledOut(variant: Variant): boolean {
    return variant.groups.some((id) => {
      const group = this.#groups.get(id);
      return group?.holds === false || group?.cheapHold === false;
    });
  }

  /** Fetches the groups of a variant, and of more of the following ones the longer it takes. */
  async #loadGroups(index: number): Promise<void> {
    const missing = (variant: Variant) => variant.groups.filter((id) => !this.#groups.has(id));
    if (missing(this.#variants[index]!).length === 0) return;
    const wanted = new Set(
      this.#variants.slice(index, index + this.#ahead).flatMap((variant) => missing(variant)),
    );
    this.#ahead *= 8;
    for (const [id, encoded] of await loadGroups(this.#transaction, [...wanted])) {
      // Decoding waits until the group is needed.
      let facts: Fact[] | undefined;
      this.#groups.set(id, {
        digest: encoded.digest,
        get facts() {
          return (facts ??= decodeGroup(encoded));
        },
      });
    }
  }

  #groupsOf(variant: Variant): Group[] {
    const groups = variant.groups.map((id) => {
      const group = this.#groups.get(id);
      if (group === undefined) throw new DamagedRecord(`observation group ${id} is missing`);
      return group;
    });
    const name = entryName(
      this.#key,
      groups.map((group) => group.digest),
    );
    if (name !== variant.name) throw new DamagedRecord(`entry ${variant.name} has other groups`);
    return groups;
  }

  async #holds(variant: Variant): Promise<boolean> {
    const groups = this.#groupsOf(variant);
    const shares = new Map(
      groups.map((group, i) => [group, this.#shares.get(variant.groups[i]!)!]),
    );
    groups.sort((a, b) => shares.get(a)! - shares.get(b)!);
    for (const group of groups) {
      group.cheapHold ??= await this.#allHold(group.facts.filter((f) => f.kind !== 'content'));
      if (!group.cheapHold) return false;
    }
    await this.#loadContents(groups);
    for (const group of groups) {
      group.holds ??= await this.#allHold(group.facts.filter((f) => f.kind === 'content'));
      if (!group.holds) return false;
    }
    return true;
  }

  async #loadContents(groups: readonly Group[]): Promise<void> {
    const paths: WorkspacePath[] = [];
    for (const group of groups) {
      if (group.loaded) continue;
      group.loaded = true;
      for (const fact of group.facts) if (fact.kind === 'content') paths.push(fact.path);
    }
    await this.#files.load(this.#transaction, paths);
  }

  async #allHold(facts: readonly Fact[]): Promise<boolean> {
    for (const fact of facts) {
      if ((await differenceOf(fact, this.#files, this.#world)) !== undefined) return false;
    }
    return true;
  }

  async #differences(group: Group): Promise<readonly Difference[]> {
    if (group.differences !== undefined) return group.differences;
    await this.#loadContents([group]);
    const differences: Difference[] = [];
    for (const fact of group.facts) {
      const difference = await differenceOf(fact, this.#files, this.#world);
      if (difference !== undefined) differences.push(difference);
    }
    return (group.differences = differences);
  }
}
