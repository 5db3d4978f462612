import type { AbsolutePath } from '../../../cache/brands.js';
import { predictRun } from '../../execute/explain/predict-run.js';
import type { Plan } from '../../plan/plan.js';
import { dryRunText } from '../../report/dry-run-text.js';
import type { JsonLog } from '../../report/json/json-log.js';
import { finishedJson, predictedJson } from '../../report/json/run-json.js';
import { createStyle, wantsColor } from '../../report/style.js';
import type { Io } from '../../report/output.js';
import { withExplainer } from '../with-explainer.js';

/** `--dry-run`: says what a run would find, and does nothing. */
export async function dryRun(
  plan: Plan,
  cacheDirectory: AbsolutePath,
  io: Io,
  json: JsonLog | undefined,
): Promise<void> {
  const predictions = await withExplainer(cacheDirectory, io, (explainer) =>
    predictRun(plan, explainer),
  );
  if (json === undefined) {
    const style = createStyle(wantsColor(io.env, io.stdout.isTTY));
    io.stdout.write(dryRunText(plan, predictions, style));
    return;
  }
  predictions.forEach((prediction, step) => {
    if (prediction !== undefined) void json.say(predictedJson(step, prediction));
  });
  const known = predictions.filter((prediction) => prediction !== undefined);
  const hits = known.filter(({ status }) => status.kind === 'hit').length;
  const totals = { planned: known.length, hits, succeeded: 0, saved: 0 };
  void json.say(finishedJson({ firstFailure: undefined, stopped: undefined }, totals, 0));
}
