import type { AbsolutePath } from '../../cache/brands.js';
import { openExplainer } from '../../cache/explain/explainer.js';
import type { Explainer } from '../../cache/explain/explainer.js';
import { cacheWarningText } from '../report/cache-warning-text.js';
import type { Io } from '../report/output.js';

/**
 * Answers a question about a cache. One that cannot be read is as good as none, with a warning: then
 * `work` is called again, without it. `opened`: one that answers from an index that is open already.
 */
export async function withExplainer<T>(
  directory: AbsolutePath,
  io: Io,
  work: (explainer: Explainer | undefined) => Promise<T>,
  opened?: Explainer,
): Promise<T> {
  let explainer = opened;
  try {
    explainer ??= await openExplainer(directory);
    return await work(explainer);
  } catch (error) {
    if (!isCacheFault(error)) throw error;
    const detail = error.message;
    const text = cacheWarningText({ kind: 'cache-unusable', directory, detail });
    io.stderr.write(`vt: warning: ${text}\n`);
    return work(undefined);
  } finally {
    await explainer?.close();
  }
}

/** An error of sqlite or of the file system; anything else is a bug. */
function isCacheFault(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && (syscall !== undefined || code.startsWith('SQLITE_'));
}
