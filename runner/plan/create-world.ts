import type { AbsolutePath } from '../../cache/brands.js';
import type { World } from '../../cache/world.js';
import type { EnvSource } from './execution.js';
import { expandGlobs } from '../workspace/glob/expand-globs.js';

/** The present state that stored observations are checked against, by the rules of one execution. */
export function createWorld(root: AbsolutePath, source: EnvSource): World {
  return {
    root,
    env: (name) => source.get(name),
    queryEnv: (pattern) =>
      new Map([...source.query(pattern)].filter(([name]) => source.mayTrack(name))),
    expandGlobs: (include, exclude) =>
      new Promise((resolve) => {
        resolve(expandGlobs(root, include, exclude));
      }),
  };
}
