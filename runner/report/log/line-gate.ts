import type { StepIndex } from '../../execute/schedule/run-events.js';
import type { OutputDemand } from '../../execute/task-process.js';
import type { OutputStream } from '../output.js';
import type { ShownBytes, Target } from './output-text.js';

/** Bytes of a line without end that are held back for a task; see {@link LineGate}. */
const LONGEST_HELD = 1024 * 1024;

const NEWLINE = 0x0a;

type Demand = OutputDemand | Promise<OutputDemand>;

/**
 * Lets the output of several tasks onto the same streams, byte for byte and without cutting a line of
 * one in the middle of another's. A task that is alone goes straight through. Of several, each has
 * the beginning of a line held back until the line has an end, or the task has. A line too long for
 * that is let through as it comes, and all others wait until it ends: their tasks are slowed down.
 */
export class LineGate {
  readonly #streams: Readonly<Record<Target, OutputStream>>;
  readonly #held = new Map<StepIndex, Record<Target, HeldLine>>();
  /** Of a step's output, whichever stream it went to. */
  readonly #lastByte = new Map<StepIndex, number>();
  #alone: StepIndex | undefined;
  /** The step in the middle of whose line the streams are. */
  #floor: { readonly step: StepIndex; readonly target: Target } | undefined;
  #waiting: (() => void)[] = [];

  constructor(streams: Readonly<Record<Target, OutputStream>>) {
    this.#streams = streams;
  }

  /** Says which step is the only one at work until it ends, if there is such a step. */
  setAlone(step: StepIndex | undefined): void {
    this.#alone = step;
    if (step !== undefined) this.#letOut(step);
  }

  /** Output of a task; the answer is that of OutputStream.send. */
  put(step: StepIndex, shown: ShownBytes): Demand {
    const { bytes, target } = shown;
    if (bytes.length === 0) return undefined;
    if (this.#isTaken(step, target)) return this.#later(() => this.put(step, shown));
    this.#lastByte.set(step, bytes.at(-1) ?? NEWLINE);
    const stream = this.#streams[target];
    if (this.#alone === step) return stream.send(bytes);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const held = this.#heldBy(step)[target];
    if (end > 0) {
      held.add(bytes.subarray(0, end));
      const demand = stream.send(held.take());
      held.add(bytes.subarray(end));
      this.#freeFloor(step);
      return demand;
    }
    held.add(bytes);
    if (this.#floor === undefined && held.size <= LONGEST_HELD) return undefined;
    this.#floor = { step, target };
    return stream.send(held.take());
  }

  /** Something of vt's own, whole lines. */
  say(text: string, target: Target = 'stdout'): void {
    if (text === '') return;
    const write = (): void => {
      this.#streams[target].write(text);
    };
    if (this.#floor === undefined) write();
    else this.#waiting.push(write);
  }

  /**
   * The end of a task's output, and what vt says after it, on a line of its own. A promise while it
   * has to wait for the line of another task to end.
   */
  close(step: StepIndex, text: string): void | Promise<void> {
    if (this.#floor !== undefined && this.#floor.step !== step) {
      return new Promise((resolve) => {
        this.#waiting.push(() => {
          resolve(this.close(step, text));
        });
      });
    }
    this.#letOut(step);
    if ((this.#lastByte.get(step) ?? NEWLINE) !== NEWLINE) this.#streams.stdout.write('\n');
    this.#held.delete(step);
    this.#lastByte.delete(step);
    if (text !== '') this.#streams.stdout.write(text);
    this.#freeFloor(step);
  }

  #isTaken(step: StepIndex, target: Target): boolean {
    const floor = this.#floor;
    return floor !== undefined && (floor.step !== step || floor.target !== target);
  }

  #letOut(step: StepIndex): void {
    const held = this.#held.get(step);
    if (held === undefined) return;
    for (const target of ['stdout', 'stderr'] as const) {
      const bytes = held[target].take();
      if (bytes.length > 0) void this.#streams[target].send(bytes);
    }
  }

  #heldBy(step: StepIndex): Record<Target, HeldLine> {
    let held = this.#held.get(step);
    if (held === undefined) {
      held = { stdout: new HeldLine(), stderr: new HeldLine() };
      this.#held.set(step, held);
    }
    return held;
  }

  #freeFloor(step: StepIndex): void {
    if (this.#floor?.step !== step) return;
    this.#floor = undefined;
    // One of them may take the floor: then those behind it queue again, in their order.
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #later(work: () => Demand): Promise<OutputDemand> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(work());
      });
    });
  }
}

/** The beginning of a line. */
class HeldLine {
  #pieces: Uint8Array[] = [];
  size = 0;

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.size += bytes.length;
  }

  take(): Uint8Array {
    const [first, ...others] = this.#pieces;
    const all = first === undefined || others.length > 0 ? Buffer.concat(this.#pieces) : first;
    this.#pieces = [];
    this.size = 0;
    return all;
  }
}
