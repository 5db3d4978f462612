import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseStepFile } from './steps/parse-step-file.js';
import { stepFiles } from './steps/step-files.js';
import { projectRoot } from './workspace.js';

/** Names of the statements of docs/behaviour.md, in their order. */
export function statements(): readonly string[] {
  const text = readFileSync(path.join(projectRoot, 'docs/behaviour.md'), 'utf8');
  return [...text.matchAll(/^- `([a-z][\w.-]*)`: /gm)].map(([, name = '']) => name);
}

/**
 * Which files show which statement: step files by their "shows:", tests of programs by a line
 * `// Shows: name, name`.
 */
export function shownStatements(): ReadonlyMap<string, readonly string[]> {
  const shown = new Map<string, string[]>();
  const note = (file: string, names: readonly string[]): void => {
    for (const name of names) shown.set(name, [...(shown.get(name) ?? []), file]);
  };
  for (const file of stepFiles()) {
    note(file, parseStepFile(readFileSync(path.join(projectRoot, file), 'utf8')).shows);
  }
  for (const folder of ['proto', 'client', 'cache', 'runner', 'e2e']) {
    const inside = readdirSync(path.join(projectRoot, folder), {
      recursive: true,
      encoding: 'utf8',
    });
    for (const name of inside) {
      if (!name.endsWith('.test.ts') || name.includes('node_modules')) continue;
      const file = path.join(folder, name);
      const text = readFileSync(path.join(projectRoot, file), 'utf8');
      for (const [, names = ''] of text.matchAll(/^ *\/\/ Shows: (.*)$/gm)) {
        note(file, names.split(/,\s*/));
      }
    }
  }
  return shown;
}
