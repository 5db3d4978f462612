import type { Node } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import { FieldReader } from './field-reader.js';
import { noteRemote } from './note-remote.js';
import type { Field } from './json-document.js';
import { parseJsonDocument } from './json-document.js';
import { parseTask } from './parse-task.js';
import type { ParsedTask } from './parse-task.js';
import type { TaskDefinition } from './task-definition.js';
import type { Sink } from './sink.js';

/** What the workspace root's vite-task.json says about every package. */
export interface RootSettings {
  /** Whether package.json scripts are cached. */
  readonly cacheScripts: boolean;
  /** Whether tasks of vite-task.json are cached. */
  readonly cacheTasks: boolean;
  readonly enablePrePostScripts: boolean;
}

/** What no configuration means. */
export const defaultRootSettings: RootSettings = {
  cacheScripts: false,
  cacheTasks: true,
  enablePrePostScripts: true,
};

/** A vite-task.json, as far as it could be read. */
export interface TaskFile {
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  /** Defaults when the file is not the workspace root's. */
  readonly rootSettings: RootSettings;
}

const rootFields = ['cache', 'enablePrePostScripts', 'tasks'] as const;
const fileName = 'vite-task.json';

/**
 * Reads a vite-task.json. Problems come in the order of their places.
 *
 * @param isRoot whether it lies in the workspace root, where fields about the workspace are allowed.
 */
export function parseTaskFile(
  file: string,
  text: string,
  isRoot: boolean,
  problems: Sink<ConfigProblem>,
): TaskFile {
  const found: ConfigProblem[] = [];
  const taskFile = readTaskFile(file, text, isRoot, found);
  const place = (problem: ConfigProblem): number =>
    'at' in problem ? (problem.at?.offset ?? 0) : 0;
  found.sort((a, b) => place(a) - place(b));
  for (const problem of found) problems.push(problem);
  return taskFile;
}

function readTaskFile(
  file: string,
  text: string,
  isRoot: boolean,
  problems: Sink<ConfigProblem>,
): TaskFile {
  const empty: TaskFile = { tasks: new Map(), rootSettings: defaultRootSettings };
  const document = parseJsonDocument(file, text, problems);
  const { root } = document;
  if (root === undefined) return empty;
  const reader = new FieldReader(document, problems);
  if (root.type !== 'object') {
    reader.wrongType(fileName, 'an object', root);
    return empty;
  }
  const fields = reader.fields(root, fileName, [...rootFields, '$schema']);
  const schema = fields.get('$schema');
  if (schema !== undefined) reader.string('$schema', schema.value);
  if (!isRoot) {
    for (const name of ['cache', 'enablePrePostScripts']) {
      const field = fields.get(name);
      if (field !== undefined) {
        problems.push({ kind: 'root-only-field', field: name, at: reader.range(field.key) });
      }
    }
  }
  const tasks = fields.get('tasks');
  return {
    tasks: tasks === undefined ? new Map() : parseTasks(reader, tasks.value),
    rootSettings: isRoot ? parseRootSettings(reader, fields) : defaultRootSettings,
  };
}

function parseTasks(reader: FieldReader, node: Node): ReadonlyMap<string, TaskDefinition> {
  if (node.type !== 'object') {
    reader.wrongType('tasks', 'an object', node);
    return new Map();
  }
  const parsed: ParsedTask[] = [];
  for (const field of reader.entries(node, '"tasks"').values()) {
    const task = parseTask(reader, field);
    if (task !== undefined) parsed.push(task);
  }
  const older = parsed.filter((task) => task.olderFields.length > 0);
  const [first] = older;
  if (first !== undefined) {
    reader.problems.push({
      kind: 'older-form',
      task: first.definition.name,
      fields: first.olderFields,
      others: older.length - 1,
      at: first.definition.at,
    });
  }
  return new Map(parsed.map(({ definition }) => [definition.name, definition]));
}

function parseRootSettings(reader: FieldReader, fields: ReadonlyMap<string, Field>): RootSettings {
  const flag = (name: string, field: Field | undefined, otherwise: boolean): boolean =>
    field === undefined ? otherwise : (reader.boolean(name, field.value) ?? otherwise);
  const { cacheScripts, cacheTasks, enablePrePostScripts } = defaultRootSettings;
  const prePost = flag(
    'enablePrePostScripts',
    fields.get('enablePrePostScripts'),
    enablePrePostScripts,
  );
  const cache = fields.get('cache')?.value;
  if (cache === undefined) return { cacheScripts, cacheTasks, enablePrePostScripts: prePost };
  if (cache.type === 'boolean') {
    const on = cache.value === true;
    return { cacheScripts: on, cacheTasks: on, enablePrePostScripts: prePost };
  }
  if (cache.type !== 'object') {
    reader.wrongType('cache', '`true`, `false` or an object', cache);
    return { ...defaultRootSettings, enablePrePostScripts: prePost };
  }
  const settings = reader.fields(cache, '"cache"', ['scripts', 'tasks', 'remote']);
  noteRemote(reader, settings);
  return {
    cacheScripts: flag('cache.scripts', settings.get('scripts'), cacheScripts),
    cacheTasks: flag('cache.tasks', settings.get('tasks'), cacheTasks),
    enablePrePostScripts: prePost,
  };
}
