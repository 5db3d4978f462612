import type { AbsolutePath } from '../../cache/brands.js';
import { takeAttributes, takeLink, takeTruncate, takeUnlink } from './classify-changes.js';
import { takeCreation } from './classify-creation.js';
import { takeExec, takeOpen, takeReadlink } from './classify-reading.js';
import { takeRename } from './classify-renaming.js';
import type { DiskView } from './disk-view.js';
import { tellLinkHistory } from './name-changes.js';
import { explainedSteps, type ExplainedLooks } from './explained-looks.js';
import { PathResolver } from './path-resolver.js';
import { ProcLinks } from './proc-links.js';
import type { ProcessTable } from './process-table.js';
import { parentOf, TaskPaths } from './task-paths.js';
import type { Incompleteness, PathAccess, Touch } from './task-trace.js';
import { Op, STAT_EXISTENCE } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';
import { asksForDirectory, Foresight, kinds, resolveSteps, type Step } from './trace-steps.js';
import { takeUndecodable } from './undecodable-paths.js';

export interface Classification {
  readonly accesses: readonly PathAccess[];
  readonly incomplete: readonly Incompleteness[];
}

export interface ClassifyOptions {
  /** Physical path of the workspace root. */
  readonly root: AbsolutePath;
  readonly disk: DiskView;
  /** Physical paths that belong to the tracker itself: what is done to them is not the task's. */
  readonly trackerFiles: ReadonlySet<string>;
  /** Looks that are left out. */
  readonly explained?: readonly ExplainedLooks[];
}

/**
 * Reduces records, in order, to what the task did to each workspace path (and which programs
 * outside were executed). The table of tracking.md, "What must be recorded", is the specification.
 *
 * Most records are made before their call, so whether it succeeded follows from what was there. The
 * log keeps only the first of equal records, so an attempt that failed also stands for a later one
 * that did not. Where neither these nor the disk after the run can tell, the path's `before` becomes
 * `unknown`, and the run is not kept.
 */
export function classify(
  records: readonly TraceRecord[],
  table: ProcessTable,
  options: ClassifyOptions,
): Classification {
  const history = tellLinkHistory(records, options.disk);
  if (history === undefined) {
    return {
      accesses: [],
      incomplete: [{ cause: 'ambiguous-path', detail: 'symbolic links changed too often' }],
    };
  }
  const { root, disk, trackerFiles } = options;
  const foresight = new Foresight();
  const paths = new TaskPaths(root, disk, history, foresight, table, trackerFiles);
  const resolver = new PathResolver(history);
  const steps = resolveSteps(records, table, resolver, foresight, (record, process) => {
    takeUndecodable(paths, resolver, record, process);
  });
  const proc = new ProcLinks(paths);
  const lost = new Set<string>();
  const isExplained = explainedSteps(options.explained ?? [], records, table);
  for (const step of steps) if (!isExplained(step)) take(paths, proc, lost, step);
  proc.settle(steps);
  return { accesses: paths.close(), incomplete: paths.incomplete };
}

