import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../harness/workspace.js';
import type { Ended, Place } from './run-case.js';

/**
 * The unbundled `vt` as one process for many runs, one at a time (runner/cli/serve-runs.ts): starting
 * Node takes longer than all else in a small run.
 */
export class ServedVt {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  #answered: ((line: string) => void) | undefined;

  constructor() {
    const program = path.join(projectRoot, 'build/runner/cli/serve-runs.js');
    this.#child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface(this.#child.stdout!).on('line', (line) => this.#answered?.(line));
    this.#ended = once(this.#child, 'close').then(() => {
      throw new Error('the served vt has ended');
    });
    this.#ended.catch(() => {}); // as it should, in the end
  }

  async run(argv: readonly string[], place: Place): Promise<Ended> {
    const answer = new Promise<string>((resolve) => (this.#answered = resolve));
    this.#child.stdin!.write(`${JSON.stringify({ argv, ...place })}\n`);
    return JSON.parse(await Promise.race([answer, this.#ended])) as Ended;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin!.end();
    await ended;
  }
}
