import type { AbsolutePath } from '../../cache/brands.js';
import type { Digest } from '../../cache/brands.js';
import type { ExplainedLooks } from './explained-looks.js';
import type { EntryKind } from '../../cache/observation.js';

/** A process seen in the task's tree. */
export interface TracedProcess {
  readonly pid: number;
  /**
   * Index into `TaskTrace.processes`; -1 for the task's main process, and where the parent had ended
   * before the process was first seen.
   */
  readonly parent: number;
  readonly exe: string;
  readonly argv: readonly string[];
}

/** The first time something was done to a path: `sequence` orders all touches of one trace. */
export interface Touch {
  readonly sequence: bigint;
  /** Index into `TaskTrace.processes`. */
  readonly process: number;
}

/** A regular file as it was just before the task first changed it, or why that is not known. */
export type FileBefore =
  | {
      readonly digest: Digest;
      /** Its owner may execute it. */
      readonly executable: boolean;
      /** nanoseconds since the epoch: if it is after the start, somebody had changed the file already */
      readonly ctimeNs: bigint;
    }
  | {
      /** `changed`: since the start, by whom is not known. `too-large`: for the task to wait. */
      readonly failure: 'changed' | 'too-large' | 'unreadable';
    };

/**
 * All a task did to one physical path, reduced to what matters for caching. "Before" always means
 * before the task itself first changed the path: later looks see the task's own work and are no
 * dependency on the world.
 */
export interface PathAccess {
  readonly path: AbsolutePath;
  /** State of the path when the task first touched it. */
  readonly before: EntryKind | 'absent' | 'unknown';
  /** Content was read (or the file executed) before the task wrote it. */
  readonly contentRead?: Touch;
  /** Looked up (stat, access, open for reading, failed lookup…) before the task wrote it. */
  readonly probed?: Touch;
  /** Its size, times or mode were shown (stat, but not access) before the task wrote it. */
  readonly inspected?: Touch;
  /** A directory whose entries were listed and that the task had not made itself. */
  readonly listed?: Touch;
  /** A symlink that was followed or read, with its text. */
  readonly linkFollowed?: Touch & { readonly target: string };
  /** A program image was executed from here. */
  readonly executed?: Touch;
  /** Content, existence or metadata changed: write, create, rename onto or away, delete. */
  readonly written?: Touch;
  /** What it held before, where the task changed it or gave it another name. */
  readonly contentBefore?: FileBefore;
  /** Without `contentBefore`: where the unchanged file is, when the task moved it with a directory. */
  readonly movedTo?: AbsolutePath;
}

/** Why a trace cannot be trusted to be complete. */
export type IncompletenessCause =
  | 'no-tracker' // the native part was not built or cannot run here
  | 'no-listener' // the kernel refused a seccomp listener
  | 'listener-busy' // another tracker (an outer vt, a debugger) owns the tree's listener
  | 'unreadable-memory'
  | 'foreign-abi'
  | 'log-overflow'
  | 'log-damaged'
  | 'io-uring'
  | 'root-changed' // chroot, pivot_root, mount
  | 'unnamed-file' // opened by a handle
  | 'unknown-call' // a system call newer than the tracker
  | 'calls-hidden' // from a tracer in the task
  | 'survivors' // processes outlived the task and the grace period
  | 'supervisor-lost' // while the task ran on
  | 'supervisor-killed' // while the task ran, which was then killed too
  | 'undecodable-path' // not UTF-8
  | 'ambiguous-path'; // it led through a symlink that is no more, or one of /proc

export interface Incompleteness {
  readonly cause: IncompletenessCause;
  /** argv of the process concerned, when known. */
  readonly process?: readonly string[];
  readonly pid?: number;
  readonly detail?: string;
}

/** The outcome of tracking one task. Usable for caching only if `incomplete` is empty. */
export interface TaskTrace {
  readonly processes: readonly TracedProcess[];
  readonly accesses: readonly PathAccess[];
  /**
   * The same as if these looks had not been; to be called before anything else changes the workspace.
   * Absent where nothing was traced.
   */
  readonly accessesWithout?: (explained: readonly ExplainedLooks[]) => readonly PathAccess[];
  readonly incomplete: readonly Incompleteness[];
}
