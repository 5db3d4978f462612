import { getNodeValue } from 'jsonc-parser';
import type { Node } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import { fieldsOf, rangeOf } from './json-document.js';
import type { Field, JsonDocument } from './json-document.js';
import { nearestName } from './nearest-name.js';
import type { SourceRange } from './source-range.js';
import type { Sink } from './sink.js';

/**
 * Reads typed values out of one document. Every method that finds something else than it expects
 * adds a problem and returns undefined, so that one pass reports all mistakes of a file.
 */
export class FieldReader {
  constructor(
    readonly document: JsonDocument,
    readonly problems: Sink<ConfigProblem>,
  ) {}

  range(node: Node): SourceRange {
    return rangeOf(this.document, node);
  }

  /** The fields of an object by name; unknown and repeated ones are problems. */
  fields(node: Node, owner: string, known: readonly string[]): ReadonlyMap<string, Field> {
    const found = this.entries(node, owner);
    for (const [name, field] of found) {
      if (known.includes(name)) continue;
      found.delete(name);
      this.problems.push({
        kind: 'unknown-field',
        field: name,
        owner,
        nearest: nearestName(name, known),
        known,
        at: this.range(field.key),
      });
    }
    return found;
  }

  /** The entries of an object with free names; repeated ones are problems. */
  entries(node: Node, owner: string): Map<string, Field> {
    const found = new Map<string, Field>();
    for (const field of fieldsOf(node)) {
      if (found.has(field.name)) {
        this.problems.push({
          kind: 'duplicate-field',
          field: field.name,
          owner,
          at: this.range(field.key),
        });
      } else {
        found.set(field.name, field);
      }
    }
    return found;
  }

  string(field: string, node: Node): string | undefined {
    return node.type === 'string'
      ? (getNodeValue(node) as string)
      : this.wrongType(field, 'a string', node);
  }

  boolean(field: string, node: Node): boolean | undefined {
    return node.type === 'boolean'
      ? (getNodeValue(node) as boolean)
      : this.wrongType(field, '`true` or `false`', node);
  }

  /** The elements of an array. */
  array(field: string, node: Node, expected: string): readonly Node[] | undefined {
    return node.type === 'array' ? (node.children ?? []) : this.wrongType(field, expected, node);
  }

  strings(field: string, node: Node): readonly string[] | undefined {
    return this.array(field, node, 'an array of strings')?.flatMap(
      (item) => this.string(`an item of ${field}`, item) ?? [],
    );
  }

  /** One of a few words; another one is a problem that names the nearest. */
  word<T extends string>(
    field: string,
    node: Node,
    words: readonly T[],
    expected: string,
  ): T | undefined {
    const value: unknown = node.value;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const nearest = typeof value === 'string' ? nearestName(value, words) : undefined;
    return this.wrongType(field, expected, node, nearest);
  }

  wrongType(field: string, expected: string, node: Node, nearest?: string): undefined {
    this.problems.push({
      kind: 'wrong-type',
      field,
      expected,
      got: describe(node),
      nearest,
      at: this.range(node),
    });
    return undefined;
  }

  /**
   * Whether a field of the object is not among those that `fields` returned: that is a problem
   * already, and what the object seems to lack most likely only has a wrong name.
   */
  hasMistakenField(node: Node, fields: ReadonlyMap<string, Field>): boolean {
    return fieldsOf(node).length > fields.size;
  }
}

function describe(node: Node): string {
  switch (node.type) {
    case 'array':
      return 'an array';
    case 'object':
    case 'property':
      return 'an object';
    case 'null':
      return '`null`';
    case 'string':
      return JSON.stringify(node.value);
    case 'number':
      return 'a number';
    case 'boolean':
      return `\`${String(node.value)}\``;
  }
}