/** `lost`: links whose text is gone and that were reported already. */
function take(paths: TaskPaths, proc: ProcLinks, lost: Set<string>, step: Step): void {
  const { record, process, where, where2 } = step;
  paths.moment = record.sequence;
  const touch: Touch = { sequence: BigInt(record.sequence), process };
  if (record.op === Op.PROCESS) {
    paths.execute(record.path, touch);
    return;
  }
  for (const place of where2 === undefined ? [where] : [where, where2]) {
    paths.followLinks(place, touch);
    if (place.lostLink !== undefined) {
      // Through a link whose text is gone everything may have been reached.
      if (!lost.has(place.lostLink)) {
        lost.add(place.lostLink);
        paths.report(
          'ambiguous-path',
          record,
          process,
          `${record.path}: ${place.lostLink} was a symbolic link`,
        );
      }
      return;
    }
    for (const directory of place.backedOutOf ?? []) {
      // If something was found behind it, it was there, whatever else is known.
      const kind = place === where && hasFound(step) ? 'directory' : paths.kindAt(directory);
      paths.look(directory, kind, touch);
      if (kind === 'directory') continue;
      lookAtFirst(paths, step, place, touch);
      return;
    }
    if (place.loop) {
      paths.look(place.path, 'symlink', touch);
      lookAtFirst(paths, step, place, touch);
      return;
    }
  }
  if (where.procLink !== undefined && !proc.take(record, process, where.procLink)) return;
  if (paths.isTracker(where.path)) return;
  if (failsForSlash(paths, step)) {
    paths.look(where.path, paths.seen(step), touch);
    if (where2 !== undefined) paths.look(where2.path, paths.kindAt(where2.path), touch);
    // How it fails tells whether there is a directory to make it in.
    for (const { path } of where2 === undefined ? [where] : [where, where2]) {
      const parent = parentOf(path);
      if (paths.kindAt(path) !== 'absent' || parent === paths.root) continue;
      paths.look(parent, paths.kindAt(parent), touch);
    }
    return;
  }
  switch (record.op) {
    case Op.OPEN:
      takeOpen(paths, step, touch);
      break;
    case Op.STAT:
    case Op.XATTR:
    case Op.WATCH: {
      const state = paths.look(where.path, paths.seen(step), touch);
      const isShown = record.op !== Op.STAT || (record.aux & STAT_EXISTENCE) === 0;
      if (state !== undefined && isShown) paths.ledger.inspect(state, touch);
      break;
    }
    case Op.CHDIR:
      paths.look(where.path, paths.seen(step), touch);
      break;
    case Op.CONTENT:
      if (paths.isInside(where.path)) {
        const state = paths.ledger.at(where.path);
        paths.tell(state, 'file', touch);
        paths.ledger.keepContent(state, record.content!);
      }
      break;
    case Op.READLINK:
      takeReadlink(paths, step, touch);
      break;
    case Op.LIST:
      if (paths.isInside(where.path)) {
        const state = paths.told(step);
        paths.ledger.list(state, touch);
      }
      break;
    case Op.EXEC:
      takeExec(paths, step, touch);
      break;
    case Op.RENAME:
      takeRename(paths, step, touch);
      break;
    case Op.UNLINK:
      takeUnlink(paths, step, touch);
      break;
    case Op.MKDIR:
      takeCreation(paths, step, touch, 'directory');
      break;
    case Op.SYMLINK:
      takeCreation(paths, step, touch, 'symlink');
      break;
    case Op.MKNOD:
      takeCreation(paths, step, touch, 'other');
      break;
    case Op.LINK:
      takeLink(paths, step, touch);
      break;
    case Op.TRUNCATE:
      takeTruncate(paths, step, touch);
      break;
    case Op.ATTR:
      takeAttributes(paths, step, touch);
      break;
  }
}

/** How a call fails whose second path leads nowhere depends on what is at the first. */
function lookAtFirst(paths: TaskPaths, step: Step, place: Step['where'], touch: Touch): void {
  if (place === step.where2) paths.look(step.where.path, paths.seen(step), touch);
}

/** Whether the record saw something at its path. */
function hasFound({ record }: Step): boolean {
  const kind = kinds[record.before];
  return kind !== undefined && kind !== 'absent';
}

/**
 * With a slash behind it, a name leads nowhere unless it is that of a directory; only mkdir and the
 * renaming of a directory make something of a name that is free.
 */
function failsForSlash(paths: TaskPaths, step: Step): boolean {
  const { record, where2 } = step;
  const isDirectory = paths.seen(step) === 'directory';
  if (where2 !== undefined && asksForDirectory(record.path2)) {
    if (record.op !== Op.RENAME || !isDirectory) return true;
  }
  return asksForDirectory(record.path) && !isDirectory && record.op !== Op.MKDIR;
}
