import { readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../workspace.js';

/** Where step files are, relative to the project. */
const folder = 'e2e/steps';

/** Paths of all step files, relative to the project, in order. */
export function stepFiles(): readonly string[] {
  return readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.steps'))
    .map((name) => path.join(folder, name))
    .sort();
}
