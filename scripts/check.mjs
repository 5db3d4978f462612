// `npm run check`: everything that can be said about the sources without running them. All steps
// run even when one fails, so that one round shows everything; exit 1 if any did.
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
ensureInstalled(root);
const bin = (name) => path.join(root, 'node_modules/.bin', name);

/** Fails if generating again changes a tracked file: generated code must be that of its sources. */
function generatedCodeIsFresh() {
  const before = state();
  execFileSync(bin('buf'), ['generate'], { cwd: root, stdio: 'inherit' });
  if (state() === before) return 0;
  console.error('proto/generated is stale: run `npm run generate` and commit the result.');
  return 1;
}

function state() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return (
    git('diff', '--', 'proto/generated') + git('status', '--porcelain', '--', 'proto/generated')
  );
}

/** The schemas may only grow: compared with the last landed state, or the parent when on it. */
function schemasDoNotBreak() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const landed = ['origin/main', 'origin/HEAD', 'HEAD~1'].find(
    (ref) =>
      git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`).status === 0 &&
      git('cat-file', '-e', `${ref}:buf.yaml`).status === 0,
  );
  if (landed === undefined) {
    console.log('No earlier state with schemas to compare with: nothing can break yet.');
    return 0;
  }
  const commit = git('rev-parse', landed).stdout.trim();
  return run('buf', 'breaking', '--against', `.git#ref=${commit}`);
}

function run(name, ...args) {
  return spawnSync(bin(name), args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

const steps = {
  'formatting (npm run format mends it)': () => run('prettier', '--check', '--log-level=warn', '.'),
  types: () => run('tsc', '-b'),
  'lint and layers': () => run('eslint', '.', '--max-warnings=0'),
  'unused code': () => run('knip'),
  'schema lint': () => run('buf', 'lint'),
  'schema compatibility': schemasDoNotBreak,
  'generated code': generatedCodeIsFresh,
};

const failed = [];
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n── ${name}`);
  if (step() !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\ncheck: all good' : `\ncheck: failed: ${failed.join('; ')}`);
process.exit(failed.length === 0 ? 0 : 1);
