import type { Beginning } from '../../execute/outcome.js';
import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import { executionLine } from '../execution-line.js';
import { createStyle, wantsColor } from '../style.js';
import { aftermathText } from './aftermath-text.js';
import { actionsCommand, annotationOf, isInActions, warningText } from './annotation.js';
import { BlockGate } from './block-gate.js';
import { executionOf, labelOf } from './log-options.js';
import type { LogOptions } from './log-options.js';
import { OutputText } from './output-text.js';

/**
 * `--log grouped`: a line for each execution when it begins, and its output in one block when it is
 * over. In GitHub Actions a block is a group that can be opened, with that line as its title.
 */
export function createGroupedLog(options: LogOptions): RunEvents {
  return new GroupedLog(options);
}

class GroupedLog implements RunEvents {
  readonly #options: LogOptions;
  readonly #isInActions: boolean;
  readonly #isColored: boolean;
  readonly #gate: BlockGate;
  readonly #texts = new Map<StepIndex, OutputText>();
  readonly #statuses = new Map<StepIndex, Beginning['status']>();
  /** What was shown last: a block, or the line of a step. */
  #last: 'nothing' | 'block' | { readonly line: StepIndex } = 'nothing';

  constructor(options: LogOptions) {
    this.#options = options;
    this.#isInActions = isInActions(options.env);
    this.#isColored = wantsColor(options.env, options.stdout.isTTY);
    this.#gate = new BlockGate(options, {
      before: (step) => this.#before(step),
      after: () => (this.#isInActions ? actionsCommand('endgroup', '') : ''),
      instead: (step) => (this.#isInActions ? `${this.#title(step)}\n` : ''),
    });
  }

  running(steps: readonly StepIndex[]): void {
    this.#gate.setAlone(steps.length === 1 ? steps[0] : undefined);
  }

  began(step: StepIndex, { status }: Beginning): void {
    this.#statuses.set(step, status);
    const isColored = this.#isColored;
    this.#texts.set(
      step,
      new OutputText({
        terminal: isColored ? 'lines' : 'plain',
        pipes: isColored ? 'raw' : 'plain',
      }),
    );
    if (this.#isInActions) return;
    this.#gate.say(() => {
      const gap = this.#last === 'block' ? '\n' : '';
      this.#last = { line: step };
      return `${gap}${this.#title(step, isColored)}\n`;
    });
  }

  wrote(step: StepIndex, chunk: Parameters<RunEvents['wrote']>[1]): ReturnType<RunEvents['wrote']> {
    const shown = this.#texts.get(step)?.push(chunk);
    return shown && this.#gate.put(step, shown);
  }

  async flushed(): Promise<void> {
    const { stdout, stderr } = this.#options;
    await Promise.all([stdout.flushed(), stderr.flushed()]);
  }

  ended(step: StepIndex, outcome: Parameters<RunEvents['ended']>[1]): void | Promise<void> {
    const { env, plan } = this.#options;
    for (const shown of this.#texts.get(step)?.end() ?? []) void this.#gate.put(step, shown);
    this.#texts.delete(step);
    const within = aftermathText(outcome, createStyle(this.#isColored));
    return this.#gate.close(step, within, annotationOf(plan, step, outcome, env));
  }

  neverRun(): void {
    // The summary counts it, and the details say why.
  }

  warned(message: string): void {
    const { env, stderr } = this.#options;
    this.#gate.say(() => warningText(message, env, stderr.isTTY), 'stderr');
  }

  #before(step: StepIndex): string {
    if (this.#isInActions) return actionsCommand('group', this.#title(step));
    const last = this.#last;
    const isBelowItsLine = typeof last === 'object' && last.line === step;
    this.#last = 'block';
    return `${isBelowItsLine ? '' : '\n'}── ${labelOf(this.#options.plan, step)} ──\n`;
  }

  /** The line of an execution, without its newline. Within a group GitHub Actions shows no colours. */
  #title(step: StepIndex, isColored = false): string {
    const { plan } = this.#options;
    const style = createStyle(isColored);
    const status = this.#statuses.get(step) ?? { kind: 'first-run' };
    const line = executionLine(executionOf(plan, step), status, style).trimEnd();
    return `${style.dim(labelOf(plan, step))} ${line}`;
  }
}
