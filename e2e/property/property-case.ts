/** What the actor does, in words: see actor.c. `@` stands for the workspace's absolute path. */
export type Operation = string;

/** A command that `vt exec` is asked for. */
export interface Task {
  /** Working directory in the workspace. */
  readonly cwd: string;
  /** Run by an actor that no preloaded library sees. */
  readonly static: boolean;
  readonly operations: readonly Operation[];
}

/** A change by the user between runs. One that is impossible is left out. */
export type Edit =
  | readonly ['file', path: string, content: string]
  /** As `file`, by renaming a new file over the old one. */
  | readonly ['replace', path: string, content: string]
  /** An executable file of operations. */
  | readonly ['script', path: string, ...operations: Operation[]]
  | readonly ['symlink', path: string, target: string]
  | readonly ['hardlink', from: string, to: string]
  | readonly ['directory', path: string]
  | readonly ['remove', path: string]
  | readonly ['rename', from: string, to: string]
  | readonly ['mode', path: string, executable: 'x' | '-']
  | readonly ['touch', path: string];

export type Step =
  | { readonly edit: Edit }
  /** Runs a task. `name` is what `back` calls the state before. */
  | { readonly run: number; readonly name: number }
  /**
   * Runs a task and, so many milliseconds later, another one or an edit at the same time. What comes of
   * it is anybody's guess, but not what vt keeps: that is used, or not, by the runs that follow.
   */
  | { readonly disturbed: number; readonly by: Edit | number; readonly after: number }
  /** Puts the workspace back as it was before the named run; nothing if there was none. */
  | { readonly back: number };

/** A workspace's history. Can be written as JSON, and run again from it. */
export interface PropertyCase {
  readonly tasks: readonly Task[];
  readonly steps: readonly Step[];
}
