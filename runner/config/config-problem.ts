import type { SourceRange } from './source-range.js';

/** What is wrong with a vite-task.json or a package.json. Facts only; runner/report has the words. */
export type ConfigProblem =
  /** `detail` is the parser's own name of the mistake, such as `ValueExpected`. */
  | { readonly kind: 'syntax-error'; readonly detail: string; readonly at: SourceRange }
  | { readonly kind: 'unreadable-file'; readonly file: string; readonly errno: string }
  | {
      readonly kind: 'unknown-field';
      readonly field: string;
      /** What the field was found in: `vite-task.json`, `task "build"`, `"cache" of task "build"`. */
      readonly owner: string;
      readonly nearest: string | undefined;
      readonly known: readonly string[];
      readonly at: SourceRange;
    }
  | {
      readonly kind: 'duplicate-field';
      readonly field: string;
      readonly owner: string;
      readonly at: SourceRange;
    }
  | {
      readonly kind: 'wrong-type';
      readonly field: string;
      /** The types that are accepted, in words: `a string or an array of strings`. */
      readonly expected: string;
      readonly got: string;
      /** The accepted word that a misspelt one most likely means. */
      readonly nearest?: string | undefined;
      readonly at: SourceRange;
    }
  | { readonly kind: 'root-only-field'; readonly field: string; readonly at: SourceRange }
  | { readonly kind: 'bad-task-name'; readonly task: string; readonly at: SourceRange }
  | { readonly kind: 'no-command'; readonly task: string; readonly at: SourceRange }
  | {
      readonly kind: 'task-is-script';
      readonly task: string;
      readonly at: SourceRange;
      readonly script: SourceRange;
    }
  | {
      readonly kind: 'bad-glob';
      readonly pattern: string;
      readonly reason: 'empty' | 'unclosed-bracket' | 'unclosed-brace' | 'trailing-backslash';
      /** Undefined when the pattern came from a flag. */
      readonly at: SourceRange | undefined;
    }
  | { readonly kind: 'cwd-outside-package'; readonly cwd: string; readonly at: SourceRange }
  | {
      readonly kind: 'both-generations';
      readonly field: string;
      readonly task: string;
      readonly at: SourceRange;
    }
  /** Warning: fields directly on the task that belong into its `cache` now. One for each file. */
  | {
      readonly kind: 'older-form';
      readonly task: string;
      readonly fields: readonly string[];
      /** How many further tasks of the file use the older form. */
      readonly others: number;
      readonly at: SourceRange;
    }
  /** Warning: a list of exclusions with nothing to exclude from. */
  | {
      readonly kind: 'only-exclusions';
      readonly field: string;
      readonly task: string;
      readonly at: SourceRange;
    }
  /** Warning: understood, and without effect in this version. */
  | { readonly kind: 'no-effect-yet'; readonly field: string; readonly at: SourceRange };

const warnings: ReadonlySet<ConfigProblem['kind']> = new Set([
  'older-form',
  'only-exclusions',
  'no-effect-yet',
]);

/** Whether the configuration can be used all the same. */
export function isWarning(problem: ConfigProblem): boolean {
  return warnings.has(problem.kind);
}
