import type { Node } from 'jsonc-parser';
import type { FieldReader } from './field-reader.js';
import type { DependencyField, TaskReference } from './task-definition.js';

const dependencyFields: readonly string[] = ['dependencies', 'devDependencies', 'peerDependencies'];

/** Reads `dependsOn`: names, `pkg#task`, and `{ task, from }`. */
export function parseDependsOn(reader: FieldReader, node: Node): readonly TaskReference[] {
  const items = reader.array('dependsOn', node, 'an array of task names');
  return (items ?? []).flatMap((item) => parseReference(reader, item) ?? []);
}

function parseReference(reader: FieldReader, item: Node): TaskReference | undefined {
  const at = reader.range(item);
  if (item.type === 'string') return { kind: 'named', name: String(item.value), at };
  const owner = 'an item of dependsOn';
  if (item.type !== 'object') {
    return reader.wrongType(owner, 'a string or `{ "task": …, "from": … }`', item);
  }
  const fields = reader.fields(item, owner, ['task', 'from']);
  const task = fields.get('task');
  const from = fields.get('from');
  if (task === undefined || from === undefined) {
    return reader.wrongType(owner, '`{ "task": …, "from": … }`', item);
  }
  const name = reader.string('task', task.value);
  const kinds = parseFrom(reader, from.value);
  return name === undefined || kinds === undefined
    ? undefined
    : { kind: 'of-dependencies', task: name, from: kinds, at };
}

function parseFrom(reader: FieldReader, node: Node): readonly DependencyField[] | undefined {
  const items = node.type === 'array' ? (node.children ?? []) : [node];
  const expected =
    '`"dependencies"`, `"devDependencies"`, `"peerDependencies"` or an array of them';
  const kinds: DependencyField[] = [];
  for (const item of items) {
    const value: unknown = item.value;
    if (!isDependencyField(value)) return reader.wrongType('from', expected, item);
    kinds.push(value);
  }
  return kinds;
}

function isDependencyField(value: unknown): value is DependencyField {
  return typeof value === 'string' && dependencyFields.includes(value);
}
