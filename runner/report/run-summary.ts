import { hasSucceeded } from '../execute/outcome.js';
import { durationText } from './duration-text.js';
import type { RunDetail } from './run-details.js';

/** What the summary is made from. */
export interface RunTotals {
  /** Executions planned, whether or not they were reached. */
  readonly planned: number;
  readonly hits: number;
  readonly succeeded: number;
  /** milliseconds */
  readonly saved: number;
}

export function totalsOf(details: readonly RunDetail[]): RunTotals {
  const outcomes = details.flatMap(({ outcome }) => outcome ?? []);
  return {
    planned: details.length,
    hits: outcomes.filter((outcome) => outcome.status.kind === 'hit').length,
    succeeded: outcomes.filter(hasSucceeded).length,
    saved: outcomes.reduce((sum, outcome) => sum + outcome.saved, 0),
  };
}

/** What the summary says of the time that was saved, with a comma before it. */
function savedText(saved: number): string {
  return saved > 0 ? `, ${durationText(saved)} saved` : '';
}

/**
 * The lines after a `vt run`, with a blank line and `---` before them. Empty for a single execution
 * that was no hit: its own line and output have said everything.
 *
 * @param saved stands for the time that was saved
 */
export function runSummary(totals: RunTotals, saved = savedText(totals.saved)): string {
  if (totals.planned === 1) {
    return totals.hits === 1 ? `\n---\nvt run: cache hit${saved}.\n` : '';
  }
  if (totals.planned === 0) return '';
  const { hits, planned, succeeded } = totals;
  const percent = Math.floor((hits / planned) * 100);
  return (
    `\n---\nvt run: ${hits}/${planned} cache hit (${percent}%), ` +
    `${succeeded}/${planned} successful${saved}. ` +
    '(Run `vt run --last-details` for full details)\n'
  );
}
