import type { Execution } from '../plan/execution.js';
import type { StoredResult } from '../../cache/explain/stored-result.js';
import type { CacheStatus, Outcome } from '../execute/outcome.js';
import type { NeverRun } from '../execute/schedule/run-events.js';
import type { RunResult } from '../execute/schedule/run-plan.js';
import type { StopReason } from '../execute/schedule/stopping.js';
import type { Plan } from '../plan/plan.js';
import { durationText } from './duration-text.js';
import { endingText } from './ending-text.js';
import { observationLines, outputLines } from './explain/result-lines.js';
import { missReasonText } from './miss-reason-text.js';
import { notCachedText } from './not-cached-text.js';

/** An execution and how it went. */
export interface RunDetail {
  readonly execution: Execution;
  /** Undefined when it was never run, because of `neverRun`. */
  readonly outcome: Outcome | undefined;
  readonly neverRun?: NeverRun;
}

/** The executions of a plan, in its order. */
export function detailsOf({ steps }: Plan, result: RunResult): readonly RunDetail[] {
  return steps.flatMap(({ planned }, step) => {
    if (planned === undefined) return [];
    const { execution } = planned;
    const how = result.steps[step];
    return how?.kind === 'ran'
      ? { execution, outcome: how.outcome }
      : { execution, outcome: undefined, ...(how !== undefined && { neverRun: how.why }) };
  });
}

/**
 * What `-v` and `--last-details` show, one block for each execution, with newlines.
 *
 * @param results stored results by name: what they depend on and hold is listed as well, for `-vv`.
 * @param hitTimes what stands for the times of a hit
 */
export function runDetails(
  details: readonly RunDetail[],
  results: ReadonlyMap<string, StoredResult> = new Map(),
  hitTimes: HitTimes = ownHitTimes,
): string {
  return details
    .map(({ execution, outcome, neverRun }, index) => {
      const head = `[${index + 1}] ${execution.task}: $ ${execution.command}\n`;
      return (
        head +
        [
          ...lines(outcome, neverRun, (hit) => hitTimes(hit, index)),
          ...resultLines(outcome, results),
        ]
          .map((line) => `    ${line}\n`)
          .join('')
      );
    })
    .join('');
}

/** Texts for what a hit took and saved; `index` is its place in the details. */
export type HitTimes = (
  hit: Outcome,
  index: number,
) => { readonly duration: string; readonly saved: string };

const ownHitTimes: HitTimes = ({ duration, saved }) => ({
  duration: durationText(duration),
  saved: durationText(saved),
});

function lines(
  outcome: Outcome | undefined,
  neverRun: NeverRun | undefined,
  hitTimes: (hit: Outcome) => ReturnType<HitTimes>,
): readonly string[] {
  if (outcome === undefined) return [`not run: ${neverRunText(neverRun)}`];
  const result = `${endingText(outcome.ending)} in ${durationText(outcome.duration)}`;
  const { status } = outcome;
  switch (status.kind) {
    case 'hit': {
      const { duration, saved } = hitTimes(outcome);
      return [
        'cache hit: output replayed',
        ...restoredLine(outcome.restored),
        `time: ${duration}, ${saved} saved`,
      ];
    }
    case 'first-run':
      return ['cache miss: nothing was stored yet', result, ...storedLine(outcome)];
    case 'miss':
      return [
        `cache miss: ${missReasonText(status.reason)}`,
        ...furtherDifferences(status).map((text) => `  also ${text}`),
        result,
        ...storedLine(outcome),
      ];
    case 'disabled':
      return [`cache disabled: ${disabledText(status.because)}`, result];
  }
}

/** What differs besides the reason, which was told. */
function furtherDifferences({
  reason,
  differences = [],
}: Extract<CacheStatus, { kind: 'miss' }>): readonly string[] {
  const told = missReasonText(reason);
  const texts = differences.map((difference) =>
    reason.kind === 'env-changed' && difference.kind === reason.kind
      ? told // all variables are told together
      : missReasonText(difference),
  );
  return [...new Set(texts)].filter((text) => text !== told);
}

function resultLines(
  outcome: Outcome | undefined,
  results: ReadonlyMap<string, StoredResult>,
): readonly string[] {
  const result = outcome?.entry === undefined ? undefined : results.get(outcome.entry);
  if (outcome === undefined || result === undefined) return [];
  const outputs = outputLines(result, false);
  return [
    outcome.status.kind === 'hit' ? 'unchanged:' : 'depends on:',
    ...observationLines(result, false).map((line) => `  ${line}`),
    ...(outputs.length === 0 ? [] : ['outputs:', ...outputs.map((line) => `  ${line}`)]),
  ];
}

function restoredLine(restored: Outcome['restored']): readonly string[] {
  if (restored === undefined || restored.written + restored.unchanged === 0) return [];
  const { written, unchanged } = restored;
  return [`outputs: ${count(written, 'file')} restored, ${unchanged} already right`];
}

function storedLine(outcome: Outcome): readonly string[] {
  if (outcome.notCached !== undefined) return [`not cached: ${notCachedText(outcome.notCached)}`];
  if (outcome.stopped !== undefined) return [`not cached: ${stoppedText(outcome.stopped)}`];
  return outcome.ending.kind === 'exited' && outcome.ending.code === 0 ? ['stored'] : [];
}

/** Why nothing is cached, as it stands after `cache disabled: `. */
export function disabledText(because: Execution['uncachedBecause']): string {
  switch (because) {
    case 'flag':
      return 'by --no-cache';
    case 'configuration':
      return 'by the configuration';
    case 'script-default':
      return 'package.json scripts are cached only with --cache or "cache": { "scripts": true }';
    case 'nested':
      return 'inside a task that is cached as a whole';
    case undefined:
      return 'for this task';
  }
}

function neverRunText(why: NeverRun | undefined): string {
  if (why?.kind !== 'stopped') return 'what came before it failed';
  return stoppedText(why.reason);
}

function stoppedText(reason: StopReason): string {
  switch (reason.kind) {
    case 'signal':
      return 'interrupted';
    case 'failure':
      return 'stopped when another task failed';
    case 'request':
      return 'stopped to run anew';
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
