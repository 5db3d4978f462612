import { closeSync, constants, lstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFifos } from '../channel/fifo.js';
import type { OnOutput } from '../task-process.js';
import { OutputReader } from './output-reader.js';
import type { TaskEnds, TaskOutput } from './task-output.js';

/**
 * stdout and stderr apart, through two FIFOs, or together through one. Not Node's own pipes: those are sockets, which a task
 * cannot reopen (`echo x > /dev/stdout` fails on them). Chunks of the two come in the order they were
 * found to be there; what was written to both within one look has no order any more.
 */
export class PipeOutput implements TaskOutput {
  readonly launcherOptions: readonly string[];
  readonly #paths: { readonly out: string; readonly err: string };
  readonly #ends: { readonly out: number; readonly err?: number };
  #readers: readonly OutputReader[] = [];

  /**
   * Makes the FIFOs `out` and, unless `together`, `err` in `directory`, unless they are there
   * already, and opens them for reading. Rejects with a system error when that fails.
   */
  static async open(directory: string, together = false): Promise<PipeOutput> {
    const out = join(directory, 'out');
    const paths = { out, err: together ? out : join(directory, 'err') };
    await makeFifos([...new Set([paths.out, paths.err])].filter((path) => !isFifo(path)));
    const outEnd = openReadEnd(paths.out);
    if (together) return new PipeOutput(paths, { out: outEnd });
    try {
      return new PipeOutput(paths, { out: outEnd, err: openReadEnd(paths.err) });
    } catch (error) {
      closeSync(outEnd);
      throw error;
    }
  }

  private constructor(paths: { out: string; err: string }, ends: { out: number; err?: number }) {
    this.#paths = paths;
    this.#ends = ends;
    this.launcherOptions = ['--stdout', paths.out, '--stderr', paths.err];
  }

  openTaskEnds(): TaskEnds {
    const stdout = openSync(this.#paths.out, constants.O_WRONLY);
    const stderr = openSync(this.#paths.err, constants.O_WRONLY);
    return {
      stdout,
      stderr,
      close() {
        closeSync(stdout);
        closeSync(stderr);
      },
    };
  }

  start(onOutput: OnOutput): void {
    const { out, err } = this.#ends;
    this.#readers = [
      new OutputReader(out, 'stdout', onOutput),
      ...(err === undefined ? [] : [new OutputReader(err, 'stderr', onOutput)]),
    ];
  }

  async drain(limit: number): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.drain(limit)));
  }

  async awaitWriters(milliseconds: number): Promise<void> {
    const closed = Promise.all(this.#readers.map((reader) => reader.closed));
    const waiting = new AbortController();
    const options = { signal: waiting.signal };
    await Promise.race([closed, delay(milliseconds, undefined, options).catch(() => undefined)]);
    waiting.abort();
  }

  resize(): void {
    // Pipes have no size.
  }

  async finish(limit: number): Promise<void> {
    await this.drain(limit);
    for (const reader of this.#readers) reader.close();
    await Promise.all(this.#readers.map((reader) => reader.closed));
  }
}

function isFifo(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

/** Non-blocking, so that opening does not wait for the task and a read never stops vt. */
function openReadEnd(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}
