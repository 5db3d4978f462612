import { getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import type { SourceRange } from './source-range.js';
import type { Sink } from './sink.js';

/** A parsed file of JSON with comments; nodes keep their places. */
export interface JsonDocument {
  readonly file: string;
  readonly text: string;
  /** Undefined when the text has a syntax error (a problem was reported) or is empty. */
  readonly root: Node | undefined;
}

/** One field of an object, with the places of its name and of its value. */
export interface Field {
  readonly name: string;
  readonly key: Node;
  readonly value: Node;
}

/**
 * Parses JSON with comments and trailing commas. Only the first syntax error is reported: the
 * later ones are mostly its echoes.
 */
export function parseJsonDocument(
  file: string,
  text: string,
  problems: Sink<ConfigProblem>,
): JsonDocument {
  const errors: ParseError[] = [];
  const content = text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
  const root = parseTree(content, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return { file, text, root };
  problems.push({
    kind: 'syntax-error',
    detail: printParseErrorCode(first.error),
    at: { file, text, offset: first.offset, length: first.length },
  });
  return { file, text, root: undefined };
}

/** The place of a node. */
export function rangeOf(document: JsonDocument, node: Node): SourceRange {
  return { file: document.file, text: document.text, offset: node.offset, length: node.length };
}

/** The fields of an object in the order written; empty for any other kind of node. */
export function fieldsOf(node: Node): readonly Field[] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key === undefined || value === undefined
      ? []
      : [{ name: getNodeValue(key) as string, key, value }];
  });
}
