import type { Node } from 'jsonc-parser';
import { checkGlob } from './check-glob.js';
import type { FieldReader } from './field-reader.js';
import type { Field } from './json-document.js';
import { defaultCacheSettings } from './task-definition.js';
import type { CacheSettings, PathEntry } from './task-definition.js';

/** The fields of a task's `cache`; in the older form they stood on the task itself. */
export const cacheSettingFields = [
  'env',
  'untrackedEnv',
  'input',
  'output',
  'optOut',
  'notSecret',
] as const;

/** Reads the settings out of whatever object holds them; missing ones get their defaults. */
export function parseCacheSettings(
  reader: FieldReader,
  task: string,
  fields: ReadonlyMap<string, Field>,
): CacheSettings {
  const names = (field: 'untrackedEnv' | 'notSecret'): readonly string[] => {
    const value = fields.get(field)?.value;
    return value === undefined ? [] : parseNames(reader, field, value);
  };
  const paths = (field: 'input' | 'output'): readonly PathEntry[] => {
    const value = fields.get(field)?.value;
    if (value === undefined) return defaultCacheSettings[field];
    return parsePaths(reader, task, field, value) ?? defaultCacheSettings[field];
  };
  const asked = fields.get('optOut')?.value;
  const optOut = asked === undefined ? undefined : reader.boolean('optOut', asked);
  const env = fields.get('env')?.value;
  return {
    ...(env === undefined ? { env: [], autoEnv: false } : parseEnv(reader, env)),
    untrackedEnv: names('untrackedEnv'),
    input: paths('input'),
    output: paths('output'),
    optOut: optOut ?? defaultCacheSettings.optOut,
    notSecret: names('notSecret'),
  };
}

function parseNames(reader: FieldReader, field: string, node: Node): readonly string[] {
  return (reader.array(field, node, 'an array of strings') ?? []).flatMap((item) => {
    const pattern = reader.string(`an item of ${field}`, item);
    return pattern === undefined || !usable(reader, pattern, item) ? [] : [pattern];
  });
}

function parseEnv(reader: FieldReader, node: Node): Pick<CacheSettings, 'env' | 'autoEnv'> {
  const owner = 'an item of env';
  const env: string[] = [];
  let autoEnv = false;
  for (const item of reader.array('env', node, 'an array of strings and `{ "auto": true }`') ??
    []) {
    if (item.type === 'object') {
      const auto = reader.fields(item, owner, ['auto']).get('auto');
      if (auto === undefined) reader.wrongType(owner, '`{ "auto": … }`', item);
      else autoEnv = reader.boolean('auto', auto.value) ?? autoEnv;
    } else if (item.type === 'string') {
      const pattern = String(item.value);
      if (usable(reader, pattern, item)) env.push(pattern);
    } else reader.wrongType(owner, 'a string or `{ "auto": … }`', item);
  }
  return { env, autoEnv };
}

function parsePaths(
  reader: FieldReader,
  task: string,
  field: string,
  node: Node,
): readonly PathEntry[] | undefined {
  const items = reader.array(field, node, 'an array of globs and `{ "auto": true }`');
  if (items === undefined) return undefined;
  const entries = items.flatMap((item) => parsePath(reader, field, item) ?? []);
  const patterns = entries.filter((entry) => entry.kind === 'pattern');
  const first = patterns[0];
  if (
    first !== undefined &&
    patterns.length === entries.length &&
    patterns.every((entry) => entry.pattern.startsWith('!'))
  ) {
    reader.problems.push({ kind: 'only-exclusions', field, task, at: reader.range(node) });
  }
  return entries;
}

function parsePath(reader: FieldReader, field: string, item: Node): PathEntry | undefined {
  const at = reader.range(item);
  if (item.type === 'object') {
    const owner = `an item of ${field}`;
    const fields = reader.fields(item, owner, ['pattern', 'base', 'auto']);
    const auto = fields.get('auto');
    const written = fields.get('pattern');
    if (auto !== undefined && written === undefined && !fields.has('base')) {
      const value = reader.boolean('auto', auto.value);
      return value === undefined ? undefined : { kind: 'auto', auto: value };
    }
    if (written === undefined || auto !== undefined) {
      if (reader.hasMistakenField(item, fields)) return undefined;
      return reader.wrongType(owner, '`{ "auto": … }` or `{ "pattern": …, "base": … }`', item);
    }
    const pattern = reader.string('pattern', written.value);
    const base = parseBase(reader, fields.get('base'));
    if (pattern === undefined || base === undefined || !usable(reader, pattern, written.value)) {
      return undefined;
    }
    return { kind: 'pattern', pattern, base, at: reader.range(written.value) };
  }
  if (item.type !== 'string') {
    return reader.wrongType(`an item of ${field}`, 'a string or an object', item);
  }
  const pattern = String(item.value);
  return usable(reader, pattern, item)
    ? { kind: 'pattern', pattern, base: 'package', at }
    : undefined;
}

function parseBase(
  reader: FieldReader,
  field: Field | undefined,
): 'package' | 'workspace' | undefined {
  if (field === undefined) return 'package';
  return reader.word('base', field.value, ['package', 'workspace'], '`"package"` or `"workspace"`');
}

function usable(reader: FieldReader, pattern: string, node: Node): boolean {
  const reason = checkGlob(pattern);
  if (reason === undefined) return true;
  reader.problems.push({ kind: 'bad-glob', pattern, reason, at: reader.range(node) });
  return false;
}
