import type { AbsolutePath } from '../../../../cache/brands.js';
import { openManager } from '../../../../cache/manage/manager.js';
import type { Manager } from '../../../../cache/manage/manager.js';
import { cacheWarningText } from '../../../report/cache-warning-text.js';
import { cacheJson } from '../../../report/cache/cache-json.js';
import type { Json } from '../../../report/explain/explanation-json.js';
import type { Io } from '../../../report/output.js';
import { cacheDirectory } from '../../../workspace/cache-directory.js';
import { locate } from '../../../workspace/find-workspace.js';
import { helpFlag } from '../../flags/flag-definition.js';
import type { FlagDefinitions } from '../../flags/flag-definition.js';
import { UsageError } from '../../flags/parse-flags.js';
import type { Exit } from '../../services.js';

/** Of every command of `vt cache`. */
export const cacheFlags = {
  json: { type: 'boolean', description: 'As JSON; docs/cache.md describes it' },
  ...helpFlag,
} as const satisfies FlagDefinitions;

/** The directory of the cache that belongs to where the user is. */
export function directoryOf(io: Io): AbsolutePath {
  return cacheDirectory(locate(io.cwd, []).workspace.root, io.env.VT_CACHE_DIR);
}

/** Throws a UsageError when a command that takes no arguments was given one. */
export function expectNoArguments(rest: readonly string[], command: string): void {
  const [argument] = rest;
  if (argument !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument, command });
  }
}

/**
 * Works with a cache; `undefined` when nothing was ever stored. One that cannot be read is said so,
 * with exit code 1.
 */
export async function withManager(
  io: Io,
  work: (manager: Manager | undefined, directory: AbsolutePath) => Promise<Exit>,
): Promise<Exit> {
  const directory = directoryOf(io);
  let manager: Manager | undefined;
  try {
    manager = await openManager(directory);
    return await work(manager, directory);
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    const isFault = syscall !== undefined || code?.startsWith('SQLITE_') === true;
    if (!isFault) throw error;
    io.stderr.write(
      `vt: ${cacheWarningText({ kind: 'cache-unusable', directory, detail: message })}\n`,
    );
    return { kind: 'code', code: 1 };
  } finally {
    await manager?.close();
  }
}

/** Prints the one or the other, and succeeds. */
export function print(
  io: Io,
  asJson: boolean,
  directory: string,
  text: string,
  fields: () => { readonly [name: string]: Json },
): Exit {
  io.stdout.write(asJson ? `${JSON.stringify(cacheJson(directory, fields()), null, 2)}\n` : text);
  return { kind: 'code', code: 0 };
}
