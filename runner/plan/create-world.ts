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
  // Of its own: nothing that was found in another run may be remembered.
  const programs = new ProgramSearch();
  return {
    root,
    env: (name) => source.get(name),
    queryEnv: (pattern) =>
      new Map([...source.query(pattern)].filter(([name]) => source.mayTrack(name))),
    findProgram: (name) => physical(programs.resolve(name, searchPath, cwd)),
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

function physical(file: AbsolutePath | undefined): AbsolutePath | undefined {
  if (file === undefined) return undefined;
  try {
    return realpathSync.native(file) as AbsolutePath;
  } catch {
    return undefined;
  }
}
