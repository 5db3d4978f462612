import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Ending, TaskCommand } from '../task-process.js';
import { parseControlMessage } from './control-message.js';
import type { Aftermath, Launch, LaunchEvents } from './launch.js';
import { maskedStdio } from './pseudo-terminal.js';
import { signalName } from './signal-names.js';
import { startFailure } from './start-failure.js';

/**
 * Descriptor of the launcher's control messages. High, so that a task that inherits vt's streams can
 * have all other descriptors that vt was given, too (a make's job server, say).
 */
const CONTROL = 60;

/** The native launcher and what it should do. */
export interface Launcher {
  /** Path of vt-launch. */
  readonly launcher: string;
  /** Path of the shared object that speeds tracking up. */
  readonly shim?: string;
  /** File to create for the trace; without it nothing is tracked. */
  readonly trace?: string;
  /** Physical; of files below it the trace keeps what they hold before the task changes them. */
  readonly root?: string;
  /** milliseconds the task's other processes may outlive its main process; default: the launcher's */
  readonly grace?: number;
}

/**
 * Starts a task under the native launcher, which tracks it and reports on it. Throws what `spawn`
 * throws. `outputOptions` tell the launcher where the task's output goes; undefined: it has vt's own
 * streams, and stays in vt's process group.
 */
export function launchTracked(
  command: Pick<TaskCommand, 'argv' | 'cwd' | 'env' | 'channel'>,
  { launcher, shim, trace, root, grace }: Launcher,
  outputOptions: readonly string[] | undefined,
  events: LaunchEvents,
): Launch {
  const options = [
    ...['--control', String(CONTROL)],
    ...(trace === undefined ? ['--no-track'] : ['--trace', trace]),
    ...(shim === undefined ? [] : ['--shim', shim]),
    ...(outputOptions ?? []),
    ...(command.channel === undefined ? [] : ['--channel', command.channel]),
    ...(root === undefined ? [] : ['--root', root]),
    ...(grace === undefined ? [] : ['--grace', String(grace)]),
  ];
  const child = spawn(launcher, [...options, '--', ...command.argv], {
    cwd: command.cwd,
    env: exactEnvironment(command.env),
    // No stream of vt's own unless the task is to have them: the supervisor may outlive vt, and
    // whoever waits for the end of vt's output must not wait for it.
    stdio: maskedStdio([
      ...new Array<'ignore' | 'inherit'>(3).fill(
        outputOptions === undefined ? 'inherit' : 'ignore',
      ),
      ...new Array<'ignore'>(CONTROL - 3).fill('ignore'),
      'pipe',
    ]),
  });
  let hasEnded = child.pid === undefined;
  child.on('exit', () => {
    hasEnded = true;
  });
  const control = (child.stdio as readonly unknown[])[CONTROL] as Readable;
  const conversation = new Conversation(child, control, command, events);
  return {
    get supervisor() {
      return conversation.supervisor;
    },
    get isGone() {
      return hasEnded && control.destroyed;
    },
    release: () => {
      control.destroy();
      child.unref();
    },
  };
}

/** Node adds its coverage directory to any environment that does not name it. */
export function exactEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { NODE_V8_COVERAGE: undefined, ...env };
}

/** Follows the control messages of one launch and keeps the promises of {@link LaunchEvents}. */
class Conversation {
  readonly #events: LaunchEvents;
  /** Not the launcher itself, which only watches it, unless it had to take its place. */
  supervisor: number | undefined;
  #pid: number | undefined;
  #untracked: string | undefined;
  #hasEnded = false;
  #isSettled = false;

  constructor(
    child: ChildProcess,
    control: Readable,
    command: Pick<TaskCommand, 'argv' | 'cwd'>,
    events: LaunchEvents,
  ) {
    this.#events = events;
    child.on('error', (error) => {
      this.#end(startFailure(error, command));
      this.#settle({ kind: 'supervisor-lost', endedTask: false });
    });
    control.on('error', () => undefined); // the close that follows says all
    let rest = '';
    control.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    control.on('close', () => {
      this.#lose(child.spawnfile);
    });
  }

  #hear(line: string): void {
    const message = parseControlMessage(line);
    switch (message?.kind) {
      case 'supervisor':
        this.supervisor = message.pid;
        break;
      case 'started':
        this.#pid = message.pid;
        this.supervisor = message.supervisor;
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

  /** The launcher is gone, and so is its supervisor. If that was before their story was over, both were killed. */
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
