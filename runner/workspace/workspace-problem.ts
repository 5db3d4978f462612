import type { ConfigProblem } from '../config/config-problem.js';
import type { SourceRange } from '../config/source-range.js';

/** What is wrong with the packages of a workspace. Facts only; runner/report has the words. */
export type WorkspaceProblem =
  | ConfigProblem
  /** `detail` is the parser's own sentence. */
  | { readonly kind: 'yaml-error'; readonly detail: string; readonly at: SourceRange }
  | {
      readonly kind: 'duplicate-package';
      readonly name: string;
      readonly at: SourceRange;
      readonly other: SourceRange;
    }
  /** Warning: a glob that leads out of the workspace, whose packages are left out. */
  | {
      readonly kind: 'member-outside-workspace';
      readonly glob: string;
      readonly at: SourceRange;
    };
