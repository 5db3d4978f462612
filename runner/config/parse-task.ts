import path from 'node:path';
import type { Node } from 'jsonc-parser';
import { cacheSettingFields, parseCacheSettings } from './parse-cache-settings.js';
import { parseDependsOn } from './parse-depends-on.js';
import type { FieldReader } from './field-reader.js';
import { noteRemote } from './note-remote.js';
import type { Field } from './json-document.js';
import { defaultCacheSettings } from './task-definition.js';
import type { CacheSettings, CommandLine, TaskDefinition } from './task-definition.js';

/** A task as read, and which fields it has in the older place. */
export interface ParsedTask {
  readonly definition: TaskDefinition;
  readonly olderFields: readonly string[];
}

const taskFields = ['command', 'cwd', 'dependsOn', 'cache'] as const;

/** Reads one entry of `tasks`. Undefined when it is unusable; the problems say why. */
export function parseTask(reader: FieldReader, entry: Field): ParsedTask | undefined {
  const { name, key, value } = entry;
  if (name === '' || name.includes('#')) {
    reader.problems.push({ kind: 'bad-task-name', task: name, at: reader.range(key) });
    return undefined;
  }
  const base = { name, origin: 'task', at: reader.range(key) } as const;
  if (value.type === 'string' || value.type === 'array') {
    const commands = parseCommands(reader, name, value);
    return { definition: { ...base, ...plain, commands }, olderFields: [] };
  }
  if (value.type !== 'object') {
    return reader.wrongType(`task "${name}"`, 'an object, a string or an array of strings', value);
  }
  const owner = `task "${name}"`;
  const fields = reader.fields(value, owner, [...taskFields, ...cacheSettingFields]);
  const command = fields.get('command');
  const dependsOn = fields.get('dependsOn');
  const cwd = fields.get('cwd');
  if (command === undefined && dependsOn === undefined && !reader.hasMistakenField(value, fields)) {
    reader.problems.push({ kind: 'no-command', task: name, at: reader.range(key) });
  }
  return {
    definition: {
      ...base,
      commands: command === undefined ? [] : parseCommands(reader, name, command.value),
      cwd: cwd === undefined ? '' : parseCwd(reader, cwd.value),
      dependsOn: dependsOn === undefined ? [] : parseDependsOn(reader, dependsOn.value),
      cache: parseCache(reader, name, fields),
    },
    // Both places at once are a mistake of their own.
    olderFields: cacheSettingFields.filter(
      (field) => fields.has(field) && fields.get('cache')?.value.type !== 'object',
    ),
  };
}

const plain = { cwd: '', dependsOn: [], cache: defaultCacheSettings } as const;

function parseCommands(reader: FieldReader, task: string, node: Node): readonly CommandLine[] {
  const expected = 'a string or an array of strings';
  const items = node.type === 'string' ? [node] : reader.array('command', node, expected);
  if (items?.length === 0) {
    reader.problems.push({ kind: 'no-command', task, at: reader.range(node) });
  }
  return (items ?? []).flatMap((item) => {
    const text = reader.string('an item of command', item);
    if (text === undefined) return [];
    if (text.trim() === '') {
      reader.problems.push({ kind: 'no-command', task, at: reader.range(item) });
    }
    return [{ text, at: reader.range(item) }];
  });
}

function parseCwd(reader: FieldReader, node: Node): string {
  const cwd = reader.string('cwd', node);
  if (cwd === undefined) return '';
  const cleaned = path.posix.normalize(cwd).replace(/\/+$/, '');
  if (cwd.startsWith('/') || cleaned === '..' || cleaned.startsWith('../')) {
    reader.problems.push({ kind: 'cwd-outside-package', cwd, at: reader.range(node) });
    return '';
  }
  return cleaned === '.' ? '' : cleaned;
}

function parseCache(
  reader: FieldReader,
  task: string,
  fields: ReadonlyMap<string, Field>,
): CacheSettings | false {
  const cache = fields.get('cache');
  const older = parseCacheSettings(reader, task, fields);
  if (cache === undefined) return older;
  if (cache.value.type === 'boolean') return cache.value.value === true ? older : false;
  if (cache.value.type !== 'object') {
    reader.wrongType('cache', '`true`, `false` or an object', cache.value);
    return false;
  }
  const owner = `"cache" of task "${task}"`;
  const settings = reader.fields(cache.value, owner, [...cacheSettingFields, 'remote']);
  for (const field of cacheSettingFields) {
    const twice = fields.get(field);
    if (twice !== undefined) {
      reader.problems.push({
        kind: 'both-generations',
        field,
        task,
        at: reader.range(twice.key),
      });
    }
  }
  noteRemote(reader, settings);
  return parseCacheSettings(reader, task, settings);
}
