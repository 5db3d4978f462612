import { contentDigest } from '../content-digest.js';
import { differenceOf } from '../observation-check.js';
import type { Difference } from '../observation-check.js';
import type { Fact } from '../observation-codec.js';
import type { PresentFiles } from '../present-files.js';
import type { World } from '../world.js';

/** How a variable differs; its values are never known. */
export interface VariableChange {
  readonly kind: 'env';
  readonly name: string;
  readonly now: 'changed' | 'set' | 'unset';
}

/** One way in which the world differs from an observation. An observation may have several. */
export type Change = Exclude<Difference, { kind: 'env-changed' }> | VariableChange;

/** All ways in which the world differs from a stored fact; none while it holds. */
export async function changesOf(
  fact: Fact,
  files: PresentFiles,
  world: World,
): Promise<readonly Change[]> {
  const difference = await differenceOf(fact, files, world);
  if (difference === undefined) return [];
  switch (fact.kind) {
    case 'listing': {
      const names = files.names(fact.path);
      return names === undefined
        ? single(difference)
        : listChanges(fact.names, names).map(({ kind, item }) => ({
            kind,
            name: item,
            dir: fact.path,
          }));
    }
    case 'glob':
      return pathListChanges(fact.matches, await world.expandGlobs(fact.include, fact.exclude));
    case 'env': {
      const value = world.env(fact.name);
      const now = value === undefined ? null : contentDigest(value);
      return variableChange(fact.name, fact.valueDigest, now);
    }
    case 'env-query':
      return variableChanges(
        fact.matches,
        [...world.queryEnv(fact.pattern)].map(([name, value]) => ({
          name,
          valueDigest: contentDigest(value),
        })),
      );
    case 'content':
    case 'absence':
    case 'existence':
    case 'link':
    case 'json':
    case 'root':
    case 'program':
      return single(difference);
  }
}

/** Names that only one of two lists has, in the order of the names. */
export function listChanges(
  before: readonly string[],
  now: readonly string[],
): readonly { readonly kind: 'added' | 'removed'; readonly item: string }[] {
  const [was, is] = [new Set(before), new Set(now)];
  return [...new Set([...before, ...now])]
    .sort()
    .flatMap((item) =>
      was.has(item) === is.has(item) ? [] : [{ kind: is.has(item) ? 'added' : 'removed', item }],
    );
}

/** Paths that only one of two lists has. */
export function pathListChanges(
  before: readonly string[],
  now: readonly string[],
): readonly Change[] {
  return listChanges(before, now).map(({ kind, item }) => {
    const slash = item.lastIndexOf('/');
    const dir = item.slice(0, Math.max(0, slash)) as Extract<Change, { dir: unknown }>['dir'];
    return { kind, name: item.slice(slash + 1), dir };
  });
}

type VariableDigests = readonly { readonly name: string; readonly valueDigest: string }[];

/** Variables that differ between two sets, sorted by name. */
export function variableChanges(
  before: VariableDigests,
  now: VariableDigests,
): readonly VariableChange[] {
  const [was, is] = [before, now].map(
    (list) => new Map(list.map(({ name, valueDigest }) => [name, valueDigest])),
  ) as [Map<string, string>, Map<string, string>];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .flatMap((name) => variableChange(name, was.get(name) ?? null, is.get(name) ?? null));
}

/** At most one change; `null` stands for a variable that is not set. */
export function variableChange(
  name: string,
  before: string | null,
  now: string | null,
): readonly VariableChange[] {
  if (before === now) return [];
  return [{ kind: 'env', name, now: now === null ? 'unset' : before === null ? 'set' : 'changed' }];
}

function single(difference: Difference): readonly Change[] {
  return difference.kind === 'env-changed' ? [] : [difference];
}
