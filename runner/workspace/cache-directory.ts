import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../cache/brands.js';
import { resolvePath, workspacePath } from './paths.js';

/**
 * Where results are kept: `override` (VT_CACHE_DIR, relative to the workspace root) when not empty;
 * else `node_modules/.cache/vt` of the workspace root when it has a package.json, else `.vt/cache`.
 * In a linked git worktree the same place of the main worktree, so that all of them share results.
 */
export function cacheDirectory(root: AbsolutePath, override: string | undefined): AbsolutePath {
  if (override !== undefined && override !== '') return resolvePath(root, override);
  const home = mainWorktreeTwin(root) ?? root;
  return resolvePath(
    home,
    existsSync(path.join(home, 'package.json')) ? 'node_modules/.cache/vt' : '.vt/cache',
  );
}

/**
 * The directory of the main worktree that corresponds to `root` in a linked one; undefined when
 * `root` is not in a linked worktree, or the main one has no such directory (or is bare).
 */
function mainWorktreeTwin(root: AbsolutePath): AbsolutePath | undefined {
  const worktree = repositoryOf(root);
  if (worktree === undefined) return undefined;
  try {
    const link = /^gitdir: (.+)$/m.exec(readFileSync(path.join(worktree, '.git'), 'utf8'))?.[1];
    if (link === undefined) return undefined;
    const gitDirectory = resolvePath(worktree, link.trim());
    // A submodule's `.git` file has no `commondir`: it is a repository of its own.
    const common = readFileSync(path.join(gitDirectory, 'commondir'), 'utf8').trim();
    const main = resolvePath(gitDirectory, common);
    if (path.basename(main) !== '.git') return undefined;
    const below = workspacePath(worktree, root) ?? '';
    const twin = resolvePath(path.dirname(main) as AbsolutePath, below);
    return statSync(twin).isDirectory() && hasSameManifest(root, twin) ? twin : undefined;
  } catch {
    // `.git` is a directory (the main worktree itself), or git's files are not as expected.
    return undefined;
  }
}

function hasSameManifest(root: AbsolutePath, twin: AbsolutePath): boolean {
  return (
    existsSync(path.join(root, 'package.json')) === existsSync(path.join(twin, 'package.json'))
  );
}

function repositoryOf(directory: AbsolutePath): AbsolutePath | undefined {
  for (let at: string = directory; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, '.git'))) return at as AbsolutePath;
    if (at === path.dirname(at)) return undefined;
  }
}
