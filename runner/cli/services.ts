import type { AbsolutePath } from '../../cache/brands.js';
import type { CacheLimits } from '../../cache/cache-limits.js';
import type { CleanOutcome } from '../../cache/clean-cache.js';
import type { EnvPattern } from '../../cache/observation.js';
import type { Executor } from '../execute/executor.js';
import type { RepeatRecorder } from '../repeat/repeat-recorder.js';
import type { Io } from '../report/output.js';
import type { Keyboard } from './select/keyboard.js';

/** A statement or a question that `vt report` sends on behalf of a shell script. */
export type ReportRequest = {
  /** On whose behalf it is said. */
  readonly label?: string;
} &
  /** `path` is absolute and cleaned; it need not exist. */
  (
    | { readonly kind: 'ignore-input'; readonly path: AbsolutePath }
    | { readonly kind: 'ignore-output'; readonly path: AbsolutePath }
    | { readonly kind: 'disable-cache'; readonly reason?: string }
    | { readonly kind: 'get-env'; readonly name: string; readonly tracked: boolean }
    | { readonly kind: 'get-envs'; readonly pattern: EnvPattern; readonly tracked: boolean }
    | {
        readonly kind: 'depend-on-glob';
        readonly include: readonly string[];
        readonly exclude: readonly string[];
      }
    | { readonly kind: 'depend-on-exists'; readonly path: AbsolutePath }
    | { readonly kind: 'depend-on-json'; readonly path: AbsolutePath; readonly pointer: string }
    | {
        readonly kind: 'declare-complete';
        readonly inputs: readonly AbsolutePath[];
        readonly outputs: readonly AbsolutePath[];
      }
  );

/** What an executor works with. */
export interface ExecutorOptions {
  readonly cacheDirectory: AbsolutePath;
  /** What the cache may keep. */
  readonly limits: CacheLimits;
  /** Called at most once, when the cache itself is at fault. */
  readonly warn: (message: string) => void;
}

/** What commands need besides planning and words: given by the entry file, or by a test. */
export interface Services {
  readonly version: string;
  /** Absolute path of the CommonJS client that tools load by themselves. */
  readonly nodeClient: string;
  /** Undefined unless the user can be asked something: who types also sees what vt writes. */
  keyboard(): Promise<Keyboard | undefined>;
  /** Cheap: whatever is costly is opened when a run needs it. */
  createExecutor(options: ExecutorOptions): Executor;
  /** Makes a record of this invocation if it only replays; see runner/repeat. */
  readonly repeat?: Pick<RepeatRecorder, 'replayed'> | undefined;
  /** Removes every stored result and leaves other people's files alone. */
  cleanCache(cacheDirectory: AbsolutePath): Promise<CleanOutcome>;
  /**
   * Sends a request to the runner of the task this process is part of, and prints the answer, if
   * there is one, to `io.stdout`. Resolves to an exit code. Outside a task, statements are no-ops.
   */
  report(request: ReportRequest, io: Io): Promise<number>;
}

/** How this process should end. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  /** By the same signal as the command, so that the caller sees no difference. */
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

/** What every command is given. */
export interface CommandContext {
  readonly io: Io;
  readonly services: Services;
}
