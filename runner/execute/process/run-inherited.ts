import { spawn } from 'node:child_process';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Ending, StoppableTask } from '../task-process.js';
import { deferred } from './deferred.js';
import type { Launch } from './launch.js';
import { exactEnvironment, launchTracked } from './launch-tracked.js';
import { ownGroup } from './process-group.js';
import { sendSignal, signalDescendants } from './process-tree.js';
import { maskedStdio } from './pseudo-terminal.js';
import { startFailure } from './start-failure.js';

/** What to run without capturing or tracking it. */
export interface InheritedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** A command that shares vt's terminal and process group, as if the shell had started it. */
export interface InheritedTask extends StoppableTask {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
}

/**
 * Runs a command with vt's own stdin, stdout and stderr: the way of everything that is not cached.
 *
 * @param launcher path of the native launcher, which keeps all processes of the command together, so
 *   that none can get away from being stopped. Without it only the main process is sent signals.
 */
export function runInherited(command: InheritedCommand, launcher?: string): InheritedTask {
  return launcher === undefined ? runBare(command) : runKeptTogether(command, launcher);
}

function runKeptTogether(command: InheritedCommand, launcher: string): InheritedTask {
  const ended = deferred<Ending>();
  let pid: number | undefined;
  let launch: Launch | undefined;
  /** What was to be sent before there was anybody to get it. */
  const early: (() => void)[] = [];
  try {
    launch = launchTracked(
      { ...command, channel: undefined },
      // What it leaves behind is its own affair, and nothing to wait for.
      { launcher, grace: 0 },
      undefined,
      {
        started: (main) => {
          pid = main;
          for (const send of early.splice(0)) send();
        },
        ended: ended.resolve,
        settled: () => {
          launch?.release();
        },
      },
    );
  } catch (error) {
    ended.resolve(startFailure(error, command));
  }
  const send = (signal: NodeJS.Signals, only?: (group: number) => boolean): void => {
    const supervisor = launch?.supervisor;
    if (supervisor === undefined || launch?.isGone !== false) return;
    const now = (): void => {
      signalDescendants(supervisor, signal, only);
    };
    if (pid === undefined) early.push(now);
    else now();
  };
  return {
    get pid() {
      return pid;
    },
    sharesGroup: true,
    get isGone() {
      return launch?.isGone ?? true;
    },
    signal: (signal) => {
      const group = ownGroup();
      send(signal, (other) => other === group);
    },
    signalAll: send,
    ended: ended.promise,
  };
}

function runBare(command: InheritedCommand): InheritedTask {
  const [program, ...args] = command.argv;
  const ended = deferred<Ending>();
  let pid: number | undefined;
  let isOver = false;
  const end = (ending: Ending) => {
    isOver = true;
    ended.resolve(ending);
  };
  try {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: exactEnvironment(command.env),
      stdio: maskedStdio(['inherit', 'inherit', 'inherit']),
    });
    pid = child.pid;
    child.on('error', (error) => {
      if (pid !== undefined) return; // a signal could not be sent: nothing about the start
      try {
        end(startFailure(error, command));
      } catch (bug) {
        ended.reject(bug);
      }
    });
    child.on('exit', (code, signal) => {
      end(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal });
    });
  } catch (error) {
    end(startFailure(error, command));
  }
  const send = (signal: NodeJS.Signals): void => {
    if (pid !== undefined && !isOver) sendSignal(pid, signal);
  };
  return {
    get pid() {
      return pid;
    },
    sharesGroup: true,
    get isGone() {
      return isOver;
    },
    signal: send,
    signalAll: send,
    ended: ended.promise,
  };
}
