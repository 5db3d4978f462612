import type { WorkspacePath } from '../../../cache/brands.js';
import type { StoredProcess } from '../../../cache/stored-run.js';
import type { Incompleteness } from '../../tracker/task-trace.js';
import type { ChannelFailure, Speaker } from '../channel/channel-record.js';

/** Why what a run depended on, or made, is not known well enough to keep it. */
export type NotDerived =
  /** A process of the task asked for it. */
  | { readonly kind: 'opted-out'; readonly reason?: string; readonly speaker: Speaker }
  /** Reports may have been lost. */
  | { readonly kind: 'channel-failed'; readonly failures: readonly ChannelFailure[] }
  /** Reads or writes may have gone unseen. */
  | { readonly kind: 'tracking-incomplete'; readonly incomplete: readonly Incompleteness[] }
  /**
   * Read and then changed, so that what was read is gone; or changed in a way that leaves unknown
   * what it was before. The processes are known where tracking saw them.
   */
  | {
      readonly kind: 'read-then-written';
      readonly path: WorkspacePath;
      readonly reader?: StoredProcess;
      readonly writer?: StoredProcess;
      /** Why what it was before could not be kept; absent when that was not tried. */
      readonly because?: 'too-large' | 'unreadable';
    }
  /** Changed by somebody else before the task changed it in turn. */
  | { readonly kind: 'modified-during-run'; readonly path: WorkspacePath }
  /** Read, but not a file: what came out of it cannot be compared. */
  | {
      readonly kind: 'unreadable-input';
      readonly path: WorkspacePath;
      readonly detail: 'not-a-file';
    };
