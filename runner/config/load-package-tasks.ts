import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigProblem } from './config-problem.js';
import { parsePackageManifest } from './package-manifest.js';
import type { PackageManifest } from './package-manifest.js';
import { defaultRootSettings, parseTaskFile } from './parse-task-file.js';
import type { RootSettings, TaskFile } from './parse-task-file.js';
import { defaultCacheSettings } from './task-definition.js';
import type { TaskDefinition } from './task-definition.js';

/** Everything one package's own files say. */
export interface PackageTasks {
  /** The package's name; undefined without a package.json or without a name in it. */
  readonly name: string | undefined;
  /** Tasks of vite-task.json first, then scripts, each in the order written. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
}

/**
 * Reads package.json and vite-task.json of a directory; either may be missing.
 *
 * @param isRoot whether the directory is the workspace root.
 */
export function loadPackageTasks(
  directory: string,
  isRoot: boolean,
  problems: ConfigProblem[],
): PackageTasks & { readonly rootSettings: RootSettings } {
  const manifest = loadManifest(directory, problems);
  const file = loadTaskFile(directory, isRoot, problems);
  const tasks = new Map(file.tasks);
  for (const [name, script] of manifest?.scripts ?? []) {
    const task = tasks.get(name);
    if (task !== undefined) {
      problems.push({ kind: 'task-is-script', task: name, at: task.at, script: script.at });
      continue;
    }
    tasks.set(name, {
      name,
      origin: 'script',
      at: script.at,
      commands: [script.command],
      cwd: '',
      dependsOn: [],
      cache: defaultCacheSettings,
    });
  }
  return { name: manifest?.name, tasks, rootSettings: file.rootSettings };
}

/** The settings in the workspace root's vite-task.json, which hold for every package. */
export function loadRootSettings(root: string, problems: ConfigProblem[]): RootSettings {
  return loadTaskFile(root, true, problems).rootSettings;
}

/** The directory's package.json; undefined when there is none. */
export function loadManifest(
  directory: string,
  problems: ConfigProblem[],
): PackageManifest | undefined {
  const file = path.join(directory, 'package.json');
  const text = readText(file, problems);
  return text === undefined ? undefined : parsePackageManifest(file, text, problems);
}

function loadTaskFile(directory: string, isRoot: boolean, problems: ConfigProblem[]): TaskFile {
  const file = path.join(directory, 'vite-task.json');
  const text = readText(file, problems);
  return text === undefined
    ? { tasks: new Map(), rootSettings: defaultRootSettings }
    : parseTaskFile(file, text, isRoot, problems);
}

function readText(file: string, problems: ConfigProblem[]): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? String(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') {
      problems.push({ kind: 'unreadable-file', file, errno });
    }
    return undefined;
  }
}
