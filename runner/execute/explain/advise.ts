import type { WorkspacePath } from '../../../cache/brands.js';
import type { Change } from '../../../cache/explain/change.js';
import type { ChangedObservation } from '../../../cache/explain/compare-results.js';
import type { LatestResult } from '../../../cache/explain/explainer.js';
import type { KeyChange } from '../../../cache/explain/key-change.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { nameListMatcher, pathMatcher } from '../../workspace/glob/glob-matcher.js';
import { privatePlace, unimportantPaths } from './unimportant-path.js';

/** What would have avoided a miss, if what changed does not matter. Which it may: a suggestion. */
export type Advice =
  /** An exclusion in `input`. `glob` as to be written, without its `!`. */
  | {
      readonly kind: 'exclude-input';
      readonly glob: WritableGlob;
      readonly paths: readonly string[];
    }
  /** Calls of ignoreInput and ignoreOutput by the tool, or exclusions in `input` and `output`. */
  | {
      readonly kind: 'keep-private';
      /** Workspace-relative. */
      readonly place: WorkspacePath;
      readonly glob: WritableGlob;
      readonly paths: readonly string[];
    }
  /** `untrackedEnv`; `declared`: they have to be taken out of `env`. */
  | { readonly kind: 'untrack-env'; readonly names: readonly string[]; readonly declared: boolean }
  /** Files that come and go in a directory that is listed: no exclusion takes out their names alone. */
  | {
      readonly kind: 'keep-elsewhere';
      readonly directory: WorkspacePath;
      readonly paths: readonly string[];
    }
  /** Another task writes the file: if it runs before, the file is as it should be. */
  | { readonly kind: 'run-before'; readonly task: string; readonly paths: readonly string[] };

/** A glob in the configuration of a task. */
export interface WritableGlob {
  readonly pattern: string;
  /** What it is relative to. */
  readonly base: 'package' | 'workspace';
}

/** What advice is given on. */
export interface AdviceRequest {
  readonly origin: ExecutionOrigin;
  /** The result that came nearest, and how the world differs from it. */
  readonly nearest: {
    readonly result: StoredResult;
    readonly changes: readonly ChangedObservation[];
  };
  /** The newest results of the workspace's tasks. */
  readonly latest: readonly LatestResult[];
}

/** What would have kept these changes from causing a miss; nothing for those that look meant. */
export function adviseOn({ origin, nearest, latest }: AdviceRequest): readonly Advice[] {
  const { result, changes } = nearest;
  const written = new Set<string>([
    ...result.outputs.map(({ path }) => path),
    ...result.ignored.flatMap(({ part, paths }) =>
      part === 'writes' ? paths.map(({ path }) => path) : [],
    ),
  ]);
  const writers = new Map<string, string>();
  for (const other of latest) {
    if (other.task === result.task) continue;
    for (const { path } of other.result?.outputs ?? []) writers.set(path, other.task);
  }
  const list = new AdviceList();
  for (const { observation, changes: ways } of changes) {
    for (const change of ways) {
      if (change.kind === 'env') {
        list.add({ kind: 'untrack-env', declared: false }, change.name);
        continue;
      }
      const path = pathOf(change);
      if (path === undefined) continue;
      const isListing = observation.kind === 'listing';
      const writer = writers.get(path);
      const place = privatePlace(path, written);
      const unimportant = unimportantPaths(path);
      if (writer !== undefined) list.add({ kind: 'run-before', task: writer }, path);
      else if (place !== undefined && !(isListing && written.has(path))) {
        const glob = writable(place === path ? place : `${place}/**`, origin.globBase, path);
        list.add({ kind: 'keep-private', place, glob }, path);
      } else if (unimportant !== undefined && pathMatcher(unimportant)(path)) {
        if (observation.kind === 'listing' && !takesOutListing(unimportant, observation.path)) {
          list.add({ kind: 'keep-elsewhere', directory: observation.path }, path);
          continue;
        }
        const glob = writable(unimportant, origin.globBase, path);
        list.add({ kind: 'exclude-input', glob }, path);
      }
    }
  }
  return list.all;
}

/** What would have kept the key as it was; only variables of `env` are such. */
export function adviseOnKey(
  changes: readonly KeyChange[],
  { task, env }: ExecutionOrigin,
): readonly Advice[] {
  // What a command line declares, it declares because it wants it.
  if (task === undefined) return [];
  const isDeclared = nameListMatcher(env);
  const names = changes.flatMap((change) =>
    change.kind === 'env' && isDeclared(change.name) ? [change.name] : [],
  );
  return names.length === 0 ? [] : [{ kind: 'untrack-env', names, declared: true }];
}

type Subject<A> = A extends { readonly names: unknown } ? Omit<A, 'names'> : Omit<A, 'paths'>;

/** Advice of the same kind on several paths or names is one. */
class AdviceList {
  readonly #advice = new Map<string, { subject: Subject<Advice>; about: Set<string> }>();

  add(subject: Advice extends infer A ? Subject<A> : never, about: string): void {
    const key = JSON.stringify(subject);
    const known = this.#advice.get(key);
    if (known === undefined) this.#advice.set(key, { subject, about: new Set([about]) });
    else known.about.add(about);
  }

  get all(): readonly Advice[] {
    return [...this.#advice.values()].map(({ subject, about }) => {
      const list = [...about];
      return subject.kind === 'untrack-env'
        ? { ...subject, names: list }
        : { ...subject, paths: list };
    });
  }
}

function pathOf(change: Exclude<Change, { kind: 'env' }>): WorkspacePath | undefined {
  switch (change.kind) {
    case 'modified':
    case 'value-changed':
      return change.path;
    case 'added':
    case 'removed':
      return (change.dir === '' ? change.name : `${change.dir}/${change.name}`) as WorkspacePath;
    case 'program-changed':
    case 'root-changed':
      return undefined;
  }
}

/**
 * Whether excluding this takes out which names are in a directory, too: a name that was seen counts
 * whatever is in the file.
 */
function takesOutListing(glob: string, directory: string): boolean {
  const matches = pathMatcher(glob);
  return matches(directory) && matches(`${directory}/\u{10ffff}`);
}

/** A workspace-relative glob that matches `path`, as the configuration of a task would have it. */
function writable(glob: string, base: WorkspacePath, path: WorkspacePath): WritableGlob {
  if (base === '') return { pattern: glob, base: 'package' };
  if (!path.startsWith(`${base}/`)) return { pattern: glob, base: 'workspace' };
  if (glob.startsWith('**/')) return { pattern: glob, base: 'package' };
  return glob.startsWith(`${base}/`)
    ? { pattern: glob.slice(base.length + 1), base: 'package' }
    : { pattern: glob, base: 'workspace' };
}
