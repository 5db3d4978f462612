import { dirname } from 'node:path';
import type { Found } from '../../../cache/attempt.js';
import { cacheLayout, ownDirectories } from '../../../cache/cache-directory.js';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { BegunRun, Cache, FinishedRun, StoreOutcome } from '../../../cache/stored-run.js';
import type { World } from '../../../cache/world.js';
import type { CachePolicy, Execution } from '../../plan/execution.js';
import type { PlannedExecution } from '../../plan/plan.js';
import { concealmentOf } from '../../plan/secrets/concealment.js';
import { typedAssignments } from '../../plan/secrets/typed-assignments.js';
import type { ConfidentialValues } from '../../plan/secrets/confidential-values.js';
import type { TaskTrace } from '../../tracker/task-trace.js';
import type { ChannelRecord } from '../channel/channel-record.js';
import { deriveRun } from '../derive/derive-run.js';
import type { Derived } from '../derive/derive-run.js';
import { observeRun } from '../derive/observe-run.js';
import { below } from '../derive/workspace-accesses.js';
import { viewWorkspace } from '../derive/workspace-view.js';
import type { CacheStatus, ExecutionEvents, NotCached, Outcome } from '../outcome.js';
import type { Stopping } from '../schedule/stopping.js';
import { OutputRecorder } from '../process/output-recorder.js';
import { recordOutput } from '../process/record-output.js';
import { runInherited } from '../process/run-inherited.js';
import { startTask } from '../process/start-task.js';
import type { TaskTracker } from '../process/start-task.js';
import type { Ending } from '../task-process.js';
import { attendTask } from './attend-task.js';
import { lookWhileRunning } from './look-while-running.js';
import { noteAttempt } from './note-attempt.js';
import { openRunEnvironment } from './run-environment.js';
import type { RunEnvironment } from './run-environment.js';
import { transparentEnv } from './transparent-env.js';
import { followWindowSize, taskOutput } from './window-size.js';
import type { WindowStream } from './window-size.js';

/** What runs have in common, from the entry file. */
export interface RunContext {
  /** Its size is that of the terminals of tasks. */
  readonly window: WindowStream;
  /** Absolute path of the CommonJS client that tools load by themselves. */
  readonly nodeClient: string;
  /** How to track; given the physical root of the workspace. */
  readonly tracker: (root: AbsolutePath) => TaskTracker | undefined;
  /** Directory of the cache, never an input nor an output; also where the clock is read. */
  readonly cacheDirectory: AbsolutePath;
  readonly stampDirectory: () => string;
}

/** A run that no stored result could spare. */
export interface MissedRun {
  readonly planned: PlannedExecution;
  readonly policy: CachePolicy;
  readonly cache: Cache;
  readonly world: World;
  readonly status: CacheStatus;
  /** What the lookup found, for explanations. */
  readonly found: Found;
  /** performance.now() when the work on this execution began */
  readonly start: number;
  readonly stopping: Stopping;
  readonly events: ExecutionEvents;
}

/** Runs the task under observation and stores the result if everything it depends on is known. */
export async function runTracked(run: MissedRun, context: RunContext): Promise<Outcome> {
  const outcome = await runAndStore(run, context);
  if (outcome.entry === undefined) await noteAttempt(run, outcome);
  return outcome;
}

async function runAndStore(run: MissedRun, context: RunContext): Promise<Outcome> {
  let environment: RunEnvironment;
  try {
    environment = await openRunEnvironment({
      envSource: run.planned.envSource,
      nodeClient: context.nodeClient,
      workspaceRoot: run.planned.execution.workspaceRoot,
      stampDirectory: context.stampDirectory(),
    });
  } catch (error) {
    const detail = (error as Error).message;
    return runUnobserved(run, context, { kind: 'no-run-directory', detail });
  }
  try {
    return await runObserved(run, context, environment);
  } finally {
    await environment.close();
  }
}

