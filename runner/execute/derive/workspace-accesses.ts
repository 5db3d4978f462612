import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { EntryKind } from '../../../cache/observation.js';
import type { PathAccess } from '../../tracker/task-trace.js';
import { parentOf } from './path-relevance.js';
import type { WorkspaceView } from './workspace-view.js';

/** An access inside the workspace, with what is there now. */
export interface SeenPath {
  readonly path: WorkspacePath;
  readonly access: PathAccess;
  readonly now: ReturnType<WorkspaceView['kind']>;
}

/** What a task did inside the workspace. */
export class WorkspaceAccesses {
  readonly all: readonly SeenPath[];
  readonly #children = new Map<string, SeenPath[]>();
  readonly #byPath = new Map<string, SeenPath>();

  readonly #changedBelow = new Set<string>();
  readonly #view: WorkspaceView;

  constructor(accesses: readonly PathAccess[], root: AbsolutePath, view: WorkspaceView) {
    this.#view = view;
    const all: SeenPath[] = [];
    for (const access of accesses) {
      const path = below(root, access.path);
      if (path === undefined) continue;
      const seen = { path, access, now: view.kind(path) };
      all.push(seen);
      this.#byPath.set(path, seen);
      if (access.written !== undefined) this.#noteAbove(path);
      if (path === '') continue;
      const siblings = this.#children.get(parentOf(path));
      if (siblings === undefined) this.#children.set(parentOf(path), [seen]);
      else siblings.push(seen);
    }
    this.all = all.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  at(path: string): SeenPath | undefined {
    return this.#byPath.get(path);
  }

  /** What kept a path from being there before the run: the nearest thing above, if no directory. */
  blockerOf(path: WorkspacePath): { path: WorkspacePath; kind: EntryKind } | undefined {
    for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
      const kind = this.at(above)?.access.before ?? this.#view.kind(above);
      if (kind === 'absent') continue;
      return kind === 'directory' || kind === 'unknown' ? undefined : { path: above, kind };
    }
    return undefined;
  }

  /** Whether the task changed something below a directory, at any depth. */
  changedBelow(directory: string): boolean {
    return this.#changedBelow.has(directory);
  }

  #noteAbove(path: string): void {
    for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
      if (this.#changedBelow.has(above)) return;
      this.#changedBelow.add(above);
    }
  }

  /** Paths directly in a directory that the task changed. */
  changedIn(directory: string): readonly SeenPath[] {
    return this.#children.get(directory)?.filter(({ access }) => access.written) ?? [];
  }
}

/** The path below the root; undefined outside. */
export function below(root: AbsolutePath, path: string): WorkspacePath | undefined {
  if (path === root) return '' as WorkspacePath;
  const prefix = root === '/' ? '/' : `${root}/`;
  return path.startsWith(prefix) ? (path.slice(prefix.length) as WorkspacePath) : undefined;
}
