import type { StepIndex } from '../../execute/schedule/run-events.js';
import type { OutputDemand } from '../../execute/task-process.js';
import type { OutputStream } from '../output.js';
import type { ShownBytes, Target } from './output-text.js';

/** Bytes that are kept for a task until its block may be shown. */
const MOST_KEPT = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

type Demand = OutputDemand | Promise<OutputDemand>;

/** What stands around the output of a task, whole lines. */
export interface BlockTexts {
  before(step: StepIndex): string;
  after(step: StepIndex): string;
  /** In place of the block of a task that has said nothing. */
  instead(step: StepIndex): string;
}

/**
 * Lets the output of several tasks onto the same streams in blocks: nothing else stands within one. A
 * task that is alone has its block shown as it comes, of several each when it is over. One that says
 * more than can be kept has its block opened early: all others wait until it is over, and those that say
 * as much are held back.
 */
export class BlockGate {
  readonly #streams: Readonly<Record<Target, OutputStream>>;
  readonly #texts: BlockTexts;
  readonly #kept = new Map<StepIndex, { pieces: ShownBytes[]; size: number }>();
  #alone: StepIndex | undefined;
  /** The step whose block is open. */
  #floor: StepIndex | undefined;
  #lastByte = NEWLINE;
  #waiting: (() => void)[] = [];

  constructor(streams: Readonly<Record<Target, OutputStream>>, texts: BlockTexts) {
    this.#streams = streams;
    this.#texts = texts;
  }

  /** Says which step is the only one at work until it ends, if there is such a step. */
  setAlone(step: StepIndex | undefined): void {
    this.#alone = step;
    if (step !== undefined && this.#floor === undefined && this.#kept.has(step)) this.#open(step);
  }

  /** Output of a task; the answer is that of OutputStream.send. */
  put(step: StepIndex, shown: ShownBytes): Demand {
    if (shown.bytes.length === 0) return undefined;
    if (this.#floor === undefined && this.#alone === step) this.#open(step);
    if (this.#floor === step) return this.#show(shown);
    const kept = this.#kept.get(step) ?? { pieces: [], size: 0 };
    if (kept.size > 0 && kept.size + shown.bytes.length > MOST_KEPT) {
      if (this.#floor !== undefined) return this.#later(() => this.put(step, shown));
      this.#open(step);
      return this.#show(shown);
    }
    this.#kept.set(step, kept);
    kept.pieces.push(shown);
    kept.size += shown.bytes.length;
    return undefined;
  }

  /** Something of vt's own between blocks, whole lines, asked for when its time has come. */
  say(text: () => string, target: Target = 'stdout'): void {
    const write = (): void => {
      this.#streams[target].write(text());
    };
    if (this.#floor === undefined) write();
    else this.#waiting.push(write);
  }

  /**
   * The end of a task's output, with what vt says within its block and behind it. A promise while it
   * has to wait for the block of another task to end.
   */
  close(step: StepIndex, within: string, behind: string): void | Promise<void> {
    if (this.#floor !== undefined && this.#floor !== step) {
      return new Promise((resolve) => {
        this.#waiting.push(() => {
          resolve(this.close(step, within, behind));
        });
      });
    }
    const { stdout } = this.#streams;
    if (this.#floor === undefined && (this.#kept.has(step) || within !== '')) this.#open(step);
    if (this.#floor === step && this.#lastByte !== NEWLINE) stdout.write('\n');
    const text =
      this.#floor === step ? within + this.#texts.after(step) : this.#texts.instead(step);
    if (text + behind !== '') stdout.write(text + behind);
    this.#floor = undefined;
    // One of them may take the floor: then those behind it queue again, in their order.
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #open(step: StepIndex): void {
    this.#floor = step;
    this.#lastByte = NEWLINE;
    this.#streams.stdout.write(this.#texts.before(step));
    const kept = this.#kept.get(step);
    this.#kept.delete(step);
    for (const shown of kept?.pieces ?? []) void this.#show(shown);
  }

  #show({ target, bytes }: ShownBytes): Demand {
    this.#lastByte = bytes.at(-1) ?? NEWLINE;
    return this.#streams[target].send(bytes);
  }

  #later(work: () => Demand): Promise<OutputDemand> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(work());
      });
    });
  }
}
