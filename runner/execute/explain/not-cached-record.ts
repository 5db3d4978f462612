import type { NotCached } from '../outcome.js';

/** The kinds that this version knows. */
const kinds: Readonly<Record<NotCached['kind'], true>> = {
  'modified-during-run': true,
  'read-then-written': true,
  'unreadable-input': true,
  'unsupported-output': true,
  'secret-found': true,
  'cache-unusable': true,
  'opted-out': true,
  'channel-failed': true,
  'tracking-incomplete': true,
  'output-too-large': true,
  'output-cut-short': true,
  'no-run-directory': true,
};

/** A reason as an attempt keeps it. */
export function encodeNotCached(reason: NotCached): string {
  return JSON.stringify(reason);
}

/** The reason again; undefined when another version of vt wrote one that this does not know. */
export function decodeNotCached(text: string): NotCached | undefined {
  try {
    const reason = JSON.parse(text) as NotCached;
    return Object.hasOwn(kinds, reason.kind) ? reason : undefined;
  } catch {
    return undefined;
  }
}
