import type { AbsolutePath } from '../../cache/brands.js';
import type { StoredResult } from '../../cache/explain/stored-result.js';
import { runDetails } from '../report/run-details.js';
import type { RunDetail } from '../report/run-details.js';

/**
 * What `-v` shows after a run; given twice, also everything that the results depend on and hold,
 * which is read from the cache only then.
 */
export async function verboseDetails(
  details: readonly RunDetail[],
  verbosity: number,
  cacheDirectory: AbsolutePath,
): Promise<string> {
  if (verbosity < 2) return runDetails(details);
  const { openExplainer } = await import('../../cache/explain/explainer.js');
  const results = new Map<string, StoredResult>();
  try {
    const explainer = await openExplainer(cacheDirectory);
    for (const { outcome } of details) {
      if (outcome?.entry === undefined) continue;
      const result = await explainer?.result(outcome.entry);
      if (result !== undefined) results.set(outcome.entry, result);
    }
    await explainer?.close();
  } catch {
    // The run has warned of a cache that cannot be read, and is none the worse for it.
  }
  return runDetails(details, results);
}
