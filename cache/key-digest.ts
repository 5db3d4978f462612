import type { Digest } from './brands.js';
import { contentDigest } from './content-digest.js';
import type { KeyParts } from './key.js';

/** The name under which all variants of an execution are kept. */
export function keyDigest(parts: KeyParts): Digest {
  return contentDigest(keyText(parts));
}

/**
 * The text of which that name is the digest. Canonical: lists whose order has no meaning are sorted,
 * and JSON arrays of strings keep every boundary, so that two different parts never give the same
 * text. Independent of protobuf, whose encoding is not promised to be stable.
 */
export function keyText(parts: KeyParts): string {
  return JSON.stringify([
    'vt-key-2',
    parts.program,
    parts.args,
    parts.cwd,
    sortedBy(parts.env, (variable) => variable.name).map((v) => [v.name, v.valueDigest]),
    [...parts.untrackedEnv].sort(),
    parts.inputConfig,
    parts.outputConfig,
    parts.capture,
  ]);
}

function sortedBy<T>(items: readonly T[], text: (item: T) => string): T[] {
  return [...items].sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}
