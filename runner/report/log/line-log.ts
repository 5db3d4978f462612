import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import { executionLine } from '../execution-line.js';
import { createStyle, wantsColor } from '../style.js';
import { aftermathText } from './aftermath-text.js';
import { annotationOf, warningText } from './annotation.js';
import { Labeler, labeled } from './labeler.js';
import { LineGate } from './line-gate.js';
import { executionOf, labelOf } from './log-options.js';
import type { LogOptions } from './log-options.js';
import { OutputText } from './output-text.js';
import type { ShownBytes, Target } from './output-text.js';

/**
 * `--log interleaved`: every execution has a line, and its output stands below it, byte for byte as
 * it comes; that of several at once is mixed line by line.
 */
export function createInterleavedLog(options: LogOptions): RunEvents {
  return new LineLog(options, false);
}

/** `--log labeled`: every line has the name of its task before it. */
export function createLabeledLog(options: LogOptions): RunEvents {
  return new LineLog(options, true);
}

/** One step that has begun and not ended. */
interface ShownStep {
  readonly text: OutputText;
  readonly labelers: Readonly<Record<Target, Labeler>> | undefined;
}

class LineLog implements RunEvents {
  readonly #options: LogOptions;
  readonly #isLabeled: boolean;
  readonly #isColored: boolean;
  readonly #gate: LineGate;
  readonly #steps = new Map<StepIndex, ShownStep>();
  #alone: StepIndex | undefined;
  /** Whether anything was shown since the last command line. */
  #isFollowed = false;

  constructor(options: LogOptions, isLabeled: boolean) {
    this.#options = options;
    this.#isLabeled = isLabeled;
    this.#isColored = wantsColor(options.env, options.stdout.isTTY);
    this.#gate = new LineGate(options);
  }

  running(steps: readonly StepIndex[]): void {
    this.#alone = steps.length === 1 ? steps[0] : undefined;
    this.#gate.setAlone(this.#alone);
  }

  began(step: StepIndex, { status, inherits }: Parameters<RunEvents['began']>[1]): void {
    const { plan, stdout } = this.#options;
    // What has the screen for itself may move about on it.
    const hasScreen = stdout.isTTY && !this.#isLabeled && this.#alone === step;
    const label = this.#label(step);
    this.#steps.set(step, {
      text: new OutputText({
        terminal: hasScreen ? 'raw' : this.#isColored ? 'lines' : 'plain',
        pipes: this.#isColored ? 'raw' : 'plain',
      }),
      labelers: this.#isLabeled
        ? { stdout: new Labeler(label), stderr: new Labeler(label) }
        : undefined,
    });
    const line = executionLine(executionOf(plan, step), status, createStyle(this.#isColored));
    this.#gate.say((this.#isFollowed ? '\n' : '') + label + line);
    this.#isFollowed = inherits;
  }

  wrote(step: StepIndex, chunk: Parameters<RunEvents['wrote']>[1]): ReturnType<RunEvents['wrote']> {
    this.#isFollowed = true;
    const shown = this.#steps.get(step);
    return shown && this.#put(step, shown, shown.text.push(chunk));
  }

  async flushed(): Promise<void> {
    const { stdout, stderr } = this.#options;
    await Promise.all([stdout.flushed(), stderr.flushed()]);
  }

  ended(step: StepIndex, outcome: Parameters<RunEvents['ended']>[1]): void | Promise<void> {
    const { env, plan } = this.#options;
    const shown = this.#steps.get(step);
    for (const bytes of shown?.text.end() ?? []) if (shown) void this.#put(step, shown, bytes);
    this.#steps.delete(step);
    const after = aftermathText(outcome, createStyle(this.#isColored));
    const annotation = annotationOf(plan, step, outcome, env);
    this.#isFollowed = true;
    return this.#gate.close(step, labeled(this.#label(step), after) + annotation);
  }

  neverRun(): void {
    // The summary counts it, and the details say why.
  }

  warned(message: string): void {
    const { env, stderr } = this.#options;
    this.#gate.say(warningText(message, env, stderr.isTTY), 'stderr');
  }

  #put(
    step: StepIndex,
    { labelers }: ShownStep,
    { target, bytes }: ShownBytes,
  ): ReturnType<LineGate['put']> {
    const labeler = labelers?.[target];
    return this.#gate.put(step, { target, bytes: labeler?.push(bytes) ?? bytes });
  }

  #label(step: StepIndex): string {
    if (!this.#isLabeled) return '';
    return `${createStyle(this.#isColored).dim(labelOf(this.#options.plan, step))} `;
  }
}
