import type { WorkspacePath } from '../../../cache/brands.js';

/** Directories in which programs leave what happened to them. */
const diaries = new Set(['logs', 'log', 'tmp', 'temp', 'coverage']);

/** Names of what editors and systems leave beside files, and of logs; the glob for each. */
const traces: readonly (readonly [name: RegExp, glob: string])[] = [
  [/^\..*\.sw[a-px]$/, '**/.*.sw?'],
  [/^4913$/, '**/4913'], // vim, trying whether it may write
  [/~$/, '**/*~'],
  [/^\.#/, '**/.#*'],
  [/^#.*#$/, '**/#*#'],
  [/^\.DS_Store$/, '**/.DS_Store'],
  [/\.log$/, '**/*.log'],
  [/\.tmp$/, '**/*.tmp'],
  [/\.pid$/, '**/*.pid'],
];

/**
 * A workspace-relative glob for a path that is hardly anybody's input: a log, a temporary file, an
 * editor's swap file. Only ever a suggestion.
 */
export function unimportantPaths(path: WorkspacePath): string | undefined {
  const segments = path.split('/');
  const name = segments.pop() ?? '';
  const at = segments.findIndex((segment) => diaries.has(segment));
  if (at !== -1) return `${segments.slice(0, at + 1).join('/')}/**`;
  return traces.find(([pattern]) => pattern.test(name))?.[1];
}

/**
 * The directory, or the file, that looks like a tool's own: below a hidden directory of
 * node_modules, or below a hidden directory or on a path that the same task writes.
 */
export function privatePlace(
  path: WorkspacePath,
  written: ReadonlySet<string>,
): WorkspacePath | undefined {
  const packages = /^((?:.*\/)?node_modules\/\.(?:cache\/[^/]+|(?!bin\/|cache\/)[^/]+))\/./.exec(
    path,
  );
  if (packages !== null) return packages[1] as WorkspacePath;
  const hidden = /^((?:.*?\/)?(?:\.[^/]+|__pycache__))\/./.exec(path)?.[1];
  if (hidden !== undefined && [...written].some((other) => other.startsWith(`${hidden}/`))) {
    return hidden as WorkspacePath;
  }
  return written.has(path) ? path : undefined;
}
