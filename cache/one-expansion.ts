import type { World } from './world.js';

/** Results differ in what globs matched, not in the globs: each is expanded once. */
export function withOneExpansion(world: World): World {
  const expanded = new Map<string, ReturnType<World['expandGlobs']>>();
  return {
    root: world.root,
    env: (name) => world.env(name),
    queryEnv: (pattern) => world.queryEnv(pattern),
    findProgram: (name) => world.findProgram(name),
    expandGlobs(include, exclude) {
      const question = JSON.stringify([include, exclude]);
      let matches = expanded.get(question);
      if (matches === undefined) {
        matches = world.expandGlobs(include, exclude);
        expanded.set(question, matches);
      }
      return matches;
    },
  };
}
