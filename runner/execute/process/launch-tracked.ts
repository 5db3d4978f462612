import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Ending, TaskCommand } from '../task-process.js';
import { parseControlMessage } from './control-message.js';
import type { Aftermath, LaunchEvents, Release } from './launch.js';
import { maskedStdio } from './pseudo-terminal.js';
import { signalName } from './signal-names.js';
import { startFailure } from './start-failure.js';

/** Descriptor of the launcher's control messages. */
const CONTROL = 3;

/** The native launcher and what it should do. */
export interface Launcher {
  /** Path of vt-launch. */
  readonly launcher: string;
  /** Path of the shared object that speeds tracking up. */
  readonly shim?: string;
  /** File to create for the trace. */
  readonly trace: string;
  /** Physical; of files below it the trace keeps what they hold before the task changes them. */
  readonly root?: string;
  /** milliseconds the task's other processes may outlive its main process; default: the launcher's */
  readonly grace?: number;
}

/**
 * Starts a task under the native launcher, which tracks it and reports on it. Throws what `spawn`
 * throws. `outputOptions` tell the launcher where the task's output goes.
 */
export function launchTracked(
  command: TaskCommand,
  { launcher, shim, trace, root, grace }: Launcher,
  outputOptions: readonly string[],
  events: LaunchEvents,
): Release {
  const options = [
    ...['--control', String(CONTROL), '--trace', trace],
    ...(shim === undefined ? [] : ['--shim', shim]),
    ...outputOptions,
    ...['--channel', command.channel],
    ...(root === undefined ? [] : ['--root', root]),
    ...(grace === undefined ? [] : ['--grace', String(grace)]),
  ];
  const child = spawn(launcher, [...options, '--', ...command.argv], {
    cwd: command.cwd,
    env: exactEnvironment(command.env),
    // No stream of vt's own: the supervisor may outlive vt, and whoever waits for the end of vt's
    // output must not wait for it.
    stdio: maskedStdio(['ignore', 'ignore', 'ignore', 'pipe']),
  });
  const control = child.stdio[CONTROL] as Readable;
  new Conversation(child, control, command, events);
  return () => {
    control.destroy();
    child.unref();
  };
}

/** Node adds its coverage directory to any environment that does not name it. */
export function exactEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { NODE_V8_COVERAGE: undefined, ...env };
}

/** Follows the control messages of one launch and keeps the promises of {@link LaunchEvents}. */
class Conversation {
  readonly #events: LaunchEvents;
  #pid: number | undefined;
  #untracked: string | undefined;
  #hasEnded = false;
  #isSettled = false;

  constructor(child: ChildProcess, control: Readable, command: TaskCommand, events: LaunchEvents) {
    this.#events = events;
    child.on('error', (error) => {
      this.#end(startFailure(error, command));
      this.#settle({ kind: 'supervisor-lost', endedTask: false });
    });
    control.on('error', () => undefined); // the close that follows says all
    const lines = createInterface({ input: control });
    lines.on('line', (line) => {
      this.#hear(line);
    });
    lines.on('close', () => {
      this.#lose(child.spawnfile);
    });
  }

  #hear(line: string): void {
    const message = parseControlMessage(line);
    switch (message?.kind) {
      case 'started':
        this.#pid = message.pid;
        this.#events.started(message.pid);
        break;
      case 'not-started':
        this.#end(message);
        this.#settle({ kind: 'quiet' });
        break;
      case 'untracked':
        this.#untracked = message.reason;
        break;
      case 'exited':
        this.#end(message);
        break;
      case 'killed':
        this.#end({ kind: 'killed', signal: signalName(message.signal) });
        break;
      case 'quiet':
      case 'survivors':
        this.#settle(message);
        break;
      case undefined:
        // A word from a newer launcher; were it one of the above, the end would still be noticed.
        break;
    }
  }

  /** The launcher is gone. If that was before its story was over, it was killed. */
  #lose(launcher: string): void {
    const endedTask = this.#pid !== undefined && !this.#hasEnded;
    if (this.#pid === undefined) {
      this.#end({ kind: 'not-started', errno: 'ECHILD', path: launcher });
    } else if (endedTask) {
      // Without its supervisor every file operation of the task fails, and nobody can learn how it
      // ends: put an end to it rather than let it do half of its work.
      killQuietly(this.#pid);
      this.#end({ kind: 'killed', signal: 'SIGKILL' });
    }
    this.#settle({ kind: 'supervisor-lost', endedTask });
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.ended(ending);
  }

  #settle(aftermath: Aftermath): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#events.settled(aftermath, this.#untracked);
  }
}

function killQuietly(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
}