async function runObserved(
  run: MissedRun,
  context: RunContext,
  environment: RunEnvironment,
): Promise<Outcome> {
  const { execution } = run.planned;
  const { events, stopping } = run;
  const { window } = context;
  events.decided({ status: run.status, inherits: false });
  const { include, exclude } = run.policy.input;
  const inputMatches = include.length > 0 ? await run.world.expandGlobs(include, exclude) : [];
  const begun = await run.cache.begin(execution.task, run.world);
  const recorder = new OutputRecorder();
  const began = performance.now();
  const tracker = context.tracker(execution.workspaceRoot);
  const asking = transparentEnv(
    execution,
    run.policy,
    run.planned.envSource,
    dirname(environment.channelPath),
    tracker,
  );
  const task = startTask(
    {
      argv: execution.argv,
      cwd: execution.cwd,
      env: { ...execution.env, ...environment.env, ...asking.env },
      output: taskOutput(execution, window),
      channel: environment.channelPath,
      runDirectory: environment.directory,
    },
    tracker,
    recordOutput(recorder, events.wrote),
  );
  // Started before this: it takes as long as a short task.
  setImmediate(() => void run.cache.prepare());
  const stopFollowing = followWindowSize(window, task);
  const looking = lookWhileRunning(environment.directory, tracker, (trace) =>
    observedFacts(run, context, environment, { trace, channel: environment.drain(), inputMatches }),
  );
  events.observing?.(looking.look);
  try {
    const { ending, stopped: told } = await attendTask(task, stopping);
    const taskDuration = performance.now() - began;
    const trace = await task.trace;
    const drained = environment.drain();
    const failures = [...drained.failures, ...(asking.failure ? [asking.failure] : [])];
    const channel = { ...drained, failures };
    await events.flushed();
    // Ctrl-C after its end: what it made is not what somebody wants who says stop.
    const stopped = told ?? (stopping.reason?.kind === 'signal' ? stopping.reason : undefined);
    const recording = recorder.finish();
    const outcome = {
      status: run.status,
      ending,
      saved: 0,
      ...(stopped !== undefined && { stopped }),
      served: servedTo(run.planned, channel),
    };
    let kept: Derived | undefined;
    const stored =
      !succeeded(ending) || stopped !== undefined
        ? endedByTracker(trace)
        : recording.kind === 'complete'
          ? await store(run, context, environment, {
              trace,
              channel,
              inputMatches,
              transcript: recording.chunks,
              duration: taskDuration,
              mainPid: task.pid,
              begun,
              derived: (derived) => (kept = derived),
            })
          : outputNotKept(recording);
    if (stored?.kind !== 'stored') {
      await run.cache.abandon(begun, writtenIn(trace, execution));
    }
    const observed =
      stored?.kind === 'stored'
        ? undefined
        : observeRun(
            observedFacts(run, context, environment, { trace, channel, inputMatches }),
            viewWorkspace(execution.workspaceRoot),
          );
    return {
      ...outcome,
      duration: performance.now() - run.start,
      ...(observed !== undefined && { observed }),
      ...(kept !== undefined && stored?.kind === 'stored' && { touched: touchedBy(kept) }),
      ...(stored?.kind === 'stored' && { entry: stored.entry }),
      ...(stored !== undefined && stored.kind !== 'stored' && { notCached: stored }),
    };
  } finally {
    looking.end();
    stopFollowing();
  }
}

function writtenIn({ accesses }: TaskTrace, { workspaceRoot }: Execution): WorkspacePath[] {
  return accesses.flatMap(({ path, written }) =>
    written === undefined ? [] : (below(workspaceRoot, path) ?? []),
  );
}

/** A task that was killed because its tracker was: nobody would know why it failed. */
function endedByTracker({ incomplete }: TaskTrace): NotCached | undefined {
  const killed = incomplete.filter(({ cause }) => cause === 'supervisor-killed');
  return killed.length === 0 ? undefined : { kind: 'tracking-incomplete', incomplete: killed };
}

