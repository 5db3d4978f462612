import { statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { WorkspacePath } from './brands.js';
import { contentDigest } from './content-digest.js';
import { entryKind } from './file-identity.js';
import { changedNames } from './key-difference.js';
import type { MissReason } from './miss-reason.js';
import type { Fact } from './observation-codec.js';
import { nameOf, parentOf } from './path-parts.js';
import type { PresentFiles } from './present-files.js';
import type { World } from './world.js';

/** What can be told of an observation that no longer holds. */
export type Difference = Extract<
  MissReason,
  {
    kind:
      | 'env-changed'
      | 'root-changed'
      | 'program-changed'
      | 'modified'
      | 'value-changed'
      | 'added'
      | 'removed';
  }
>;

/** Compares a stored fact with the present; undefined when it still holds. */
export async function differenceOf(
  fact: Fact,
  files: PresentFiles,
  world: World,
): Promise<Difference | undefined> {
  switch (fact.kind) {
    case 'content': {
      const now = await files.content(fact.path);
      if (now === 'absent') return removed(fact.path);
      if (now === 'other') return modified(fact.path);
      const same = now.digest === fact.digest && now.executable === fact.executable;
      return same ? undefined : modified(fact.path);
    }
    case 'absence': {
      if (!files.isAbsent(fact.path)) return added(fact.path);
      const blocker = files.blockerOf(fact.path);
      return blocker === undefined ? undefined : modified(blocker);
    }
    case 'existence': {
      const stat = files.stat(fact.path);
      if (stat === undefined) return removed(fact.path);
      return entryKind(stat) === fact.entry ? undefined : modified(fact.path);
    }
    case 'link':
      if (files.stat(fact.path) === undefined) return removed(fact.path);
      return files.linkTarget(fact.path) === fact.target ? undefined : modified(fact.path);
    case 'listing': {
      if (files.stat(fact.path) === undefined) return removed(fact.path);
      const names = files.names(fact.path);
      if (names === undefined) return modified(fact.path);
      const change = firstChange(fact.names, names);
      return change && { kind: change.kind, name: change.item, dir: fact.path };
    }
    case 'glob': {
      const matches = await world.expandGlobs(fact.include, fact.exclude);
      const change = firstChange(fact.matches, [...matches].sort());
      return change && (change.kind === 'added' ? added : removed)(change.item as WorkspacePath);
    }
    case 'json': {
      const value = await files.jsonValue(fact.path, fact.pointer);
      if (value.kind === 'absent') return removed(fact.path);
      if (value.kind === 'unusable') return modified(fact.path);
      const digest = value.kind === 'none' ? null : contentDigest(value.text);
      const { path, pointer } = fact;
      return digest === fact.valueDigest ? undefined : { kind: 'value-changed', path, pointer };
    }
    case 'program': {
      const stat = statProgram(fact.path);
      const same =
        stat?.size === fact.size &&
        stat.mtimeNs === fact.mtime &&
        fact.names.every((name) => world.findProgram(name) === fact.path);
      return same ? undefined : { kind: 'program-changed', path: fact.path };
    }
    case 'root':
      return fact.path === world.root ? undefined : { kind: 'root-changed', path: fact.path };
    case 'env': {
      const value = world.env(fact.name);
      const digest = value === undefined ? null : contentDigest(value);
      return digest === fact.valueDigest ? undefined : { kind: 'env-changed', names: [fact.name] };
    }
    case 'env-query': {
      const before = new Map(fact.matches.map((match) => [match.name, match.valueDigest]));
      const now = new Map<string, string>();
      for (const [name, value] of world.queryEnv(fact.pattern)) now.set(name, contentDigest(value));
      const names = changedNames(before, now);
      return names.length === 0 ? undefined : { kind: 'env-changed', names };
    }
  }
}

/** Follows symlinks; undefined when there is no such program. */
export function statProgram(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function modified(path: WorkspacePath): Difference {
  return { kind: 'modified', path };
}

function added(path: WorkspacePath): Difference {
  return { kind: 'added', name: nameOf(path), dir: parentOf(path) ?? path };
}

function removed(path: WorkspacePath): Difference {
  // The root itself cannot go missing while something runs in it.
  return { kind: 'removed', name: nameOf(path), dir: parentOf(path) ?? path };
}

/** The first item, in their order, that only one of two sorted lists has. */
function firstChange(
  before: readonly string[],
  now: readonly string[],
): { readonly kind: 'added' | 'removed'; readonly item: string } | undefined {
  let index = 0;
  while (index < before.length && before[index] === now[index]) index++;
  const [was, is] = [before[index], now[index]];
  if (was === undefined && is === undefined) return undefined;
  if (was === undefined || (is !== undefined && is < was)) return { kind: 'added', item: is! };
  return { kind: 'removed', item: was };
}
