// `npm test [-- name-part …]`: installs and builds what is missing, then runs every test, or those
// whose file name contains one of the given parts.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
ensureInstalled(root);
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });

const wanted = process.argv.slice(2);
const files = readdirSync(path.join(root, 'build'), { recursive: true })
  .map((file) => path.join('build', file))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(' ')}.`);
  process.exit(1);
}
const reporters = [process.stdout.isTTY ? 'spec' : 'tap', './scripts/failed-tests.mjs'];
const reporting = reporters.flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
]);
// Milliseconds. No file takes a tenth of it; the one that waits for what never comes is to be named.
const limit = '--test-timeout=1800000';
const { status } = spawnSync(process.execPath, ['--test', limit, ...reporting, ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
