import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { Fact } from '../../execute/watch/fact.js';
import { WatchLimitReached } from '../../execute/watch/directory-watch.js';
import { watchPlan } from '../../execute/watch/watch-plan.js';
import type { WatchEvents } from '../../execute/watch/watch-plan.js';
import type { Plan, PlanOutcome } from '../../plan/plan.js';
import { listTasks } from '../../plan/run/list-tasks.js';
import { createRunLog } from '../../report/log/run-log.js';
import type { LogMode } from '../../report/log/run-log.js';
import { changedText, reconfiguredText, unsureText, waitingText } from '../../report/watch-text.js';
import { limitsOf } from '../../workspace/cache-limits.js';
import type { Location } from '../../workspace/find-workspace.js';
import { UsageError } from '../flags/parse-flags.js';
import { reportProblems } from '../report-problems.js';
import type { CommandContext, Exit } from '../services.js';
import { withExplainer } from '../with-explainer.js';

/** How a plan is watched and shown. */
export interface WatchManner {
  readonly log: LogMode;
  readonly location: Location;
  readonly cacheDirectory: AbsolutePath;
}

/** 128 + SIGINT: nothing else ends it. */
const INTERRUPTED = 130;

const nothing: Omit<Plan, 'workspaceRoot'> = { steps: [], tasks: [], pools: [] };

/**
 * Runs what is planned, and again what changes concern, until vt is told to end. A changed configuration is
 * planned anew; while it has mistakes, nothing is run.
 */
export async function watchRun(
  makePlan: () => Promise<PlanOutcome>,
  manner: WatchManner,
  command: CommandContext,
): Promise<Exit> {
  const { io } = command;
  const root = manner.location.workspace.root;
  for (;;) {
    const configuration = await configurationOf(manner.location);
    const outcome = await makePlan();
    reportProblems(outcome.kind === 'refused' ? outcome.problems : outcome.warnings, io);
    const plan = outcome.kind === 'refused' ? { ...nothing, workspaceRoot: root } : outcome.plan;
    try {
      const end = await watch(plan, configuration, manner, command);
      if (end === 'told-to-end') return { kind: 'code', code: INTERRUPTED };
    } catch (error) {
      if (!(error instanceof WatchLimitReached)) throw error;
      const { directories, errno } = error;
      throw new UsageError({ kind: 'watch-limit', directories, errno });
    }
    io.stderr.write(reconfiguredText());
  }
}

async function watch(
  plan: Plan,
  configuration: readonly Fact[],
  { log: mode, cacheDirectory }: WatchManner,
  { io, services }: CommandContext,
): Promise<'configuration-changed' | 'told-to-end'> {
  const log = createRunLog(mode, { ...io, plan });
  const nameOf = (step: number): string => plan.tasks[plan.steps[step]?.task ?? -1]?.name ?? '';
  const say = (text: string): void => {
    io.stderr.write(text);
  };
  const warn = (message: string): void => {
    log.warned(message);
  };
  const events: WatchEvents = {
    running: (steps) => {
      log.running(steps);
    },
    began: (step, beginning) => {
      log.began(step, beginning);
    },
    wrote: (step, chunk) => log.wrote(step, chunk),
    flushed: (step) => log.flushed(step),
    ended: (step, outcome) => log.ended(step, outcome),
    neverRun: (step, why) => {
      log.neverRun(step, why);
    },
    warned: (message) => {
      warn(message);
    },
    changed: (step, change) => {
      say(changedText(nameOf(step), change));
    },
    waiting: (running) => {
      say(waitingText([...new Set(running.map(nameOf))]));
    },
    unsure: (step, why) => {
      say(unsureText(nameOf(step), why));
    },
  };
  const { limits, problems } = limitsOf(io.env);
  reportProblems(problems, io);
  const executor = services.createExecutor({ cacheDirectory, limits, warn });
  try {
    return await watchPlan(plan, executor, events, {
      configuration,
      loadResult: (entry) =>
        withExplainer(cacheDirectory, io, async (explainer) => explainer?.result(entry)),
    });
  } finally {
    await executor.close();
  }
}

/** What a plan is made from: the files of all packages, and where packages may appear. */
async function configurationOf(location: Location): Promise<readonly Fact[]> {
  const { packages } = await listTasks(location);
  const files = ['pnpm-workspace.yaml'];
  const directories = new Set<string>();
  for (const { path } of packages) {
    const below = path === '' ? '' : `${path}/`;
    files.push(`${below}package.json`, `${below}vite-task.json`);
    // A new package is a new name beside the others.
    if (path !== '') directories.add(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
  }
  directories.delete('');
  return [
    ...files.map((path) => ({ kind: 'content', path: path as WorkspacePath }) as const),
    ...[...directories].map((path) => ({ kind: 'listing', path: path as WorkspacePath }) as const),
  ];
}
