import { spawn } from 'node:child_process';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Ending } from '../task-process.js';
import { deferred } from './deferred.js';
import { exactEnvironment } from './launch-tracked.js';
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
export interface InheritedTask {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /**
   * Sends to the command's main process alone. Signals of the terminal reach it by themselves,
   * because it is in vt's process group: do not forward those.
   */
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the main process has ended. */
  readonly ended: Promise<Ending>;
}

/** Runs a command with vt's own stdin, stdout and stderr: the way of everything that is not cached. */
export function runInherited(command: InheritedCommand): InheritedTask {
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
  return {
    get pid() {
      return pid;
    },
    signal(signal) {
      if (pid === undefined || isOver) return;
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
    ended: ended.promise,
  };
}
