import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Incompleteness, TaskTrace } from '../../tracker/task-trace.js';
import type { Ending, OnOutput, RunningTask, TaskCommand } from '../task-process.js';
import { deferred } from './deferred.js';
import type { Aftermath, Launch, LaunchEvents } from './launch.js';
import { launchDirectly } from './launch-directly.js';
import { launchTracked } from './launch-tracked.js';
import { PipeOutput } from './pipe-output.js';
import { interruptTerminal, signalTask } from './process-group.js';
import { signalDescendants } from './process-tree.js';
import { startFailure } from './start-failure.js';
import type { TaskOutput } from './task-output.js';
import { DRAIN_LIMIT } from './task-output.js';
import { TerminalOutput } from './terminal-output.js';

/** milliseconds the output of an unwatched task is read on while other processes hold it. */
const UNWATCHED_GRACE = 200;

/** The native part and how its trace is read. */
export interface TaskTracker {
  /** Path of vt-launch. */
  readonly launcher: string;
  /** Path of the shared object that speeds tracking up. */
  readonly shim?: string;
  /** Physical root of the workspace: see Launcher. */
  readonly root?: string;
  /** milliseconds the task's other processes may outlive its main process; default: the launcher's */
  readonly grace?: number;
  /**
   * Reads the trace when the task is over. `survivors` are the pids that outlived the grace period;
   * `untracked` is the launcher's word on why it could not track. Undefined: nothing is tracked, the
   * launcher only keeps the processes of the task together.
   */
  /** What the trace holds while the task is at work; undefined when it has not grown since `before`. */
  peek?(
    path: string,
    before: number,
  ): { readonly progress: number; readonly trace: TaskTrace } | undefined;
  readTrace?(path: string, survivors: readonly number[], untracked?: string): Promise<TaskTrace>;
}

/**
 * Starts a task. Without `tracker`, or when its launcher is missing, it runs all the same, and its
 * trace is incomplete. Where no pseudo-terminal can be had, pipes take its place.
 *
 * Once `trace` has resolved, nothing of the task keeps vt alive, whatever processes it left behind.
 */
export function startTask(
  command: TaskCommand,
  tracker: TaskTracker | undefined,
  onOutput: OnOutput,
): RunningTask {
  return new TaskProcess(command, tracker, onOutput);
}

class TaskProcess implements RunningTask {
  readonly ended: Promise<Ending>;
  readonly trace: Promise<TaskTrace>;
  readonly #command: TaskCommand;
  readonly #tracker: TaskTracker | undefined;
  #pid: number | undefined;
  #launch: Launch | undefined;
  #output: TaskOutput | undefined;
  #size: readonly [columns: number, rows: number] | undefined;
  #signals: NodeJS.Signals[] = [];
  #isOver = false;

