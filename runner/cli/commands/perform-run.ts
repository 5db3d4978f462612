import { endingExitCode } from '../../execute/process/ending-exit-code.js';
import type { HiddenEdge } from '../../execute/edges/hidden-edge.js';
import type { RunEvents } from '../../execute/schedule/run-events.js';
import { runPlan } from '../../execute/schedule/run-plan.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import type { AbsolutePath } from '../../../cache/brands.js';
import { isNestedRun } from '../../plan/nested-run.js';
import type { Plan } from '../../plan/plan.js';
import { createConcealment } from '../../plan/secrets/concealment.js';
import type { JsonLog } from '../../report/json/json-log.js';
import { finishedJson } from '../../report/json/run-json.js';
import { createRunLog } from '../../report/log/run-log.js';
import type { LogMode } from '../../report/log/run-log.js';
import { detailsOf, runDetails } from '../../report/run-details.js';
import type { RunDetail } from '../../report/run-details.js';
import { wantsStatusLine } from '../../report/status/wants-status-line.js';
import type { StatusClock, StatusLine } from '../../report/status/status-line.js';
import type { Io } from '../../report/output.js';
import { runSummary, totalsOf } from '../../report/run-summary.js';
import { limitsOf } from '../../workspace/cache-limits.js';
import type { Location } from '../../workspace/find-workspace.js';
import { describeProblem } from '../../report/diagnostic/describe-problem.js';
import { keepLastDetails } from '../last-details.js';
import { reportProblems } from '../report-problems.js';
import { verboseDetails } from '../verbose-details.js';
import type { CommandContext } from '../services.js';

/** How a plan is run and shown. */
export interface RunManner {
  readonly log: LogMode | JsonLog;
  /** How often -v was given. */
  readonly verbosity: number;
  readonly keepGoing: boolean;
  readonly cacheDirectory: AbsolutePath;
  readonly location: Location;
  /** Whether tasks that meet in files, in no order, fail the run. */
  readonly isStrict: boolean;
  /** As in RunOptions. */
  readonly stop?: AbortSignal;
}

/** Runs a plan, shows it, and says at the end what came of it. Resolves to the exit code. */
export async function performRun(
  plan: Plan,
  { log: asked, verbosity, keepGoing, cacheDirectory, location, isStrict, stop }: RunManner,
  { io, services }: CommandContext,
): Promise<number> {
  const status = typeof asked === 'string' ? await openStatusLine(plan, io) : undefined;
  const log: RunEvents =
    typeof asked === 'string'
      ? createRunLog(asked, {
          ...io,
          stdout: status?.stdout ?? io.stdout,
          stderr: status?.stderr ?? io.stderr,
          plan,
        })
      : asked;
  const { limits, problems } = limitsOf(io.env);
  reportProblems(problems, io);
  const warn = (message: string): void => {
    log.warned(message);
  };
  const executor = services.createExecutor({ cacheDirectory, limits, warn });
  try {
    const result = await runPlan(plan, executor, status?.watch(log) ?? log, {
      policy: 'stop',
      inherit: asked === 'interleaved' ? 'alone' : 'never',
      keepGoing,
      ...(stop !== undefined && { stop }),
    });
    status?.close();
    const details = detailsOf(plan, result);
    const text = runDetails(details);
    // Within a tracked task the file would become one of its outputs.
    const isNested = isNestedRun(io.env);
    if (!isNested) keepLastDetails(cacheDirectory, concealed(text, plan, details));
    const totals = totalsOf(details);
    const hasNews = details.length > 1 || totals.hits < details.length;
    const edges: readonly HiddenEdge[] =
      isStrict || hasNews
        ? await (
            await import('./check-edges.js')
          ).checkEdges(
            plan,
            result,
            { location, cacheDirectory, isStrict, explainer: await executor.explainer?.() },
            io,
          )
        : [];
    const code = exitCode(result) || (isStrict && edges.length > 0 ? 1 : 0);
    if (typeof asked === 'string') {
      const told =
        verbosity > 0 ? `\n---\n${await verboseDetails(details, verbosity, cacheDirectory)}` : '';
      const summary = runSummary(totals);
      io.stdout.write(told + summary);
      reportProblems(edges, io);
      if (services.repeat !== undefined && totals.hits === details.length && verbosity === 0) {
        const { hitMarks, totalMark } = await import('../../repeat/template.js');
        const template = runDetails(details, undefined, hitMarks);
        services.repeat.replayed({
          cacheDirectory,
          details,
          summary: { text: summary, template: runSummary(totals, totalMark) },
          ...(!isNested && { lastDetails: concealed(template, plan, details) }),
        });
      }
    } else {
      for (const edge of edges) asked.warned(describeProblem(edge).title);
      void asked.say(finishedJson(result, totals, code));
    }
    return code;
  } finally {
    status?.close();
    await executor.close();
  }
}

async function openStatusLine(plan: Plan, io: Io): Promise<StatusLine | undefined> {
  const { stdout, stderr, env } = io;
  if (io.capture !== 'terminal' || !wantsStatusLine(env)) return undefined;
  const { StatusLine } = await import('../../report/status/status-line.js');
  return new StatusLine({ plan, stdout, stderr, env, clock: ownClock });
}

const ownClock: StatusClock = {
  now: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Without values of variables: the text goes to the disk. */
function concealed(text: string, plan: Plan, details: readonly RunDetail[]): string {
  const values = [
    ...plan.steps.flatMap(({ planned }) => [...(planned?.confidential ?? [])]),
    ...details.flatMap(({ outcome }) => [...(outcome?.served ?? [])]),
  ];
  return createConcealment(new Map(values)).commandLine(text);
}

/** Ctrl-C ends a run with its own code, however the tasks ended; else the first failure decides. */
function exitCode({ steps, firstFailure, stopped }: RunResult): number {
  if (stopped?.kind === 'signal') return INTERRUPTED;
  const failed = firstFailure === undefined ? undefined : steps[firstFailure];
  return failed?.kind === 'ran' ? endingExitCode(failed.outcome.ending) : 0;
}

/** 128 + SIGINT, whichever way the run was told to stop. */
const INTERRUPTED = 130;
