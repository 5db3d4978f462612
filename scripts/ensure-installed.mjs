// Makes sure that the locked npm packages are installed, so that the two commands of the README
// work on a fresh clone. Plain Node, no dependency: it runs before there are any.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs `npm ci` in `directory` unless its node_modules is at least as new as its lock file.
 * Throws when npm fails; npm's own output tells why.
 */
export function ensureInstalled(directory) {
  const marker = path.join(directory, 'node_modules/.package-lock.json');
  const lock = path.join(directory, 'package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`Installing npm packages in ${directory} …`);
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: directory, stdio: 'inherit' });
}
