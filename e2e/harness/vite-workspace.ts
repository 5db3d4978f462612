import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { projectRoot, Workspace } from './workspace.js';

const example = path.join(projectRoot, 'examples/vite-app');

/** The example application with its own installed, unmodified Vite, as a fresh workspace. */
export function viteWorkspace(t: TestContext): Workspace {
  if (!existsSync(path.join(example, 'node_modules/vite'))) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: example, stdio: 'inherit' });
  }
  const workspace = new Workspace(t);
  for (const name of [
    'package.json',
    'vite-task.json',
    'vite.config.js',
    'index.html',
    'src',
    'public',
    'node_modules',
  ]) {
    workspace.copyIn(path.join(example, name), name);
  }
  // Left over from somebody's use of the example itself.
  for (const name of ['node_modules/.cache', 'node_modules/.vite', 'node_modules/.vite-temp']) {
    if (workspace.exists(name)) workspace.remove(name);
  }
  return workspace;
}
