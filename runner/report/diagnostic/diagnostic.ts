import type { SourceRange } from '../../config/source-range.js';

/** A message to the user, in words, not yet laid out. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Listed in docs/errors.md. */
  readonly code: string;
  /** What happened, one line. */
  readonly title: string;
  /** Places to show, the most important one first. `label` stands after the squiggle. */
  readonly places: readonly { readonly at: SourceRange; readonly label?: string }[];
  /** One line each. */
  readonly facts: readonly string[];
  /** The next action. */
  readonly help: string;
}
