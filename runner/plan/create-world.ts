import { realpathSync } from 'node:fs';
import type { AbsolutePath } from '../../cache/brands.js';
import type { World } from '../../cache/world.js';
import { ProgramSearch } from './command/resolve-program.js';
import type { EnvSource } from './execution.js';
import { expandGlobs } from '../workspace/glob/expand-globs.js';

/** Where the programs are that a task starts by their names. */
export interface SearchPlace {
  /** Its PATH. */
  readonly searchPath: string | undefined;
  /** Its working directory, to which PATH may be relative. */
  readonly cwd: AbsolutePath;
}

/** The present state that stored observations are checked against, by the rules of one execution. */
export function createWorld(
  root: AbsolutePath,
  source: EnvSource,
  { searchPath, cwd }: SearchPlace,
): World {
  return {
    root,
    env: (name) => source.get(name),
    queryEnv: (pattern) =>
      new Map([...source.query(pattern)].filter(([name]) => source.mayTrack(name))),
    findProgram: (name) => findProgram(name, searchPath, cwd),
    expandGlobs: (include, exclude) =>
      new Promise((resolve) => {
        resolve(expandGlobs(root, include, exclude));
      }),
  };
}

/** The place that an execution itself has. */
export function placeOf(execution: {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: AbsolutePath;
}): SearchPlace {
  return { searchPath: execution.env['PATH'], cwd: execution.cwd };
}

/** What was found since the event loop last turned. */
let found: {
  readonly search: ProgramSearch;
  readonly paths: Map<string, AbsolutePath | undefined>;
};
let isFresh = false;

/**
 * The tasks of a workspace start the same few programs. Nothing is remembered beyond the next turn of
 * the event loop: the end of a task, which may have brought others, is only heard of in a later one.
 */
function findProgram(
  name: string,
  searchPath: string | undefined,
  cwd: AbsolutePath,
): AbsolutePath | undefined {
  if (!isFresh) {
    found = { search: new ProgramSearch(), paths: new Map() };
    isFresh = true;
    setImmediate(() => (isFresh = false));
  }
  const file = found.search.resolve(name, searchPath, cwd);
  if (file === undefined) return undefined;
  if (!found.paths.has(file)) found.paths.set(file, physical(file));
  return found.paths.get(file);
}

function physical(file: AbsolutePath): AbsolutePath | undefined {
  try {
    return realpathSync.native(file) as AbsolutePath;
  } catch {
    return undefined;
  }
}
