import { hasSucceeded } from '../../execute/outcome.js';
import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import type { Plan } from '../../plan/plan.js';
import type { OutputStream } from '../output.js';
import { createStyle, wantsColor } from '../style.js';
import type { Style } from '../style.js';
import { CursorWatch } from './cursor-watch.js';
import { statusText } from './status-text.js';

/** milliseconds a run may take without a status line */
const PATIENCE = 400;

/** milliseconds without output before the line is shown again, so that it does not flicker */
const PAUSE = 80;

/** milliseconds between two looks at the clock, which is shown in seconds */
const TICK = 1000;

/** Columns below which there is none. */
const NARROWEST = 20;

/** Columns left free, so that what is typed meanwhile (`^C`) does not make a second line of it. */
const MARGIN = 4;

/** Ways to look at and wait for time: those of Node, or a test's. */
export interface StatusClock {
  now(): number;
  /** Calls back once; returns what cancels that. Keeps no process alive. */
  after(milliseconds: number, callback: () => void): () => void;
}

export interface StatusOptions {
  readonly plan: Plan;
  /** Both the same terminal. */
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: StatusClock;
}

/**
 * The line below all output that says what is at work. It is taken away before anything else is written
 * and put back when the output pauses at the beginning of a line, so that the output is what it would
 * be without. While a program has the terminal to itself, there is none.
 */
export class StatusLine {
  /** For the log: what is written to them takes the line away first. */
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly #options: StatusOptions;
  readonly #style: Style;
  readonly #cursor = new CursorWatch();
  readonly #began = new Map<StepIndex, number>();
  readonly #planned: number;
  /** Steps with vt's own streams. */
  readonly #inheriting = new Set<StepIndex>();
  readonly #cancel = new Map<'draw' | 'tick', () => void>();
  #start: number | undefined;
  #over = 0;
  #hits = 0;
  #failed = 0;
  #isDrawn = false;
  #isClosed = false;

  constructor(options: StatusOptions) {
    const { plan, env, stdout, stderr } = options;
    this.#options = options;
    this.#style = createStyle(wantsColor(env, true));
    this.#planned = plan.steps.filter(({ planned }) => planned !== undefined).length;
    this.stdout = this.#above(stdout);
    this.stderr = this.#above(stderr);
  }

  /** Passes the events on to a log that writes to `stdout` and `stderr`, and learns from them. */
  watch(log: RunEvents): RunEvents {
    return {
      running: (steps) => {
        log.running(steps);
      },
      began: (step, beginning) => {
        log.began(step, beginning);
        this.#begin(step, beginning.inherits);
        if (beginning.status.kind === 'hit') this.#hits++;
      },
      wrote: (step, chunk) => log.wrote(step, chunk),
      flushed: (step) => log.flushed(step),
      ended: (step, outcome) => {
        // What a program leaves on the screen is judged as a shell would judge it.
        if (this.#inheriting.delete(step)) this.#cursor.miss();
        const shown = log.ended(step, outcome);
        this.#began.delete(step);
        this.#over++;
        if (!hasSucceeded(outcome) && outcome.stopped === undefined) this.#failed++;
        if (this.#began.size === 0) {
          this.#erase();
          this.#cursor.handBack();
        }
        this.#drawSoon();
        return shown;
      },
      neverRun: (step, why) => {
        this.#over++;
        log.neverRun(step, why);
      },
      warned: (message) => {
        log.warned(message);
      },
    };
  }

  /** Takes the line away for good. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancel.values()) cancel();
    this.#erase();
  }

  #begin(step: StepIndex, inherits: boolean): void {
    const { clock } = this.#options;
    this.#began.set(step, clock.now());
    if (inherits) {
      this.#inheriting.add(step);
      this.#erase();
    }
    this.#start ??= clock.now();
    this.#drawSoon();
    if (!this.#cancel.has('tick')) this.#tick();
  }

  #tick(): void {
    this.#cancel.set(
      'tick',
      this.#options.clock.after(TICK, () => {
        this.#tick();
        if (this.#isDrawn) this.#draw();
        else this.#drawSoon();
      }),
    );
  }

  #drawSoon(): void {
    if (this.#isClosed || this.#start === undefined) return;
    const { clock } = this.#options;
    this.#cancel.get('draw')?.();
    const pause = Math.max(PAUSE, this.#start + PATIENCE - clock.now());
    this.#cancel.set(
      'draw',
      clock.after(pause, () => {
        this.#draw();
      }),
    );
  }

  #draw(): void {
    this.#erase();
    const { stdout, clock } = this.#options;
    const columns = stdout.columns ?? 0;
    const isBusy = this.#began.size > 0 && this.#inheriting.size === 0;
    if (this.#isClosed || !isBusy || !this.#cursor.isFree || columns < NARROWEST) return;
    const text = statusText(
      {
        planned: this.#planned,
        over: this.#over,
        hits: this.#hits,
        failed: this.#failed,
        atWork: [...this.#began].map(([step, began]) => ({
          name: this.#options.plan.steps[step]?.planned?.execution.task ?? '',
          elapsed: clock.now() - began,
        })),
      },
      columns - MARGIN,
    );
    this.#writePassing(this.#style.dim(text));
    this.#isDrawn = true;
  }

  #erase(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    // If the terminal has become narrower meanwhile, a part of it may have moved to the line above: it
    // stays there, since that line might as well be output.
    this.#writePassing('\r\x1b[K');
  }

  #writePassing(text: string): void {
    const { stdout } = this.#options;
    if (stdout.writePassing !== undefined) stdout.writePassing(text);
    else stdout.write(text);
  }

  #above(stream: OutputStream): OutputStream {
    return {
      isTTY: stream.isTTY,
      get columns() {
        return stream.columns;
      },
      write: (text) => {
        this.#erase();
        this.#cursor.see(Buffer.from(text));
        stream.write(text);
        this.#drawSoon();
      },
      send: (bytes) => {
        this.#erase();
        this.#cursor.see(bytes);
        const demand = stream.send(bytes);
        this.#drawSoon();
        return demand;
      },
      flushed: () => stream.flushed(),
    };
  }
}
