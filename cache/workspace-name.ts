import { relative } from 'node:path';
import type { AbsolutePath } from './brands.js';

/**
 * Which workspace a row is about. Relative to the cache, so that it still is the same one in a
 * copy that has the cache inside; workspaces that share a cache have different ones.
 */
export function workspaceName(cache: AbsolutePath, workspace: AbsolutePath): string {
  return relative(cache, workspace);
}
