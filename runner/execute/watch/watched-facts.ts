import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { changedAt, factKey, factState } from './fact.js';
import type { Fact, FactChange, FactState } from './fact.js';
import { parentOf } from './directory-watch.js';
import type { StepFacts } from './step-facts.js';

/** The facts that one step depends on, each as the step has found or left it. */
export class WatchedFacts {
  /** When the run was started that they are of. */
  startedAt = 0;
  #facts = new Map<string, { readonly fact: Fact; readonly state: FactState }>();
  #written: StepFacts['written'] = new Set();

  constructor(private readonly root: AbsolutePath) {}

  get all(): Iterable<Fact> {
    return [...this.#facts.values()].map(({ fact }) => fact);
  }

  get size(): number {
    return this.#facts.size;
  }

  /**
   * Takes what is known of a step in the place of what was. Of what it had not been known to depend on, the
   * answer is a fact that is not any more as the step found it: somebody changed it since.
   *
   * @param started milliseconds since the epoch, when the step was started.
   * @param keeps whether facts that are known already keep their state: it is the same run.
   */
  async take(
    { facts, written }: StepFacts,
    started: number,
    keeps: boolean,
  ): Promise<FactChange | undefined> {
    const known = keeps ? this.#facts : new Map<string, { fact: Fact; state: FactState }>();
    const next = new Map<string, { fact: Fact; state: FactState }>();
    let changed: FactChange | undefined;
    this.#written = written;
    for (const { fact, before } of facts) {
      const key = factKey(fact);
      const old = known.get(key);
      const isOwn = fact.kind !== 'glob' && written.has(fact.path);
      if (old !== undefined && !isOwn) {
        next.set(key, old);
        continue;
      }
      const state = await factState(this.root, fact);
      next.set(key, { fact, state });
      if (isOwn || changed !== undefined) continue;
      if (
        before !== undefined
          ? this.#differs(fact, before, state)
          : fact.kind === 'content' && changedAt(this.root, fact) >= started
      ) {
        changed = { fact, before, now: state };
      }
    }
    this.#facts = next;
    return changed;
  }

  /**
   * The first fact that is not any more as it was, of those that these changed paths concern. From now on all of
   * them count as they are now.
   */
  async changed(paths: ReadonlySet<string>, isRunning: boolean): Promise<FactChange | undefined> {
    let first: FactChange | undefined;
    if (paths.size === 0) return undefined;
    for (const [key, { fact, state }] of this.#facts) {
      if (!concerns(fact, paths)) continue;
      // While it is at work it may write again and again.
      if (isRunning && fact.kind !== 'glob' && this.#written.has(fact.path)) continue;
      const now = await factState(this.root, fact);
      if (!this.#differs(fact, state, now)) continue;
      this.#facts.set(key, { fact, state: now });
      if (isRunning && fact.kind === 'listing' && this.#ownNames(fact, state, now)) continue;
      first ??= { fact, before: state, now };
    }
    return first;
  }

  /** Whether a fact is another one now; what globs match of the step's own work is none. */
  #differs(fact: Fact, before: FactState, now: FactState): boolean {
    if (before === now || fact.kind !== 'glob') return before !== now;
    const others = (state: FactState): string =>
      state
        .split('\0')
        .filter((path) => !this.#written.has(path as WorkspacePath))
        .join('\0');
    return others(before) !== others(now);
  }

  /** Whether a directory differs only in names that the step itself made or removed. */
  #ownNames({ path }: Fact, before: FactState, now: FactState): boolean {
    const [old, names] = [before, now].map(
      (state) => new Set(state.replace('names ', '').split('\0')),
    );
    if (old === undefined || names === undefined) return false;
    const differing = [...old, ...names].filter((name) => old.has(name) !== names.has(name));
    const isOwn = (name: string): boolean => {
      const place = path === '' ? name : `${path}/${name}`;
      return [...this.#written].some((own) => own === place || own.startsWith(`${place}/`));
    };
    return differing.every((name) => name === '' || isOwn(name));
  }
}

/** Whether a fact may have changed with these paths: one of them, one above, or a name in it. */
function concerns(fact: Fact, paths: ReadonlySet<string>): boolean {
  for (let at: string = fact.path; ; at = parentOf(at)) {
    if (paths.has(at)) return true;
    if (at === '') break;
  }
  if (fact.kind === 'content' || fact.kind === 'look') return false;
  const below = fact.path === '' ? '' : `${fact.path}/`;
  for (const path of paths) {
    if (!path.startsWith(below)) continue;
    if (fact.kind === 'glob' || !path.slice(below.length).includes('/')) return true;
  }
  return false;
}
