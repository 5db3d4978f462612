import type { SourceRange } from './source-range.js';

/** One entry of `input` or `output`, as written. */
export type PathEntry =
  | { readonly kind: 'auto'; readonly auto: boolean }
  | {
      readonly kind: 'pattern';
      /** With its leading `!` when it excludes. */
      readonly pattern: string;
      readonly base: 'package' | 'workspace';
      /** Undefined when it came from a flag. */
      readonly at: SourceRange | undefined;
    };

/** How a task is cached, as configured; every default filled in. */
export interface CacheSettings {
  /** Globs over names, `!` excludes: passed to the task and part of the key. */
  readonly env: readonly string[];
  /** Variables that are neither are asked for when a program first looks for one. */
  readonly autoEnv: boolean;
  /** Globs over names, `!` excludes: passed to the task, only the patterns are part of the key. */
  readonly untrackedEnv: readonly string[];
  readonly input: readonly PathEntry[];
  readonly output: readonly PathEntry[];
  /** False: cached although the task asks not to be. */
  readonly optOut: boolean;
  /** Globs over names, `!` excludes: values that results may show whatever the name says. */
  readonly notSecret: readonly string[];
}

/** What nothing configured means. */
export const defaultCacheSettings: CacheSettings = {
  env: [],
  autoEnv: false,
  untrackedEnv: [],
  input: [{ kind: 'auto', auto: true }],
  output: [{ kind: 'auto', auto: true }],
  optOut: true,
  notSecret: [],
};

/** A task this one waits for. */
export type TaskReference =
  | { readonly kind: 'named'; readonly name: string; readonly at: SourceRange }
  | {
      readonly kind: 'of-dependencies';
      readonly task: string;
      readonly from: readonly DependencyField[];
      readonly at: SourceRange;
    };

export type DependencyField = 'dependencies' | 'devDependencies' | 'peerDependencies';

/** A command line and where it was written. */
export interface CommandLine {
  readonly text: string;
  readonly at: SourceRange;
}

/** A task of one package: an entry of `tasks` in vite-task.json or a script of package.json. */
export interface TaskDefinition {
  readonly name: string;
  readonly origin: 'task' | 'script';
  /** Where its name is written. */
  readonly at: SourceRange;
  /** Run in order, each only if the one before succeeded. Empty: the task only waits for others. */
  readonly commands: readonly CommandLine[];
  /** Relative to the package, cleaned, inside it; '' is the package itself. */
  readonly cwd: string;
  readonly dependsOn: readonly TaskReference[];
  /** `false`: the configuration says never to cache it. */
  readonly cache: CacheSettings | false;
}
