/** Most bytes of a file that is asked for one of its values; what is larger counts as a whole. */
export const MOST_JSON_BYTES = 16 << 20;

/** What a JSON text has at a pointer (RFC 6901). */
export type JsonValue =
  /** As it is written, without the white space between tokens. */
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'none' }
  /**
   * It is not UTF-8, not JSON, too large, or a name on the way is there twice, of which readers
   * take one or the other: whoever depends on the value depends on the whole text.
   */
  | { readonly kind: 'unusable' };

/**
 * Values are told by how they are written, not by what they mean to JavaScript: `1` and `1.0`, or two
 * numbers that only differ beyond its precision, are the same there and not elsewhere.
 */
export function jsonValueAt(bytes: Uint8Array, pointer: string): JsonValue {
  const tokens = pointerTokens(pointer);
  if (tokens === undefined || bytes.length > MOST_JSON_BYTES) return UNUSABLE;
  let text: string;
  try {
    text = strict.decode(bytes);
    JSON.parse(text);
  } catch {
    return UNUSABLE;
  }
  // The text is known to be JSON from here on.
  let at = skipSpace(text, 0);
  for (const token of tokens) {
    const found = childAt(text, at, token);
    if (typeof found !== 'number') return found;
    at = found;
  }
  return { kind: 'value', text: compact(text.slice(at, endOfValue(text, at))) };
}

/** The names and indices of a pointer; undefined if it is none. */
export function pointerTokens(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const UNUSABLE: JsonValue = { kind: 'unusable' };
const NONE: JsonValue = { kind: 'none' };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where the member or item begins. */
function childAt(text: string, at: number, token: string): number | JsonValue {
  if (text[at] === '[') return itemAt(text, at, token);
  if (text[at] !== '{') return NONE;
  let found: number | undefined;
  for (let next = skipSpace(text, at + 1); text[next] === '"';) {
    const end = endOfString(text, next);
    const name = JSON.parse(text.slice(next, end)) as string;
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (name === token) {
      if (found !== undefined) return UNUSABLE;
      found = value;
    }
    next = afterComma(text, value);
  }
  return found ?? NONE;
}

function itemAt(text: string, at: number, token: string): number | JsonValue {
  if (!/^(?:0|[1-9]\d*)$/.test(token)) return NONE;
  const wanted = Number(token);
  let next = skipSpace(text, at + 1);
  for (let index = 0; text[next] !== ']'; index++) {
    if (index === wanted) return next;
    next = afterComma(text, next);
  }
  return NONE;
}

/** The start of what follows a value and its comma; without a comma, the closing bracket. */
function afterComma(text: string, value: number): number {
  const next = skipSpace(text, endOfValue(text, value));
  return text[next] === ',' ? skipSpace(text, next + 1) : next;
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') {
    let end = start;
    while (end < text.length && !/[\s,\]}]/.test(text[end]!)) end++;
    return end;
  }
  let depth = 0;
  for (let at = start; ; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++;
  return at;
}

function compact(value: string): string {
  let result = '';
  for (let at = 0; at < value.length;) {
    if (value[at] === '"') {
      const end = endOfString(value, at);
      result += value.slice(at, end);
      at = end;
    } else {
      const next = skipSpace(value, at);
      if (next === at) result += value[at++];
      else at = next;
    }
  }
  return result;
}
