import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigProblem } from './config-problem.js';
import { parsePackageManifest } from './package-manifest.js';
import type { PackageManifest } from './package-manifest.js';
import { defaultRootSettings, parseTaskFile } from './parse-task-file.js';
import type { RootSettings, TaskFile } from './parse-task-file.js';
import { defaultCacheSettings } from './task-definition.js';
import type { TaskDefinition } from './task-definition.js';
import type { Sink } from './sink.js';

/** What can be run in one package. */
export interface PackageTasks {
  /** Tasks of vite-task.json first, then scripts, each in the order written. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  /** Of the workspace root's file; defaults for any other package. */
  readonly rootSettings: RootSettings;
}

/**
 * The tasks of a package: those of its vite-task.json, and the scripts of its package.json.
 *
 * @param isRoot whether the directory is the workspace root.
 */
export function loadPackageTasks(
  directory: string,
  manifest: PackageManifest | undefined,
  isRoot: boolean,
  problems: Sink<ConfigProblem>,
): PackageTasks {
  const file = loadTaskFile(directory, isRoot, problems);
  const tasks = new Map(file?.tasks);
  if (manifest === undefined)
    return { tasks, rootSettings: file?.rootSettings ?? defaultRootSettings };
  for (const [name, command] of manifest.scripts) {
    const task = tasks.get(name);
    if (task === undefined) tasks.set(name, scriptTask(manifest, name, command));
    else {
      const script = manifest.nameOf('scripts', name);
      problems.push({ kind: 'task-is-script', task: name, at: task.at, script });
    }
  }
  return { tasks, rootSettings: file?.rootSettings ?? defaultRootSettings };
}

function scriptTask(manifest: PackageManifest, name: string, text: string): TaskDefinition {
  return {
    name,
    origin: 'script',
    get at() {
      return manifest.nameOf('scripts', name);
    },
    commands: [
      {
        text,
        get at() {
          return manifest.placeOf('scripts', name);
        },
      },
    ],
    cwd: '',
    dependsOn: [],
    cache: defaultCacheSettings,
  };
}

/** The settings in the workspace root's vite-task.json, which hold for every package. */
export function loadRootSettings(root: string, problems: Sink<ConfigProblem>): RootSettings {
  return loadTaskFile(root, true, problems)?.rootSettings ?? defaultRootSettings;
}

/** The directory's package.json; undefined when there is none. */
export function loadManifest(
  directory: string,
  problems: Sink<ConfigProblem>,
): PackageManifest | undefined {
  const file = path.join(directory, 'package.json');
  const text = readText(file, problems);
  return text === undefined ? undefined : parsePackageManifest(file, text, problems);
}

function loadTaskFile(
  directory: string,
  isRoot: boolean,
  problems: Sink<ConfigProblem>,
): TaskFile | undefined {
  const file = path.join(directory, 'vite-task.json');
  // Most packages have none, and an exception takes longer than the question.
  if (!existsSync(file)) return undefined;
  const text = readText(file, problems);
  return text === undefined ? undefined : parseTaskFile(file, text, isRoot, problems);
}

function readText(file: string, problems: Sink<ConfigProblem>): string | undefined {
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
