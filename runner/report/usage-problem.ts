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
  /** `vt init` found its file there already. */
  | { readonly kind: 'file-exists'; readonly file: string }
  | { readonly kind: 'cannot-write'; readonly file: string; readonly errno: string };
