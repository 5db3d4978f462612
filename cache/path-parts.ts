import type { WorkspacePath } from './brands.js';

/** The directory a path is in: '' for the workspace root. The root itself has none. */
export function parentOf(path: WorkspacePath): WorkspacePath | undefined {
  if (path === '') return undefined;
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as WorkspacePath;
}

export function nameOf(path: WorkspacePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All directories above a path, the nearest first, the workspace root left out. */
export function* ancestorsOf(path: WorkspacePath): Generator<WorkspacePath> {
  for (let above = parentOf(path); above; above = parentOf(above)) yield above;
}
