import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { TaskCommand } from '../task-process.js';
import type { Launch, LaunchEvents } from './launch.js';
import { exactEnvironment } from './launch-tracked.js';
import { maskedStdio } from './pseudo-terminal.js';
import { startFailure } from './start-failure.js';
import type { TaskEnds } from './task-output.js';

/**
 * Starts a task without the native launcher, where that is not available: in a session of its own
 * but without a controlling terminal, and nobody watches what its main process leaves behind.
 * Takes over `ends` and closes them. Throws what `spawn` throws.
 */
export function launchDirectly(command: TaskCommand, ends: TaskEnds, events: LaunchEvents): Launch {
  const channel = command.channel === undefined ? undefined : openChannel(command.channel);
  const [program, ...args] = command.argv;
  try {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: exactEnvironment(command.env),
      stdio: maskedStdio(['ignore', ends.stdout, ends.stderr, channel ?? 'ignore']),
      detached: true,
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return; // a signal could not be sent: nothing about the start
      events.ended(startFailure(error, command));
      events.settled({ kind: 'unwatched' });
    });
    child.on('exit', (code, signal) => {
      events.ended(
        signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal },
      );
      events.settled({ kind: 'unwatched' });
    });
    if (child.pid !== undefined) events.started(child.pid);
    return {
      supervisor: undefined,
      get isGone() {
        return child.pid === undefined || !hasMembers(child.pid);
      },
      release: () => {
        child.unref();
      },
    };
  } finally {
    ends.close();
    if (channel !== undefined) closeSync(channel);
  }
}

/**
 * The write end of the channel, blocking as tasks expect it. Undefined when nobody reads it: a
 * blocking open would then wait for ever.
 */
function openChannel(path: string): number | undefined {
  let probe: number;
  try {
    probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
  const fd = openSync(path, constants.O_WRONLY);
  closeSync(probe);
  return fd;
}

/** Whether a process is left in a group, even one that has ended and whose parent has not seen it. */
function hasMembers(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
