// A workspace of any size, the same for the same numbers: packages in groups below packages/, each
// needing a few earlier ones, with the scripts, dependencies and files that packages have.
//
//   node bench/generate-workspace.mjs DIRECTORY [--packages N] [--tasks] [--manager npm|pnpm]
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Writes the workspace; the directory must not exist, or be empty.
 *
 * @param {string} directory
 * @param {{ packages?: number, tasks?: boolean, manager?: 'npm' | 'pnpm' }} options
 *   packages: how many, beside the root (default 2,000); tasks: `build` is a task of a vite-task.json
 *   instead of a script; manager: whose way of naming the packages (default pnpm).
 * @returns {string} the name of a package that needs nearly all others.
 */
export function generateWorkspace(
  directory,
  { packages = 2000, tasks = false, manager = 'pnpm' } = {},
) {
  const write = (file, content) => {
    const target = path.join(directory, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(
      target,
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  };
  const globs = ['packages/*/*', '!**/fixtures/**'];
  if (manager === 'pnpm') {
    write('pnpm-workspace.yaml', `packages:\n${globs.map((glob) => `  - '${glob}'\n`).join('')}`);
  }
  write('package.json', {
    name: 'generated',
    private: true,
    ...(manager === 'npm' ? { workspaces: globs } : {}),
    scripts: { all: 'vt run -r build' },
  });
  const random = seeded(packages);
  const name = (index) => `@gen/p${index}`;
  const external = ['react', 'lodash', 'typescript', 'vite', 'eslint', 'zod', 'chalk', 'semver'];
  for (let index = 0; index < packages; index++) {
    const home = `packages/g${Math.floor(index / 50)}/p${index}`;
    const needs = new Set(index > 0 ? [index - 1 - random(Math.min(index, 10))] : []);
    while (needs.size < Math.min(index, 4)) needs.add(random(index));
    const spec = manager === 'pnpm' ? 'workspace:*' : '^1.0.0';
    write(`${home}/package.json`, {
      name: name(index),
      version: `1.${random(20)}.${random(20)}`,
      description: 'One of many packages, as long as a description often is.',
      license: 'MIT',
      type: 'module',
      exports: { '.': './dist/index.js' },
      scripts: {
        ...(tasks ? {} : { build: `tsc -p . && node build.mjs --package ${index}` }),
        test: 'vitest run',
        lint: 'eslint . --max-warnings=0',
        dev: 'vite',
        // For measuring a plan: nothing comes after it.
        stop: 'false',
      },
      dependencies: {
        ...Object.fromEntries([...needs].map((other) => [name(other), spec])),
        ...Object.fromEntries(external.map((other) => [other, `^${1 + random(9)}.0.0`])),
      },
    });
    if (tasks) {
      const build = {
        command: 'tsc -p . && node build.mjs',
        cache: { env: ['NODE_ENV'], output: ['dist/**'] },
      };
      write(`${home}/vite-task.json`, { tasks: { build } });
    }
    write(`${home}/src/index.ts`, `export const p${index} = ${index};\n`);
    // What looking for packages must not lead into.
    if (index % 10 === 0) write(`${home}/node_modules/dep/package.json`, { name: `dep${index}` });
  }
  return name(packages - 1);
}

/** Whole numbers below a bound, the same for the same seed. */
function seeded(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packages: { type: 'string', default: '2000' },
      tasks: { type: 'boolean', default: false },
      manager: { type: 'string', default: 'pnpm' },
    },
  });
  const [directory] = positionals;
  if (directory === undefined) throw new Error('usage: generate-workspace.mjs DIRECTORY');
  generateWorkspace(directory, { ...values, packages: Number(values.packages) });
}
