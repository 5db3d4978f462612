import type { BadLimit } from '../workspace/cache-limits.js';

/** What is wrong with a command line. Facts only; the words are in `diagnostic/`. */
export type UsageProblem =
  | {
      readonly kind: 'unknown-command';
      readonly command: string;
      /** The command it was looked for in: `vt`, `vt cache`. */
      readonly within: string;
      readonly nearest: string | undefined;
      readonly known: readonly string[];
    }
  | { readonly kind: 'missing-command'; readonly within: string; readonly known: readonly string[] }
  | {
      readonly kind: 'unknown-flag';
      /** With its dashes, without a value. */
      readonly flag: string;
      readonly command: string;
      readonly nearest: string | undefined;
    }
  /** A flag of a later version, known by name. */
  | { readonly kind: 'flag-not-supported-yet'; readonly flag: string; readonly command: string }
  | { readonly kind: 'missing-value'; readonly flag: string; readonly command: string }
  | { readonly kind: 'unexpected-value'; readonly flag: string; readonly command: string }
  /** A flag that takes one of a few words. */
  | {
      readonly kind: 'bad-choice';
      readonly flag: string;
      readonly value: string;
      readonly choices: readonly string[];
      readonly nearest: string | undefined;
      readonly command: string;
    }
  /** `source`: the flag or the variable. */
  | {
      readonly kind: 'bad-count';
      readonly source: string;
      readonly value: string;
      readonly command: string;
    }
  | { readonly kind: 'repeated-flag'; readonly flag: string; readonly command: string }
  | {
      readonly kind: 'conflicting-flags';
      readonly flags: readonly string[];
      readonly command: string;
    }
  /** A task named with its package, and a flag that chooses packages. */
  | {
      readonly kind: 'package-and-flag';
      readonly task: string;
      readonly flag: string;
      readonly command: string;
    }
  | { readonly kind: 'missing-argument'; readonly argument: string; readonly command: string }
  | { readonly kind: 'unexpected-argument'; readonly argument: string; readonly command: string }
  /** The system watches no more directories for `vt run --watch`. */
  | { readonly kind: 'watch-limit'; readonly directories: number; readonly errno: string }
  /** `vt completion` for a shell that it does not know. */
  | {
      readonly kind: 'unknown-shell';
      readonly shell: string;
      readonly nearest: string | undefined;
      readonly known: readonly string[];
    }
  /** `vt run` without a task, where there is none in the whole workspace. */
  | { readonly kind: 'no-tasks' }
  /** `vt init` found its file there already. */
  | { readonly kind: 'file-exists'; readonly file: string }
  | { readonly kind: 'cannot-write'; readonly file: string; readonly errno: string }
  /** No stored result has a name that begins so. `nearest`: of an entry, whole or as long as it. */
  | {
      readonly kind: 'unknown-entry';
      readonly entry: string;
      readonly nearest: string | undefined;
      /** Set when the name of a task was given, whose newest entry is `nearest`. */
      readonly ofTask: string | undefined;
    }
  | {
      readonly kind: 'ambiguous-entry';
      readonly entry: string;
      readonly matches: readonly { readonly name: string; readonly task: string | undefined }[];
    }
  | { readonly kind: 'damaged-entry'; readonly entry: string; readonly detail: string }
  /** A task of which nothing is stored. */
  | { readonly kind: 'no-results'; readonly task: string; readonly nearest: string | undefined }
  | BadLimit;
