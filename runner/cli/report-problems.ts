import { describeProblem } from '../report/diagnostic/describe-problem.js';
import type { Problem } from '../report/diagnostic/describe-problem.js';
import { renderDiagnostic } from '../report/diagnostic/render-diagnostic.js';
import { annotateDiagnostic, isInActions } from '../report/log/annotation.js';
import type { Io } from '../report/output.js';
import { createStyle, wantsColor } from '../report/style.js';

/** Shows problems on stderr, a blank line between them. */
export function reportProblems(problems: readonly Problem[], io: Io): void {
  const style = createStyle(wantsColor(io.env, io.stderr.isTTY));
  const texts = problems.map((problem) =>
    renderDiagnostic(describeProblem(problem), style, io.cwd),
  );
  if (texts.length === 0) return;
  io.stderr.write(texts.join('\n'));
  if (!isInActions(io.env)) return;
  const { GITHUB_WORKSPACE: checkout } = io.env;
  for (const problem of problems) {
    io.stderr.write(annotateDiagnostic(describeProblem(problem), checkout));
  }
}
