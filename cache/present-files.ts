import { readdirSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AbsolutePath, Digest, WorkspacePath } from './brands.js';
import type { FileMemo } from './file-memo.js';
import { isExecutable, lstatOrAbsent } from './file-identity.js';
import type { Transaction } from './index-database.js';
import { jsonValueAt, MOST_JSON_BYTES } from './json-value.js';
import type { JsonValue } from './json-value.js';
import { within } from './path-on-disk.js';
import { ancestorsOf } from './path-parts.js';

/** What is at a path when its content is asked for. `other`: nothing that could be compared. */
export type PresentContent =
  { readonly digest: Digest; readonly executable: boolean } | 'absent' | 'other';

/**
 * The workspace as it is now, each question answered once however many variants ask it. For one
 * lookup only: answers grow stale.
 */
export class PresentFiles {
  readonly #root: AbsolutePath;
  readonly #memo: FileMemo;
  readonly #stats = new Map<WorkspacePath, BigIntStats | 'unreachable' | undefined>();
  readonly #contents = new Map<WorkspacePath, PresentContent>();
  /** Asked of the index, which may know nothing of them: a thousand variants would ask again. */
  readonly #loaded = new Set<WorkspacePath>();
  readonly #jsonValues = new Map<string, JsonValue | { kind: 'absent' }>();
  readonly #names = new Map<WorkspacePath, readonly string[] | undefined>();

  constructor(root: AbsolutePath, memo: FileMemo) {
    this.#root = root;
    this.#memo = memo;
  }

  /** lstat; undefined for what does not exist or cannot be reached. */
  stat(path: WorkspacePath): BigIntStats | undefined {
    const stat = this.#stat(path);
    return stat === 'unreachable' ? undefined : stat;
  }

  /** Nothing is there (ENOENT, ENOTDIR), which is more than that it cannot be reached. */
  isAbsent(path: WorkspacePath): boolean {
    return this.#stat(path) === undefined;
  }

  /**
   * What makes looking up an absent path fail with another error than ENOENT: the nearest thing
   * above it that is there, if that is no directory.
   */
  blockerOf(path: WorkspacePath): WorkspacePath | undefined {
    for (const above of ancestorsOf(path)) {
      const stat = this.#stat(above);
      if (stat === undefined) continue;
      return stat === 'unreachable' || stat.isDirectory() ? undefined : above;
    }
    return undefined;
  }

  #stat(path: WorkspacePath): BigIntStats | 'unreachable' | undefined {
    if (this.#stats.has(path)) return this.#stats.get(path);
    let stat: BigIntStats | 'unreachable' | undefined;
    try {
      stat = lstatOrAbsent(within(this.#root, path));
    } catch {
      stat = 'unreachable';
    }
    this.#stats.set(path, stat);
    return stat;
  }

  /** Fetches from the index what is known about these files, in one query. */
  async load(transaction: Transaction, paths: Iterable<WorkspacePath>): Promise<void> {
    const files: BigIntStats[] = [];
    for (const path of paths) {
      if (this.#loaded.has(path)) continue;
      this.#loaded.add(path);
      const stat = this.stat(path);
      if (stat?.isFile()) files.push(stat);
    }
    await this.#memo.load(transaction, files);
  }

  async content(path: WorkspacePath): Promise<PresentContent> {
    const answered = this.#contents.get(path);
    if (answered !== undefined) return answered;
    const content = await this.#content(path);
    this.#contents.set(path, content);
    return content;
  }

  async #content(path: WorkspacePath): Promise<PresentContent> {
    const stat = this.stat(path);
    if (stat === undefined) return 'absent';
    if (!stat.isFile()) return 'other';
    const result = await this.#memo.digest(within(this.#root, path), stat);
    if ('failure' in result) return result.failure === 'ENOENT' ? 'absent' : 'other';
    return { digest: result.digest, executable: isExecutable(result.stat) };
  }

  /** What a JSON file has at a pointer; `absent`: there is nothing at the path. */
  async jsonValue(path: WorkspacePath, pointer: string): Promise<JsonValue | { kind: 'absent' }> {
    const question = `${path}\0${pointer}`;
    const answered = this.#jsonValues.get(question);
    if (answered !== undefined) return answered;
    const value = await this.#jsonValue(path, pointer);
    this.#jsonValues.set(question, value);
    return value;
  }

  async #jsonValue(path: WorkspacePath, pointer: string): Promise<JsonValue | { kind: 'absent' }> {
    const stat = this.stat(path);
    if (stat === undefined) return { kind: 'absent' };
    if (!stat.isFile() || stat.size > MOST_JSON_BYTES) return { kind: 'unusable' };
    try {
      return jsonValueAt(await readFile(within(this.#root, path)), pointer);
    } catch {
      return { kind: 'unusable' };
    }
  }

  /** Raw text of a symlink; undefined when it is none. */
  linkTarget(path: WorkspacePath): string | undefined {
    if (!this.stat(path)?.isSymbolicLink()) return undefined;
    try {
      return readlinkSync(within(this.#root, path));
    } catch {
      return undefined;
    }
  }

  /** Sorted names in a directory; undefined when it cannot be listed. */
  names(path: WorkspacePath): readonly string[] | undefined {
    if (this.#names.has(path)) return this.#names.get(path);
    let names: readonly string[] | undefined;
    try {
      names = listNames(within(this.#root, path));
    } catch {
      names = undefined;
    }
    this.#names.set(path, names);
    return names;
  }
}

/**
 * The names in a directory, sorted by UTF-16 code unit. A name that is not UTF-8 is given as NUL,
 * which no name contains, and its bytes in hexadecimal, so that no two names look alike. Throws
 * file system errors.
 */
export function listNames(directory: string): string[] {
  const names = readdirSync(directory);
  if (!names.some((name) => name.includes('\ufffd'))) return names.sort();
  return readdirSync(directory, { encoding: 'buffer' })
    .map((bytes) => {
      const text = bytes.toString('utf8');
      return Buffer.from(text).equals(bytes) ? text : `\0${bytes.toString('hex')}`;
    })
    .sort();
}
