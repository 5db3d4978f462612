import { isWarning } from '../config/config-problem.js';
import type { ConfigProblem } from '../config/config-problem.js';
import type { SourceRange } from '../config/source-range.js';
import type { FilterMistake } from '../workspace/select/package-filter.js';
import type { WorkspaceProblem } from '../workspace/workspace-problem.js';

/** Why one task waits for the next one of a circle. */
export interface CycleMember {
  /** As shown: `app#build`. */
  readonly task: string;
  /** The `dependsOn` entry, the entry of package.json, or the command that says so. */
  readonly at: SourceRange;
  readonly because: 'depends-on' | 'package' | 'command';
}

/** Why a request cannot be planned. Facts only; runner/report has the words. */
export type PlanProblem =
  | ConfigProblem
  | WorkspaceProblem
  | {
      readonly kind: 'unknown-task';
      readonly task: string;
      /** Where it was looked for: a package's label, or undefined for several packages. */
      readonly package: string | undefined;
      readonly nearest: string | undefined;
      /** Tasks there are, in the order written; empty for several packages. */
      readonly known: readonly string[];
      /** Other packages that have it, as shown. */
      readonly elsewhere: readonly string[];
      /** The command that asked for it; undefined for the command line. */
      readonly at: SourceRange | undefined;
    }
  | {
      readonly kind: 'unknown-package';
      readonly package: string;
      readonly nearest: string | undefined;
      readonly at: SourceRange | undefined;
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
      /** Every member, in the order of waiting; the last one waits for the first one. */
      readonly members: readonly CycleMember[];
    }
  /** A command of a task runs the task that it is part of, by `vt run`. */
  | {
      readonly kind: 'task-runs-itself';
      readonly task: string;
      readonly command: string;
      readonly at: SourceRange;
    }
  | {
      readonly kind: 'bad-filter';
      readonly filter: string;
      readonly reason: FilterMistake;
      readonly at: SourceRange | undefined;
    }
  | {
      readonly kind: 'ambiguous-filter';
      readonly filter: string;
      readonly names: readonly string[];
      readonly at: SourceRange | undefined;
    }
  /** Warning: a filter that selects nothing; an error with --fail-if-no-match: `nothing-matched`. */
  | {
      readonly kind: 'filter-without-match';
      readonly filter: string;
      readonly nearest: string | undefined;
      readonly at: SourceRange | undefined;
    }
  | {
      readonly kind: 'nothing-matched';
      readonly filters: readonly string[];
      readonly at: SourceRange | undefined;
    }
  /** Warning: packages that need each other, whose tasks so have no order. */
  | {
      readonly kind: 'package-cycle';
      readonly task: string;
      /** Labels, in the order of needing; the last one needs the first one. */
      readonly members: readonly { readonly package: string; readonly at: SourceRange }[];
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

const warnings: ReadonlySet<PlanProblem['kind']> = new Set([
  'member-outside-workspace',
  'filter-without-match',
  'package-cycle',
]);

/** Whether a plan can be made all the same. */
export function isPlanWarning(problem: PlanProblem): boolean {
  return warnings.has(problem.kind) || isWarning(problem as ConfigProblem);
}