  constructor(command: TaskCommand, tracker: TaskTracker | undefined, onOutput: OnOutput) {
    this.#command = command;
    this.#tracker = tracker && isExecutable(tracker.launcher) ? tracker : undefined;
    const ended = deferred<Ending>();
    this.ended = ended.promise;
    this.trace = this.#run(onOutput, ended.resolve);
    this.trace.catch(ended.reject);
    // Whoever awaits `trace` alone is told by it.
    this.ended.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  readonly sharesGroup = false;

  get isGone(): boolean {
    return this.#launch?.isGone ?? true;
  }

  signalAll(signal: NodeJS.Signals): void {
    const supervisor = this.#launch?.supervisor;
    if (this.#pid === undefined) {
      if (!this.#isOver) this.#signals.push(signal);
    } else if (supervisor === undefined) {
      signalTask(this.#pid, signal);
    } else if (!this.isGone) {
      signalDescendants(supervisor, signal);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isOver) return;
    if (this.#pid === undefined) this.#signals.push(signal);
    else this.#send(this.#pid, signal);
  }

  resize(columns: number, rows: number): void {
    this.#size = [columns, rows];
    this.#output?.resize(columns, rows);
  }

  async #run(onOutput: OnOutput, resolveEnded: (ending: Ending) => void): Promise<TaskTrace> {
    let output: TaskOutput;
    try {
      output = await this.#openOutput();
    } catch (error) {
      const { code: errno, path } = error as NodeJS.ErrnoException;
      if (errno === undefined) throw error;
      const place = path ?? this.#command.runDirectory;
      resolveEnded({ kind: 'not-started', errno, path: place });
      return this.#traceOf({ kind: 'unwatched' });
    }
    output.start(onOutput);
    const launched = this.#start(output);
    const ending = await launched.ended;
    await output.drain(DRAIN_LIMIT);
    resolveEnded(ending);
    const { aftermath, untracked } = await launched.settled;
    if (aftermath.kind === 'unwatched') await output.awaitWriters(UNWATCHED_GRACE);
    this.#isOver = true;
    await output.finish(aftermath.kind === 'quiet' ? Infinity : DRAIN_LIMIT);
    this.#launch?.release();
    return this.#traceOf(aftermath, untracked);
  }

  async #openOutput(): Promise<TaskOutput> {
    const { output, runDirectory } = this.#command;
    let opened: TaskOutput | undefined;
    if (typeof output !== 'string') {
      opened = await TerminalOutput.open(output.terminal.columns, output.terminal.rows);
    }
    opened ??= await PipeOutput.open(runDirectory, output === 'one-pipe');
    this.#output = opened;
    if (this.#size !== undefined) opened.resize(...this.#size);
    return opened;
  }

  #start(output: TaskOutput): Launched {
    const ended = deferred<Ending>();
    const settled = deferred<Settlement>();
    const events: LaunchEvents = {
      started: (pid) => {
        this.#pid = pid;
        for (const signal of this.#signals.splice(0)) this.#send(pid, signal);
      },
      ended: ended.resolve,
      settled: (aftermath, untracked) => {
        settled.resolve({ aftermath, untracked });
      },
    };
    const tracker = this.#tracker;
    try {
      if (tracker === undefined) {
        this.#launch = launchDirectly(this.#command, output.openTaskEnds(), events);
      } else {
        const trace = tracker.readTrace === undefined ? {} : { trace: this.#tracePath };
        const launcher = { ...tracker, ...trace };
        this.#launch = launchTracked(this.#command, launcher, output.launcherOptions, events);
      }
    } catch (error) {
      ended.resolve(startFailure(error, this.#command));
      settled.resolve({ aftermath: { kind: 'unwatched' }, untracked: undefined });
    }
    return { ended: ended.promise, settled: settled.promise };
  }

  get #tracePath(): string {
    return join(this.#command.runDirectory, 'trace');
  }

  #send(pid: number, signal: NodeJS.Signals): void {
    if (signal === 'SIGINT' && this.#output instanceof TerminalOutput) interruptTerminal(pid);
    else signalTask(pid, signal);
  }

  async #traceOf(aftermath: Aftermath, untracked?: string): Promise<TaskTrace> {
    const tracker = this.#tracker;
    const readTrace = tracker?.readTrace?.bind(tracker);
    if (this.#pid === undefined || readTrace === undefined || aftermath.kind === 'unwatched') {
      return { processes: [], accesses: [], incomplete: [{ cause: 'no-tracker' }] };
    }
    const main = { process: this.#command.argv, pid: this.#pid };
    if (aftermath.kind === 'supervisor-lost') {
      const cause = aftermath.endedTask ? 'supervisor-killed' : 'supervisor-lost';
      return { processes: [], accesses: [], incomplete: [{ cause, ...main }] };
    }
    const survivors = aftermath.kind === 'survivors' ? aftermath.pids : [];
    const trace = await readTrace(this.#tracePath, survivors, untracked);
    return { ...trace, incomplete: trace.incomplete.map((found) => concerning(main, found)) };
  }
}

/** What nobody in particular did is told of the task's main process. */
function concerning(main: Partial<Incompleteness>, found: Incompleteness): Incompleteness {
  const isKnown = found.process !== undefined || found.pid !== undefined;
  return isKnown || found.cause === 'no-tracker' ? found : { ...main, ...found };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Settlement {
  readonly aftermath: Aftermath;
  readonly untracked: string | undefined;
}

interface Launched {
  readonly ended: Promise<Ending>;
  readonly settled: Promise<Settlement>;
}
