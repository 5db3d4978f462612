import type { Attempt, Compared, Found } from './attempt.js';
import type { AbsolutePath, Digest, WorkspacePath } from './brands.js';
import type { Ignored } from './ignored.js';
import type { KeyParts } from './key.js';
import type { MissReason } from './miss-reason.js';
import type { Difference } from './observation-check.js';
import type { EnvPattern, Observer } from './observation.js';
import type { World } from './world.js';

/** A process of the task, as far as explanations need it. */
export interface StoredProcess {
  readonly pid: number;
  /**
   * Index of the parent in the same list; -1 for the task's main process, and where the parent had
   * ended before the process was first seen.
   */
  readonly parent: number;
  readonly exe: string;
  readonly argv: readonly string[];
  /** On whose behalf it spoke, such as `plugin x`; such a process is in the list once more. */
  readonly label?: string;
}

/** A variable that a process looked for and that its environment lacked, though the runner has it. */
export interface WithheldVariable {
  readonly name: string;
  readonly process: Observer;
}

/** A piece of captured output, in the order it arrived. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr' | 'terminal';
  readonly bytes: Uint8Array;
}

/** What a file that a run changed was before. */
export type BeforeChange =
  | {
      readonly digest: Digest;
      /** Owner-executable. */
      readonly executable: boolean;
      /** Taken together with the digest: a file changed since the start was not as the run found it. */
      readonly ctimeNs: bigint;
    }
  /** The run moved it there, with a directory above it, and left it as it was. */
  | { readonly movedTo: WorkspacePath };

/**
 * What a finished run depends on, before digests are taken: the cache reads the files itself so
 * that digest, stat and the check "not edited during the run" belong together.
 */
export type Dependency = { readonly observer: Observer } & (
  | {
      readonly kind: 'content';
      readonly path: WorkspacePath;
      /**
       * Set when the task changed the file after it had read it, and the file is no output: what
       * the result is kept for is the content it left, the one the next run would find.
       */
      readonly asLeft?: true;
      /**
       * What the file was before the run, for one that the run changed, or gave another name. Without
       * it such a run cannot be kept.
       */
      readonly before?: BeforeChange;
    }
  /** Not for what is below something that is no directory: that one's existence says more. */
  | { readonly kind: 'absence'; readonly path: WorkspacePath }
  | {
      readonly kind: 'existence';
      readonly path: WorkspacePath;
      readonly entry: 'file' | 'directory' | 'symlink' | 'other';
    }
  | { readonly kind: 'link'; readonly path: WorkspacePath; readonly target: string }
  | {
      readonly kind: 'listing';
      readonly path: WorkspacePath;
      /** Names the task itself made in it: not there before. */
      readonly created: readonly string[];
      /** Names that were there before and that the task removed. */
      readonly deleted: readonly string[];
      /**
       * Names that were there before, that the task changed and that are there now. If the task
       * removed the whole directory, `deleted` and these are all the names that were in it.
       */
      readonly replaced?: readonly string[];
      /**
       * The task made or removed names in it, though none of them may be left (a temporary file).
       * Only needed when neither `created`, `deleted` nor `outputs` show it.
       */
      readonly changed?: boolean;
    }
  | {
      readonly kind: 'glob';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      /**
       * What the globs matched just before the task was started. Without it they are expanded when
       * the run is stored, which is refused when the task deleted files: they might have matched.
       */
      readonly matches?: readonly WorkspacePath[];
    }
  /**
   * One value in a JSON file that the task did not change. Of a file that cannot be asked for it, the
   * content.
   */
  | { readonly kind: 'json'; readonly path: WorkspacePath; readonly pointer: string }
  | {
      readonly kind: 'program';
      readonly path: AbsolutePath;
      /** Names by which PATH leads to it. */
      readonly names?: readonly string[];
    }
  | { readonly kind: 'env'; readonly name: string; readonly value: string | undefined }
  | {
      readonly kind: 'env-query';
      readonly pattern: EnvPattern;
      readonly matches: ReadonlyMap<string, string>;
    }
);

