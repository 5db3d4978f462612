import type { ConfigProblem } from '../config/config-problem.js';
import type { SourceRange } from '../config/source-range.js';

/** Why a request cannot be planned. Facts only; runner/report has the words. */
export type PlanProblem =
  | ConfigProblem
  | {
      readonly kind: 'unknown-task';
      readonly task: string;
      readonly nearest: string | undefined;
      /** Tasks there are, in the order written. */
      readonly known: readonly string[];
    }
  | {
      readonly kind: 'unknown-dependency';
      readonly task: string;
      readonly dependency: string;
      readonly nearest: string | undefined;
      readonly at: SourceRange;
    }
  | {
      readonly kind: 'dependency-cycle';
      /** Every member, in the order of waiting; the first one waits for the last one's work. */
      readonly members: readonly { readonly task: string; readonly at: SourceRange }[];
    }
  | {
      readonly kind: 'not-supported-yet';
      readonly feature: 'dependencies-of-other-packages' | 'tasks-of-other-packages';
      /** As written: `lib#build`, `build from dependencies`. */
      readonly what: string;
      readonly at: SourceRange | undefined;
    }
  | {
      readonly kind: 'pattern-outside-workspace';
      readonly pattern: string;
      /** Physical path of the workspace root. */
      readonly root: string;
      readonly at: SourceRange | undefined;
    }
  | {
      readonly kind: 'no-such-directory';
      readonly directory: string;
      /** Undefined when it was given by `--cwd`. */
      readonly at: SourceRange | undefined;
    };
