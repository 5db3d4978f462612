import type { WorkspacePath } from './brands.js';
import type { Observer } from './observation.js';

/** Who said that something a task touches is no part of its result. */
export type IgnoredBy =
  /** A process of the task, over the channel, of `path` and all below it. */
  | {
      readonly kind: 'report';
      readonly path: WorkspacePath;
      readonly speaker: Observer;
      /** How the process calls itself, if it said so. */
      readonly label?: string;
    }
  /** The configuration, with an excluding glob: workspace-relative, without its `!`. */
  | { readonly kind: 'excluded'; readonly glob: string }
  /** The configuration lists what counts, without `auto`, and this is not listed. */
  | { readonly kind: 'not-named' }
  /** vt never looks into this directory. */
  | { readonly kind: 'version-control'; readonly path: WorkspacePath }
  /** The directory has a valid CACHEDIR.TAG. */
  | { readonly kind: 'cache-tag'; readonly path: WorkspacePath }
  /** vt's own cache. */
  | { readonly kind: 'own-cache'; readonly path: WorkspacePath }
  /** Files in node_modules that package managers rewrite at every install. */
  | { readonly kind: 'package-manager' };

/**
 * What is left out: looks at the paths; what is in them, while that they are there counts; or
 * changes of them, which are not kept and not restored.
 */
export type IgnoredPart = 'reads' | 'contents' | 'writes';

/** Paths that one rule left out of a result. */
export interface Ignored {
  readonly part: IgnoredPart;
  readonly by: IgnoredBy;
  /** Those the run touched, at most IGNORED_PATHS, sorted, with who touched each first. */
  readonly paths: readonly { readonly path: WorkspacePath; readonly process: Observer }[];
  /** How many more there were. */
  readonly more: number;
}

/** Paths kept of one rule: a private cache directory may have tens of thousands. */
export const IGNORED_PATHS = 500;
