import type { AbsolutePath } from '../../cache/brands.js';
import type { Capture, KeyParts } from '../../cache/key.js';
import type { EnvPattern } from '../../cache/observation.js';

/**
 * Which paths count automatically and which the user named. Patterns are workspace-relative globs
 * (package-relative ones already rewritten), `exclude` always wins.
 */
export interface PathRules {
  /** Take what tracking and the task's reports say. */
  readonly auto: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** How an execution is cached. */
export interface CachePolicy {
  readonly key: KeyParts;
  readonly input: PathRules;
  readonly output: PathRules;
  /** Variables that the environment lacks are answered when a program looks for one. */
  readonly autoEnv: boolean;
  /** Whether the task's own wish not to be cached (`disable_cache`) counts. */
  readonly mayOptOut: boolean;
}

/** One command to run, everything decided: what a plan consists of. */
export interface Execution {
  /** `app#build`, `build`, or for `vt exec` its --name or command line. Stable between runs. */
  readonly task: string;
  /** The command line as shown to the user. */
  readonly command: string;
  /** First element is looked up in PATH of `env` unless it contains a slash. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  readonly workspaceRoot: AbsolutePath;
  /** The complete environment of the task, without the channel's own variables. */
  readonly env: Readonly<Record<string, string>>;
  /** How its output is captured, if it is cached or has to be told from that of others. */
  readonly capture: Capture;
  /** Undefined: run without tracking, with inherited stdio. */
  readonly cache: CachePolicy | undefined;
  /** Why `cache` is undefined, when the user should be told. */
  readonly uncachedBecause?: 'flag' | 'configuration' | 'script-default' | 'nested';
}

/**
 * The variables a task may ask for over the channel, from the runner's own environment.
 * Implements the rules of docs/configuration.md: control variables are never served; names the user's
 * configuration or the defaults leave untracked never become part of a tracked answer.
 */
export interface EnvSource {
  /** Value as the task is answered; undefined when unset or never served. */
  get(name: string): string | undefined;
  /** All matches, untracked names included: what an untracked query is answered with. */
  query(pattern: EnvPattern): ReadonlyMap<string, string>;
  /** Whether a change of `name` may make a tracked request miss: false for names declared untracked. */
  mayTrack(name: string): boolean;
}
