import type { Prediction } from '../execute/explain/predict-run.js';
import type { StepIndex } from '../execute/schedule/run-events.js';
import type { Plan } from '../plan/plan.js';
import { executionPrompt } from './execution-line.js';
import { missReasonText } from './miss-reason-text.js';
import { disabledText } from './run-details.js';
import type { Style } from './style.js';

/** What `vt run --dry-run` shows: a line for each command, and a summary. Ends with a newline. */
export function dryRunText(
  plan: Plan,
  predictions: readonly (Prediction | undefined)[],
  style: Style,
): string {
  const lines = predictions.flatMap((prediction, step) => {
    const execution = plan.steps[step]?.planned?.execution;
    if (prediction === undefined || execution === undefined) return [];
    const prompt = style.cyan(executionPrompt(execution));
    return [`${prompt} ${predictionText(prediction, style)}${afterText(prediction.after, plan)}\n`];
  });
  return `${lines.join('')}${lines.length === 0 ? '' : '\n---\n'}${summary(predictions)}`;
}

function predictionText({ status, restore }: Prediction, style: Style): string {
  switch (status.kind) {
    case 'hit': {
      const changed = (restore?.restored.length ?? 0) + (restore?.removed.length ?? 0);
      const work =
        changed === 0 ? '' : `, ${changed} output${changed === 1 ? '' : 's'} to put in place`;
      return style.green(`◉ cache hit${work}`);
    }
    case 'first-run':
      return style.yellow('○ cache miss: nothing is stored');
    case 'miss':
      return style.yellow(`○ cache miss: ${missReasonText(status.reason)}`);
    case 'disabled':
      return style.dim(`⊘ cache disabled: ${disabledText(status.because)}`);
  }
}

/** What may change the verdict. */
function afterText(after: readonly StepIndex[], { steps }: Plan): string {
  const last = after.at(-1);
  if (last === undefined) return '';
  const name = steps[last]?.planned?.execution.task ?? '';
  const others = after.length - 1;
  return ` (before ${name}${others === 0 ? '' : ` and ${others} more`} did anything)`;
}

function summary(all: readonly (Prediction | undefined)[]): string {
  const predictions = all.filter((prediction) => prediction !== undefined);
  const planned = predictions.length;
  const hits = predictions.filter(({ status }) => status.kind === 'hit').length;
  if (planned === 0) return 'vt run: nothing was run.\n';
  if (hits === planned) return 'vt run: cache hit, nothing was run.\n';
  const percent = Math.floor((hits / planned) * 100);
  return `vt run: ${hits}/${planned} cache hit (${percent}%), nothing was run.\n`;
}
