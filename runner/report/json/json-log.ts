import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import type { OutputStream } from '../output.js';
import { OutputJson } from './output-json.js';
import { beganJson, endedJson, neverRunJson } from './run-json.js';
import type { JsonEvent } from './run-json.js';

/** `--json`: every event is a line of JSON, with the milliseconds since the first one. */
export class JsonLog implements RunEvents {
  readonly #stdout: OutputStream;
  readonly #now: () => number;
  readonly #start: number;
  readonly #outputs = new Map<StepIndex, OutputJson>();

  /** `now` in milliseconds, from any beginning. */
  constructor(stdout: OutputStream, now = (): number => performance.now()) {
    this.#stdout = stdout;
    this.#now = now;
    this.#start = now();
  }

  /** Writes one line; the answer is that of OutputStream.send. */
  say({ event, ...fields }: JsonEvent): ReturnType<OutputStream['send']> {
    const at = Math.round(this.#now() - this.#start);
    return this.#stdout.send(Buffer.from(`${JSON.stringify({ event, at, ...fields })}\n`));
  }

  running(): void {
    // Those that began and have not ended.
  }

  began(step: StepIndex, { status }: Parameters<RunEvents['began']>[1]): void {
    this.#outputs.set(step, new OutputJson(step));
    void this.say(beganJson(step, status));
  }

  wrote(step: StepIndex, chunk: Parameters<RunEvents['wrote']>[1]): ReturnType<RunEvents['wrote']> {
    const line = this.#outputs.get(step)?.push(chunk);
    return line && this.say(line);
  }

  async flushed(): Promise<void> {
    await this.#stdout.flushed();
  }

  ended(step: StepIndex, outcome: Parameters<RunEvents['ended']>[1]): void {
    for (const line of this.#outputs.get(step)?.end() ?? []) void this.say(line);
    this.#outputs.delete(step);
    void this.say(endedJson(step, outcome));
  }

  neverRun(step: StepIndex, why: Parameters<RunEvents['neverRun']>[1]): void {
    void this.say(neverRunJson(step, why));
  }

  warned(message: string): void {
    void this.say({ event: 'warned', message });
  }
}
