import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { OnOutput } from '../task-process.js';
import { OutputReader } from './output-reader.js';
import type { PseudoTerminal } from './pseudo-terminal.js';
import { openPseudoTerminal } from './pseudo-terminal.js';
import type { TaskEnds, TaskOutput } from './task-output.js';
import { DRAIN_LIMIT } from './task-output.js';

/** milliseconds */
const ASKING_INTERVAL = 5;

/**
 * One pseudo-terminal for stdout and stderr.
 *
 * Its task side is held open here until the very end: while it is held, the master never hangs up,
 * so no read can take a hang-up for the end and leave bytes behind.
 */
export class TerminalOutput implements TaskOutput {
  readonly launcherOptions: readonly string[];
  readonly #terminal: PseudoTerminal;
  #reader: OutputReader | undefined;
  #isHeld = true;

  /** Undefined where no pseudo-terminal can be had. */
  static async open(columns: number, rows: number): Promise<TerminalOutput | undefined> {
    const terminal = await openPseudoTerminal(columns, rows);
    return terminal && new TerminalOutput(terminal);
  }

  private constructor(terminal: PseudoTerminal) {
    this.#terminal = terminal;
    this.launcherOptions = ['--terminal', terminal.path];
  }

  openTaskEnds(): TaskEnds {
    const fd = openSync(this.#terminal.path, constants.O_RDWR | constants.O_NOCTTY);
    return {
      stdout: fd,
      stderr: fd,
      close: () => {
        closeSync(fd);
      },
    };
  }

  start(onOutput: OnOutput): void {
    const reader = new OutputReader(this.#terminal.master, 'terminal', onOutput);
    this.#reader = reader;
    void reader.closed.then(() => this.#terminal.forget());
  }

  async drain(limit: number): Promise<void> {
    await this.#reader?.drain(limit);
  }

  async awaitWriters(milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds;
    await this.drain(DRAIN_LIMIT);
    // Without the hold the terminal hangs up with its last writer. Asking by and by is the lossless
    // way to see it: Node takes the first short read after a hang-up for the end.
    this.#letGo();
    while ((await this.#reader?.drain(DRAIN_LIMIT, true)) !== 'end') {
      if (performance.now() >= deadline) return;
      await delay(ASKING_INTERVAL);
    }
  }

  resize(columns: number, rows: number): void {
    if (this.#reader?.isOpen ?? true) this.#terminal.resize(columns, rows);
  }

  async finish(limit: number): Promise<void> {
    // Empties the terminal: the kernel moves everything written to the reading side before it
    // answers EAGAIN, so nothing can be left but what a process writes from now on.
    await this.drain(limit);
    this.#letGo();
    this.#reader?.close();
    await this.#reader?.closed;
  }

  #letGo(): void {
    if (this.#isHeld) closeSync(this.#terminal.hold);
    this.#isHeld = false;
  }
}
