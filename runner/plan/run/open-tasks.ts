import type { SourceRange } from '../../config/source-range.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import { reachable } from '../../workspace/select/reachable.js';
import type { CycleMember } from '../plan-problem.js';

/** A task whose plan is being made, and what of it is looked at. */
export interface OpenTask {
  readonly key: string;
  /** As shown. */
  readonly name: string;
  readonly pkg: WorkspacePackage;
  /** Why the next open task is looked at; `package`: because its package needs another one. */
  via: { readonly because: 'depends-on' | 'command'; readonly at: SourceRange } | 'package';
}

/** The tasks whose plans are being made, each because of the one before. */
export class OpenTasks {
  readonly #open = new Map<string, OpenTask>();

  enter(task: OpenTask): void {
    this.#open.set(task.key, task);
  }

  leave({ key }: OpenTask): void {
    this.#open.delete(key);
  }

  /** The tasks from this one on, which wait for it in a circle; undefined when it is not open. */
  circleOf(
    key: string,
    packages: () => readonly WorkspacePackage[],
  ): readonly CycleMember[] | undefined {
    if (!this.#open.has(key)) return undefined;
    const all = [...this.#open.values()];
    const members = all.slice(all.findIndex((task) => task.key === key));
    return members.map((task, index): CycleMember => {
      const { name, via } = task;
      if (via !== 'package') return { task: name, ...via };
      const next = members[index + 1] ?? members[0] ?? task;
      return { task: name, because: 'package', at: packagePlace(task.pkg, next.pkg, packages()) };
    });
  }
}

/** The entry of package.json that leads from one package to the other, perhaps by a third. */
export function packagePlace(
  from: WorkspacePackage,
  to: WorkspacePackage,
  packages: readonly WorkspacePackage[],
): SourceRange {
  const needs = packages.map((pkg) => pkg.needs.map((edge) => edge.to));
  const edge =
    from.needs.find((direct) => direct.to === to.index) ??
    from.needs.find((other) => reachable([other.to], needs).has(to.index));
  const field = edge?.fields[0];
  return (
    (field === undefined || edge === undefined
      ? undefined
      : from.manifest?.placeOf(field, edge.as)) ?? {
      file: from.directory,
      text: '',
      offset: 0,
      length: 0,
    }
  );
}
