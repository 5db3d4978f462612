import type { WorkspacePath } from '../../../cache/brands.js';

/** Two tasks that meet in files though nothing says which of them comes first. */
export type HiddenEdge =
  /** One reads what the other writes: its result depends on whether the other was run before. */
  | {
      readonly kind: 'hidden-edge';
      readonly reader: string;
      readonly writer: string;
      /** Sorted; never empty. */
      readonly paths: readonly WorkspacePath[];
      /** Whether it fails the run. */
      readonly isStrict: boolean;
    }
  /** Both write the same files: what is there depends on which of them was run last. */
  | {
      readonly kind: 'shared-output';
      readonly tasks: readonly [string, string];
      readonly paths: readonly WorkspacePath[];
      readonly isStrict: boolean;
    };