/** Everything the cache needs to keep a finished, successful run. */
export interface FinishedRun {
  /** Stable name of the task for explanations and "last key of this task": `app#build`, or the exec name. */
  readonly task: string;
  readonly key: KeyParts;
  readonly dependencies: readonly Dependency[];
  /**
   * Paths the task wrote, created, renamed into place or deleted, as they are now on disk:
   * a path that no longer exists is stored as a deletion if `existedBefore`.
   */
  readonly outputs: readonly {
    readonly path: WorkspacePath;
    readonly existedBefore: boolean;
    /** The process that changed it first; absent where none was seen to. */
    readonly writer?: Observer;
  }[];
  readonly transcript: readonly OutputChunk[];
  readonly processes: readonly StoredProcess[];
  /** milliseconds the task took */
  readonly duration: number;
  /**
   * A moment just before the task was started, in nanoseconds by the clock of the file system, as
   * `takeFileStamp` gives it: everything changed before has an earlier ctime, everything changed
   * since the same or a later one. A dependency with such a ctime was edited while the task ran.
   */
  readonly startStamp: bigint;
  /** What the run touched and the result leaves out, for explanations. */
  readonly ignored?: readonly Ignored[];
  /** For explanations. */
  readonly withheld?: readonly WithheldVariable[];
  /** What was found before the run, for explanations; default: nothing to compare with. */
  readonly found?: Found;
  /** Looked for in all that would be kept; a run in which one is found is not stored. */
  readonly secrets?: readonly Secret[];
}

/** A variable whose value must not be in anything that is kept. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** A run that has begun, of which others know. */
export interface BegunRun {
  readonly task: string;
}

/** Why a finished run could not be kept. */
export type NotStored =
  /** Changed by somebody else while the task ran; an absolute path for a program elsewhere. */
  | { readonly kind: 'modified-during-run'; readonly path: WorkspacePath | AbsolutePath }
  /** Read and then changed or deleted by the task: what it had read is gone. */
  | { readonly kind: 'read-then-written'; readonly path: WorkspacePath }
  /** Something the result depends on cannot be read now, so it could never be compared. */
  | {
      readonly kind: 'unreadable-input';
      readonly path: WorkspacePath | AbsolutePath;
      /** An errno name, or `not-a-file`. */
      readonly detail: string;
    }
  | { readonly kind: 'unsupported-output'; readonly path: WorkspacePath; readonly detail: string }
  /** The value of a secret variable is in what the task printed, in a file it wrote, or in a path. */
  | {
      readonly kind: 'secret-found';
      readonly variable: string;
      readonly in:
        { readonly stream: OutputChunk['stream'] } | { readonly path: WorkspacePath } | 'names';
    }
  | { readonly kind: 'cache-unusable'; readonly detail: string };

export type StoreOutcome = { readonly kind: 'stored'; readonly entry: string } | NotStored;

/** A result whose observations all hold. */
export interface Hit {
  readonly kind: 'hit';
  /** Opaque id of the stored result. */
  readonly entry: string;
  /** milliseconds the original run took */
  readonly duration: number;
  readonly transcript: readonly OutputChunk[];
  readonly outputs: readonly WorkspacePath[];
}

export type Lookup =
  | Hit
  /** Nothing was ever stored for this key or this task: a first run, no reason to give. */
  | { readonly kind: 'first-run' }
  | { readonly kind: 'miss'; readonly reason: MissReason };

/** What a miss was found by. */
export interface Comparison extends Compared {
  /** All observations in which the nearest result differs; empty when something else decided. */
  readonly differences: readonly Difference[];
}

export type RestoreOutcome =
  | { readonly kind: 'restored'; readonly written: number; readonly unchanged: number }
  /** Nothing was changed on disk; treat as a miss with this reason. */
  | { readonly kind: 'failed'; readonly reason: MissReason; readonly warning?: string };

/**
 * One cache directory. Any number of processes may use the same directory at once. No method
 * rejects for a damaged, locked, full or unwritable cache: it degrades to a miss, or to
 * `cache-unusable`, with at most one warning given to `warn`.
 */
export interface Cache {
  lookup(task: string, key: KeyParts, world: World): Promise<Lookup>;
  /** What was compared for this lookup; nothing for a hit or a first run. */
  comparison(lookup: Lookup): Comparison;
  restore(hit: Hit, world: World): Promise<RestoreOutcome>;
  /**
   * Undoes a restore in this workspace that was broken off, as all other methods do first: for tasks
   * that are not cached. Opens nothing when there is none.
   */
  repair(world: World): Promise<void>;
  /**
   * To be called just before a task is started whose result is to be stored: a run that is under way
   * at the same time and writes the same files makes both results uncacheable, unless they are equal.
   */
  begin(task: string, world: World): Promise<BegunRun>;
  /**
   * A task is at work whose result is to be stored: loads and opens what that needs, unless it is there.
   * What fails will fail again, and is told then.
   */
  prepare(): Promise<void>;
  store(run: FinishedRun, world: World, begun?: BegunRun): Promise<StoreOutcome>;
  /**
   * For a run that failed or cannot be kept: `written` may be in the results of others that ran at the
   * same time. Does nothing after `store`.
   */
  abandon(begun: BegunRun, written: readonly WorkspacePath[]): Promise<void>;
  /** Notes, for explanations, how a run went that was not handed to `store`, or refused by it. */
  note(task: string, attempt: Attempt, world: World): Promise<void>;
  close(): Promise<void>;
}
