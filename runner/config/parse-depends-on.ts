import type { Node } from 'jsonc-parser';
import type { FieldReader } from './field-reader.js';
import type { DependencyField, TaskReference } from './task-definition.js';

const dependencyFields = ['dependencies', 'devDependencies', 'peerDependencies'] as const;

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
    if (reader.hasMistakenField(item, fields)) return undefined;
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
    const kind = reader.word('from', item, dependencyFields, expected);
    if (kind === undefined) return undefined;
    kinds.push(kind);
  }
  return kinds;
}
