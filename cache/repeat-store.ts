import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheLayout } from './cache-directory.js';
import { replaceFile } from './replace-file.js';

/**
 * Records of whole invocations that only replayed (runner/repeat), by digests of all that the process was given.
 * These have a salt that nobody knows who cannot read the cache: a value of a variable cannot be found by trying.
 */

/** The name of the salt; those of records are hexadecimal. */
const SALT = 'salt';
const SALT_LENGTH = 32;

/** One for each way somebody calls vt in turns: tasks, modes, terminals. */
const MOST = 64;

/** Bytes of all of them. A workspace of ten thousand inputs makes one of a megabyte. */
const MOST_BYTES = 64 << 20;

/** A hit that is one again each time a record is answered from. */
export interface RepeatedHit {
  readonly workspace: string;
  readonly task: string;
  /** Name of the entry. */
  readonly entry: string;
}

/** What the record of an invocation is called, and what its texts are sealed with. */
export interface RepeatName {
  readonly file: string;
  readonly key: Buffer;
}

/** As runner/repeat/native/main.c finds it. Undefined where nothing can be kept. */
export function repeatName(layout: CacheLayout, invocation: Uint8Array): RepeatName | undefined {
  try {
    mkdirSync(layout.repeats, { mode: 0o700, recursive: true });
    const salt = readSalt(layout) ?? makeSalt(layout);
    if (salt.length !== SALT_LENGTH) return undefined;
    const derive = (purpose: string) =>
      createHash('sha256').update(salt).update(invocation).update(purpose).digest();
    return { file: join(layout.repeats, derive('name').toString('hex')), key: derive('seal') };
  } catch {
    return undefined;
  }
}

/** Beside each record: the hits that are noted with one line (hit-notes.ts). */
const HITS = '.hits';

/** Keeps a record, and of all those that were kept the newest. Never throws. */
export function keepRepeat(
  layout: CacheLayout,
  { file }: RepeatName,
  record: Buffer,
  hits: readonly RepeatedHit[],
): void {
  if (record.length > MOST_BYTES / 4) return;
  if (!replaceFile(`${file}${HITS}`, JSON.stringify(hits)) || !replaceFile(file, record)) return;
  try {
    const files = readdirSync(layout.repeats)
      .filter((name) => /^[0-9a-f]+$/.test(name))
      .flatMap((name) => {
        const path = join(layout.repeats, name);
        return { path, stat: lstatSync(path, { throwIfNoEntry: false }) };
      })
      .sort((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0));
    let bytes = 0;
    for (const [index, { path, stat }] of files.entries()) {
      bytes += stat?.size ?? 0;
      if (index < MOST && bytes <= MOST_BYTES) continue;
      rmSync(path, { force: true });
      rmSync(`${path}${HITS}`, { force: true });
    }
  } catch {
    // Another process is at it, or removes them all.
  }
}

/** The hits of a record; none when it is gone. Never throws. */
export function repeatedHits(layout: CacheLayout, name: string): readonly RepeatedHit[] {
  try {
    if (!/^[0-9a-f]{64}$/.test(name)) return [];
    const hits = JSON.parse(
      readFileSync(join(layout.repeats, `${name}${HITS}`), 'utf8'),
    ) as unknown;
    return Array.isArray(hits) ? (hits as RepeatedHit[]) : [];
  } catch {
    return [];
  }
}

function readSalt(layout: CacheLayout): Buffer | undefined {
  try {
    return readFileSync(join(layout.repeats, SALT));
  } catch {
    return undefined;
  }
}

/** Of several that make one at once, one does. */
function makeSalt(layout: CacheLayout): Buffer {
  const file = join(layout.repeats, SALT);
  try {
    writeFileSync(file, randomBytes(SALT_LENGTH), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file);
}