interface Finished {
  readonly trace: TaskTrace;
  readonly channel: ChannelRecord;
  /** What the configured input globs matched before the task started. */
  readonly inputMatches: readonly WorkspacePath[];
  readonly transcript: FinishedRun['transcript'];
  readonly duration: number;
  readonly mainPid: number | undefined;
  readonly begun: BegunRun;
  /** Called with what the run depended on and made, if that is known. */
  readonly derived: (derived: Derived) => void;
}

/** Stores the run, or says why not. */
async function store(
  run: MissedRun,
  context: RunContext,
  environment: RunEnvironment,
  finished: Finished,
): Promise<StoreOutcome | NotCached> {
  const { planned, policy, cache, world, found } = run;
  const { startStamp } = environment;
  const { channel, transcript, duration, mainPid, begun } = finished;
  const { execution } = planned;
  const derived = deriveRun(
    {
      ...observedFacts(run, context, environment, finished),
      ...(mainPid !== undefined && { mainPid }),
      findProgram: (name) => world.findProgram(name),
    },
    viewWorkspace(execution.workspaceRoot),
  );
  if (derived.kind !== 'derived') return derived;
  finished.derived(derived);
  const concealment = concealmentOf(
    planned,
    new Map([
      ...derived.processes.flatMap(({ argv }) => typedAssignments(argv)),
      ...servedTo(planned, channel),
    ]),
  );
  return cache.store(
    {
      task: execution.task,
      key: policy.key,
      dependencies: derived.dependencies,
      outputs: derived.outputs,
      transcript,
      processes: derived.processes.map((process) => ({
        ...process,
        argv: concealment.arguments(process.argv),
      })),
      secrets: planned.secrets,
      withheld: derived.withheld ?? [],
      ignored: concealment.everywhere(derived.ignored ?? []),
      duration,
      startStamp,
      found,
    },
    world,
    begun,
  );
}

/** The files of a run that is stored: another one may make the cache forget it at once. */
function touchedBy({ dependencies, outputs }: Derived): NonNullable<Outcome['touched']> {
  return {
    content: dependencies.flatMap((found) => (found.kind === 'content' ? [found.path] : [])),
    written: outputs.map(({ path }) => path),
  };
}

function observedFacts(
  { planned, policy }: MissedRun,
  { cacheDirectory }: RunContext,
  { directory }: RunEnvironment,
  { trace, channel, inputMatches }: Pick<Finished, 'trace' | 'channel' | 'inputMatches'>,
) {
  return {
    trace,
    channel,
    policy,
    workspaceRoot: planned.execution.workspaceRoot,
    // Its directory may be in the workspace: that depends on TMPDIR.
    runnerDirectories: [...ownDirectories(cacheLayout(cacheDirectory)), directory as AbsolutePath],
    inputMatches,
  };
}

/** The task runs all the same, with its small environment but on vt's own streams. */
async function runUnobserved(
  { planned: { execution }, status, start, stopping, events }: MissedRun,
  { tracker }: RunContext,
  notCached: NotCached,
): Promise<Outcome> {
  events.decided({ status, inherits: true });
  const launcher =
    stopping.policy === 'stop' ? tracker(execution.workspaceRoot)?.launcher : undefined;
  const { ending, stopped } = await attendTask(runInherited(execution, launcher), stopping);
  const duration = performance.now() - start;
  return {
    status,
    ending,
    duration,
    saved: 0,
    ...(stopped !== undefined && { stopped }),
    notCached,
  };
}

function outputNotKept(
  recording: Exclude<ReturnType<OutputRecorder['finish']>, { kind: 'complete' }>,
): NotCached {
  return recording.kind === 'too-large'
    ? { kind: 'output-too-large', limit: recording.limit }
    : { kind: 'output-cut-short' };
}

function succeeded(ending: Ending): boolean {
  return ending.kind === 'exited' && ending.code === 0;
}

/** What tools asked for by themselves; not the defaults, which are in everything. */
function servedTo({ envSource }: PlannedExecution, { served }: ChannelRecord): ConfidentialValues {
  return new Map([...served].filter(([name]) => envSource.mayTrack(name)));
}
