// `npm run quickstart`: the main job on a real Vite application, on a fresh clone, in one command.
// Shows what vt prints; fails if any step does not do what its heading says.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const app = path.join(root, 'examples/vite-app');
const dist = path.join(app, 'dist');
const vt = path.join(root, 'dist/vt');

ensureInstalled(root);
console.log('Building vt …');
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
ensureInstalled(app);
rmSync(dist, { recursive: true, force: true });
vtRun('Start from an empty cache', ['cache', 'clean']);

vtRun('First run: Vite builds', ['run', 'build'], { lacks: 'cache hit' });
const built = contents(dist);

vtRun('Second run: nothing changed, nothing is run', ['run', 'build'], { says: 'cache hit' });

rmSync(dist, { recursive: true });
vtRun('dist/ deleted: it comes back from the cache', ['run', 'build'], { says: 'cache hit' });
expect(contents(dist) === built, 'dist/ is restored byte for byte');

const greeting = { VITE_GREETING: 'good morning' };
vtRun(
  'VITE_GREETING set: Vite asked for VITE_*, so this is a miss that names it',
  ['run', 'build'],
  {
    env: greeting,
    says: "env 'VITE_GREETING' changed",
  },
);
expect(contents(dist).includes('good morning'), 'the variable reached the bundle');

vtRun('VITE_GREETING unset again: both results were kept', ['run', 'build'], { says: 'cache hit' });
expect(contents(dist) === built, 'dist/ is the first one again');

console.log('\nAll of it held. Next: README.md, and `dist/vt --help`.');

/** Runs vt in the example with only the variables given added to this environment. */
function vtRun(heading, args, { env = {}, says, lacks } = {}) {
  const shown = Object.entries(env).map(([name, value]) => `${name}='${value}' `);
  console.log(`\n━━ ${heading}\n> ${shown.join('')}vt ${args.join(' ')}`);
  const { status, stdout, stderr } = spawnSync(vt, args, {
    cwd: app,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.stdout.write(stdout);
  process.stdout.write(stderr);
  expect(status === 0, `vt ${args.join(' ')} exits 0`);
  if (says !== undefined) expect((stdout + stderr).includes(says), `vt says “${says}”`);
  if (lacks !== undefined) expect(!(stdout + stderr).includes(lacks), `vt does not say “${lacks}”`);
}

function expect(condition, what) {
  console.log(`${condition ? '✓' : '✗'} ${what}`);
  if (!condition) process.exit(1);
}

/** All files below a directory with their bytes, as one comparable string. */
function contents(directory) {
  if (!existsSync(directory)) return '';
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${path.relative(directory, file)}\n${readFileSync(file, 'latin1')}`)
    .join('\n');
}
