import type { WorkspacePath } from '../../../cache/brands.js';

/** What a task is known to have read and made, all its commands together. */
export interface TaskFiles {
  /** As shown: `app#build`. */
  readonly task: string;
  /** Files whose content it depends on. */
  readonly reads: ReadonlySet<WorkspacePath>;
  /** Files and symlinks it made or changed. */
  readonly writes: ReadonlySet<WorkspacePath>;
}

/** Files in which two tasks meet. */
export interface Meeting {
  /** `read`: the first one reads what the second one writes; `write`: both write it. */
  readonly kind: 'read' | 'write';
  readonly tasks: readonly [string, string];
  /** Sorted; never empty. */
  readonly paths: readonly WorkspacePath[];
}

/**
 * Finds where tasks meet. Two that write the same file are told once, whatever they read of each other.
 * Costs a look-up for each path.
 *
 * @param others what tasks that are not part of this run have written, by task.
 */
export function findMeetings(
  tasks: readonly TaskFiles[],
  others: ReadonlyMap<string, readonly WorkspacePath[]>,
): readonly Meeting[] {
  const writers = new Map<WorkspacePath, string[]>();
  const write = (path: WorkspacePath, task: string): void => {
    const known = writers.get(path);
    if (known === undefined) writers.set(path, [task]);
    else known.push(task);
  };
  for (const { task, writes } of tasks) for (const path of writes) write(path, task);
  for (const [task, paths] of others) for (const path of paths) write(path, task);

  const meetings = new Map<string, Meeting & { paths: WorkspacePath[] }>();
  const meet = (
    kind: Meeting['kind'],
    pair: readonly [string, string],
    path: WorkspacePath,
  ): void => {
    const key = JSON.stringify([kind, ...pair]);
    const known = meetings.get(key);
    if (known === undefined) meetings.set(key, { kind, tasks: pair, paths: [path] });
    else known.paths.push(path);
  };
  for (const { task, reads, writes } of tasks) {
    for (const path of writes) {
      for (const other of writers.get(path) ?? []) {
        // Of two in this run, the one that comes first in the list tells it.
        if (other !== task && (others.has(other) || isBefore(tasks, task, other))) {
          meet('write', [task, other], path);
        }
      }
    }
    for (const path of reads) {
      for (const writer of writers.get(path) ?? []) {
        if (writer !== task && !writes.has(path)) meet('read', [task, writer], path);
      }
    }
  }
  return [...meetings.values()].map((meeting) => ({ ...meeting, paths: meeting.paths.sort() }));
}

function isBefore(tasks: readonly TaskFiles[], one: string, other: string): boolean {
  return (
    tasks.findIndex(({ task }) => task === one) < tasks.findIndex(({ task }) => task === other)
  );
}
