import type { ConfigProblem } from '../../config/config-problem.js';
import { loadPackageTasks, loadRootSettings } from '../../config/load-package-tasks.js';
import type { RootSettings } from '../../config/parse-task-file.js';
import type { Sink } from '../../config/sink.js';
import type { TaskDefinition } from '../../config/task-definition.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { PackageGraph, WorkspacePackage } from '../../workspace/packages/package-graph.js';

/** Thrown where a plan turns out to concern other packages than the one it was begun with. */
export class OtherPackagesNeeded extends Error {}

/** The packages and their tasks, read when they are asked for. */
export class TaskCatalog {
  readonly #tasks = new Map<WorkspacePackage, ReadonlyMap<string, TaskDefinition>>();
  #settings: RootSettings | undefined;

  /**
   * @param home the package that vt was started in; one of `graph`, if that is given.
   * @param root physical path of the workspace.
   * @param graph undefined: other packages have not been read.
   */
  constructor(
    readonly home: WorkspacePackage,
    private readonly root: string,
    private readonly known: PackageGraph | undefined,
    private readonly problems: Sink<ConfigProblem>,
  ) {}

  get graph(): PackageGraph {
    if (this.known === undefined) throw new OtherPackagesNeeded();
    return this.known;
  }

  /** What the workspace root's vite-task.json says about every package. */
  get settings(): RootSettings {
    const root = this.home.path === '' ? this.home : this.known?.packages[0];
    if (root !== undefined) this.tasksOf(root);
    this.#settings ??= loadRootSettings(this.root, this.problems);
    return this.#settings;
  }

  tasksOf(pkg: WorkspacePackage): ReadonlyMap<string, TaskDefinition> {
    const known = this.#tasks.get(pkg);
    if (known !== undefined) return known;
    const isRoot = pkg.path === '';
    const loaded = loadPackageTasks(pkg.directory, pkg.manifest, isRoot, this.problems);
    if (isRoot) this.#settings ??= loaded.rootSettings;
    this.#tasks.set(pkg, loaded.tasks);
    return loaded.tasks;
  }

  /** The package that a name or, for one without a name, a path means. */
  packageNamed(name: string): WorkspacePackage | undefined {
    if (name === packageLabel(this.home)) return this.home;
    const { byName, byPath } = this.graph;
    const found = byName.get(name) ?? byPath.get(name);
    return found !== undefined && packageLabel(found) === name ? found : undefined;
  }

  /** The same packages, whose mistakes are kept quiet. */
  withoutProblems(): TaskCatalog {
    return new TaskCatalog(this.home, this.root, this.known, { push: () => undefined });
  }
}
