import type { NotCached, CacheStatus, Outcome } from '../../execute/outcome.js';
import type { Prediction } from '../../execute/explain/predict-run.js';
import { endingExitCode } from '../../execute/process/ending-exit-code.js';
import { hasSucceeded } from '../../execute/outcome.js';
import type { NeverRun, StepIndex } from '../../execute/schedule/run-events.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import type { Plan } from '../../plan/plan.js';
import type { Diagnostic } from '../diagnostic/diagnostic.js';
import { lineAndColumn } from '../diagnostic/render-diagnostic.js';
import type { Json } from '../explain/explanation-json.js';
import { missReasonText } from '../miss-reason-text.js';
import { notCachedText } from '../not-cached-text.js';
import { disabledText } from '../run-details.js';
import type { RunTotals } from '../run-summary.js';

/** Grows by fields only; another number if one changes its meaning. See docs/run.schema.json. */
const VERSION = 1;

/** One line of `vt run --json`. */
export interface JsonEvent {
  readonly event: string;
  readonly [name: string]: Json;
}

/** The first line: all that is to be run, and warnings about it. */
export function plannedJson(plan: Plan, warnings: readonly Diagnostic[]): JsonEvent {
  const { workspaceRoot, steps, tasks, pools } = plan;
  return {
    event: 'planned',
    version: VERSION,
    workspaceRoot,
    tasks: tasks.map(({ name, package: home }) => ({ name, package: home })),
    steps: steps.map(({ planned, task, needs, follows, pool, continues }, step) => ({
      step,
      task: task ?? null,
      command: planned?.execution.command ?? null,
      cwd: planned?.execution.cwd ?? null,
      isCached: planned?.execution.cache !== undefined,
      needs,
      follows,
      pool,
      continues,
    })),
    pools: pools.map(({ limit, within }) => ({
      limit: limit === Infinity ? null : limit,
      within: within ?? null,
    })),
    warnings: warnings.map(diagnosticJson),
  };
}

/** The only line of a run that cannot begin. */
export function refusedJson(problems: readonly Diagnostic[]): JsonEvent {
  return { event: 'refused', version: VERSION, problems: problems.map(diagnosticJson) };
}

/** The last line. */
export function finishedJson(
  result: Pick<RunResult, 'firstFailure' | 'stopped'>,
  { planned, hits, succeeded, saved }: RunTotals,
  exitCode: number,
): JsonEvent {
  return {
    event: 'finished',
    exitCode,
    commands: planned,
    hits,
    succeeded,
    savedMilliseconds: saved,
    firstFailure: result.firstFailure ?? null,
    stopped: plain(result.stopped ?? null),
  };
}

export function beganJson(step: StepIndex, status: CacheStatus): JsonEvent {
  return { event: 'began', step, cache: statusJson(status) };
}

export function endedJson(step: StepIndex, outcome: Outcome): JsonEvent {
  const { status, ending, duration, saved, entry, restored, notCached, stopped } = outcome;
  return {
    event: 'ended',
    step,
    succeeded: hasSucceeded(outcome),
    exitCode: endingExitCode(ending),
    ending: plain(ending),
    milliseconds: duration,
    savedMilliseconds: saved,
    cache: status.kind,
    entry: entry ?? null,
    restored: plain(restored ?? null),
    notCached: notCached === undefined ? null : notCachedJson(notCached),
    stopped: plain(stopped ?? null),
  };
}

export function neverRunJson(step: StepIndex, why: NeverRun): JsonEvent {
  return { event: 'notRun', step, because: plain(why) };
}

/** What a run would find, for `--dry-run`. */
export function predictedJson(step: StepIndex, { status, after, restore }: Prediction): JsonEvent {
  return {
    event: 'predicted',
    step,
    cache: statusJson(status),
    after,
    restore: plain(restore ?? null),
  };
}

function statusJson(status: CacheStatus): Json {
  const { kind } = status;
  switch (kind) {
    case 'hit':
    case 'first-run':
      return { status: kind, reason: null, text: null };
    case 'miss':
      return { status: kind, reason: plain(status.reason), text: missReasonText(status.reason) };
    case 'disabled':
      return {
        status: kind,
        reason: { kind: status.because ?? 'task' },
        text: disabledText(status.because),
      };
  }
}

function notCachedJson(reason: NotCached): Json {
  return { reason: { kind: reason.kind }, text: notCachedText(reason) };
}

function diagnosticJson({ severity, code, title, places, facts, help }: Diagnostic): Json {
  return {
    severity,
    code,
    title,
    places: places.map(({ at }) => ({ file: at.file, ...lineAndColumn(at.text, at.offset) })),
    facts,
    help,
  };
}

/** Data that is JSON already: strings, numbers, booleans, lists and objects of such. */
function plain(data: object | null): Json {
  return data as Json;
}
