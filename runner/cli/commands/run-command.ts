import type { ConfigProblem } from '../../config/config-problem.js';
import { runPlan } from '../../execute/schedule/run-plan.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import { hasSucceeded } from '../../execute/outcome.js';
import { endingExitCode } from '../../execute/process/ending-exit-code.js';
import { isNestedRun } from '../../plan/nested-run.js';
import { planRun } from '../../plan/plan-run.js';
import { createRunLog, usualLogMode } from '../../report/log/run-log.js';
import { detailsOf, runDetails } from '../../report/run-details.js';
import type { RunDetail } from '../../report/run-details.js';
import { runSummary } from '../../report/run-summary.js';
import type { RunTotals } from '../../report/run-summary.js';
import type { Plan } from '../../plan/plan.js';
import { createConcealment } from '../../plan/secrets/concealment.js';
import { cacheDirectory } from '../../workspace/cache-directory.js';
import { limitsOf } from '../../workspace/cache-limits.js';
import { locate } from '../../workspace/find-workspace.js';
import { leafCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { UsageError } from '../flags/parse-flags.js';
import { keepLastDetails, readLastDetails } from '../last-details.js';
import { reportProblems } from '../report-problems.js';
import { verboseDetails } from '../verbose-details.js';
import type { CommandContext, Exit } from '../services.js';
import {
  logMode,
  parseRunFlags,
  readNestedRun,
  runFlags,
  runName,
  runRequest,
} from './run-flags.js';

const help: CommandHelp = {
  name: runName,
  description: 'run a task of vite-task.json, or a script of package.json',
  usage: '[flags] <task> [args…]',
  about: [
    'Runs the task of the nearest package, or of `package#task`, after the tasks it\ndepends on. Everything after the task name goes to the task. `a && b` runs, and is\ncached, as two commands; `vt run` in a command becomes part of the plan.',
    'Tasks of vite-task.json are cached, scripts of package.json only with --cache or\nwith `"cache": { "scripts": true }` in vite-task.json.',
  ],
  examples: [
    ['vt run build', 'the task `build`'],
    ['vt run test --watch src', '`--watch src` goes to the task'],
    ['vt run --cache lint', 'a script, cached for once'],
    ['vt run -r build', 'in all packages, each after those it needs'],
    ["vt run -F 'app...' build", 'in `app` and all that it needs'],
  ],
  flags: runFlags,
};

/** `vt run`. */
export function runCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, run);
}

async function run(argv: readonly string[], { io, services }: CommandContext): Promise<Exit> {
  const given = parseRunFlags(argv);
  const problems: ConfigProblem[] = [];
  const location = locate(io.cwd, problems);
  // A package.json that cannot be read may be the workspace's: its files would go unseen.
  if (problems.length > 0) {
    reportProblems(problems, io);
    return { kind: 'code', code: 1 };
  }
  const directory = cacheDirectory(location.workspace.root, io.env.VT_CACHE_DIR);
  if (given.has('last-details')) {
    io.stdout.write(
      readLastDetails(directory) ??
        'No previous run summary found. Run a task first to generate a summary.\n',
    );
    return { kind: 'code', code: 0 };
  }
  // Kept apart also when they end up in one file: results do not depend on who ran the task.
  const capture = io.capture === 'terminal' ? 'terminal' : 'pipes';
  const request = runRequest(given, io.env);
  if (request === undefined) {
    const argument = 'the name of a task';
    throw new UsageError({ kind: 'missing-argument', argument, command: runName });
  }
  const context = { location, env: io.env, capture, readRun: readNestedRun } as const;
  const outcome = await planRun(request, context);
  if (outcome.kind === 'refused') {
    reportProblems(outcome.problems, io);
    return { kind: 'code', code: 1 };
  }
  reportProblems(outcome.warnings, io);
  const { plan } = outcome;
  const mode = logMode(given) ?? usualLogMode(io.env);
  const log = createRunLog(mode, { ...io, plan });
  const { limits, problems: badLimits } = limitsOf(io.env);
  reportProblems(badLimits, io);
  const executor = services.createExecutor({
    cacheDirectory: directory,
    limits,
    warn: (message) => {
      log.warned(message);
    },
  });
  try {
    const result = await runPlan(plan, executor, log, {
      policy: 'stop',
      inherit: mode === 'interleaved' ? 'alone' : 'never',
      keepGoing: request.keepGoing,
    });
    const details = detailsOf(plan, result);
    const text = runDetails(details);
    // Within a tracked task the file would become one of its outputs.
    if (!isNestedRun(io.env)) keepLastDetails(directory, concealed(text, plan, details));
    const told = given.has('verbose')
      ? `\n---\n${await verboseDetails(details, given.count('verbose'), directory)}`
      : '';
    io.stdout.write(told + runSummary(totals(details)));
    return { kind: 'code', code: exitCode(result) };
  } finally {
    await executor.close();
  }
}

/** Without values of variables: the text goes to the disk. */
function concealed(text: string, plan: Plan, details: readonly RunDetail[]): string {
  const values = [
    ...plan.steps.flatMap(({ planned }) => [...(planned?.confidential ?? [])]),
    ...details.flatMap(({ outcome }) => [...(outcome?.served ?? [])]),
  ];
  return createConcealment(new Map(values)).commandLine(text);
}

function totals(details: readonly RunDetail[]): RunTotals {
  const outcomes = details.flatMap(({ outcome }) => outcome ?? []);
  return {
    planned: details.length,
    hits: outcomes.filter((outcome) => outcome.status.kind === 'hit').length,
    succeeded: outcomes.filter(hasSucceeded).length,
    saved: outcomes.reduce((sum, outcome) => sum + outcome.saved, 0),
  };
}

/** Ctrl-C ends a run with its own code, however the tasks ended; else the first failure decides. */
function exitCode({ steps, firstFailure, stopped }: RunResult): number {
  if (stopped?.kind === 'signal') return INTERRUPTED;
  const failed = firstFailure === undefined ? undefined : steps[firstFailure];
  return failed?.kind === 'ran' ? endingExitCode(failed.outcome.ending) : 0;
}

/** 128 + SIGINT, whichever way the run was told to stop. */
const INTERRUPTED = 130;
