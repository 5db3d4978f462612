import type { WorkspacePath } from '../../../cache/brands.js';
import type { PlannedExecution, PlannedTask, PlanStep, StepPool } from '../plan.js';

/** Indexes of steps that must have succeeded; empty: nothing has to. */
export type Needs = readonly number[];

/** A command of a task, before everything about it is decided. */
export interface StepRequest {
  /** Equal for commands that would do the same: of one task, with equal arguments and settings. */
  readonly identity: string;
  /** Of its task. */
  readonly key: string;
  /** The task's name, as shown. */
  readonly task: string;
  readonly package: WorkspacePath;
  readonly needs: Needs;
  readonly follows: Needs;
  readonly pool: number;
  readonly continues: boolean;
  readonly make: () => PlannedExecution;
}

/** Collects the steps of a plan. What would do the same after the same steps is one step. */
export class StepGraph {
  readonly steps: PlanStep[] = [];
  readonly tasks: PlannedTask[] = [];
  readonly pools: StepPool[] = [];
  readonly #byIdentity = new Map<string, number>();
  readonly #taskIndexes = new Map<string, number>();

  /** The step that is there already for such a command with such needs. */
  find({ identity, needs }: Pick<StepRequest, 'identity' | 'needs'>): number | undefined {
    return this.#byIdentity.get(stepKey(identity, needs));
  }

  add(request: StepRequest): number {
    const known = this.find(request);
    if (known !== undefined) return known;
    const { needs, key, task, package: home } = request;
    let index = this.#taskIndexes.get(key);
    if (index === undefined) {
      index = this.tasks.push({ name: task, package: home }) - 1;
      this.#taskIndexes.set(key, index);
    }
    const follows = request.follows.filter((step) => !needs.includes(step));
    return this.#push(stepKey(request.identity, needs), {
      planned: request.make(),
      task: index,
      needs,
      follows,
      pool: request.pool,
      continues: request.continues,
    });
  }

  /** The index of a new pool. */
  addPool(limit: number, within: number | undefined): number {
    return this.pools.push({ limit, within }) - 1;
  }

  /** At most one step that stands for all of `needs`, so that many can wait for many cheaply. */
  joined(needs: Needs): Needs {
    if (needs.length < 2) return needs;
    const key = stepKey('', needs);
    const known = this.#byIdentity.get(key);
    if (known !== undefined) return [known];
    return [this.#push(key, { ...bridge, needs })];
  }

  #push(key: string, step: PlanStep): number {
    const index = this.steps.push(step) - 1;
    this.#byIdentity.set(key, index);
    return index;
  }
}

/** A step with nothing to run takes no room. */
const bridge = { planned: undefined, task: undefined, follows: [], pool: 0, continues: false };

/** All steps of several lists, each once, in ascending order. */
export function union(...lists: readonly Needs[]): Needs {
  const [first = [], ...others] = lists.filter((list) => list.length > 0);
  return others.length === 0 ? first : [...new Set([...first, ...others.flat()])].sort(ascending);
}

function ascending(a: number, b: number): number {
  return a - b;
}

function stepKey(identity: string, needs: Needs): string {
  return `${identity}\0${needs.join(',')}`;
}
