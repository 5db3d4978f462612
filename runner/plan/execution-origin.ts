import type { WorkspacePath } from '../../cache/brands.js';
import type { SourceRange } from '../config/source-range.js';

/** A glob of `input` or `output` and where the user wrote it. */
export interface WrittenGlob {
  readonly field: 'input' | 'output';
  /** As written, with its leading `!` when it excludes. */
  readonly written: string;
  /** One of the workspace-relative globs it stands for, without `!`. */
  readonly resolved: string;
  readonly excludes: boolean;
  /** Undefined when it came from a flag. */
  readonly at: SourceRange | undefined;
}

/** Where an execution and its rules are written, for explanations only. */
export interface ExecutionOrigin {
  /** Where the task is written; undefined for a command line. */
  readonly task: SourceRange | undefined;
  /** Directory, relative to the workspace, that globs are written relative to. */
  readonly globBase: WorkspacePath;
  readonly globs: readonly WrittenGlob[];
  /** Patterns of `env`, as written. */
  readonly env: readonly string[];
  /** Patterns of `untrackedEnv`, as written. */
  readonly untrackedEnv: readonly string[];
}
