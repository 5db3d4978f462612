/**
 * A step file, read: what to do, one after the other, and where in its text the expectations stand.
 * The format is described in e2e/README.md.
 */
export interface StepFile {
  /** The first line, without its `#`. */
  readonly title: string;
  /** Names of the statements of docs/behaviour.md that it shows. */
  readonly shows: readonly string[];
  readonly instructions: readonly Instruction[];
  /** The whole text, in order: lines as they stand, and the places where results stand. */
  readonly pieces: readonly (string | Expectation)[];
}

/** Lines that say what is to be seen, with their prefixes. Identified by the object itself. */
export interface Expectation {
  readonly lines: readonly string[];
}

/** One thing to do. `line` is its number in the file, from 1. */
export type Instruction = { readonly line: number } & (
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly content: string;
      readonly executable: boolean;
    }
  /** Where the following commands run; without a size: with pipes. */
  | { readonly kind: 'terminal'; readonly size: Size | undefined; readonly raw: boolean }
  /** `ending` when nothing is to be done while it runs. */
  | {
      readonly kind: 'start';
      readonly command: string;
      readonly ending: Expectation | undefined;
    }
  | { readonly kind: 'wait'; readonly text: string }
  | { readonly kind: 'press'; readonly keys: readonly string[] }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'screen'; readonly expectation: Expectation }
  | { readonly kind: 'end'; readonly ending: Expectation }
);

/** In characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}
