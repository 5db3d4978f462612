import { takeReadlink } from './classify-reading.js';
import { parentOf, type TaskPaths } from './task-paths.js';
import type { Touch } from './task-trace.js';
import { AT_REMOVEDIR, RESULT_UNKNOWN } from './trace-format.js';
import { hasFailed, kinds, type Step } from './trace-steps.js';

export function takeUnlink(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const kind = paths.seen(step);
  if (!paths.isInside(where.path)) return;
  const state = paths.told(step);
  const directory = (record.aux & AT_REMOVEDIR) !== 0;
  paths.ledger.probe(state, touch);
  if (kind === 'absent' || directory !== (kind === 'directory')) return;
  if (hasFailed(record)) {
    // Usually because it was not empty.
    if (directory) paths.ledger.list(state, touch);
    return;
  }
  if (record.result === RESULT_UNKNOWN) {
    const stays = paths.stays(where.path, record, kind);
    if (stays && !paths.foresight.creations.has(where.path)) {
      if (directory) paths.ledger.list(state, touch);
      return;
    }
    if (directory) {
      paths.ledger.list(state, touch);
      // It may have failed here and succeeded in a later call the log left out as equal.
      paths.ledger.write(state, touch, 'directory', false);
      return;
    }
  }
  // It was empty by then: what had been in it, the task has taken out of it.
  if (directory) paths.ledger.list(state, touch);
  paths.ledger.write(state, touch, 'absent', true);
}

export function takeTruncate(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const kind = paths.seen(step);
  const state = paths.look(where.path, kind, touch);
  if (state === undefined || kind !== 'file' || hasFailed(record)) return;
  paths.ledger.readContent(state, touch);
  paths.ledger.writeInPlace(state, touch, true);
}

/** A file is kept as content and mode, so a new mode makes a result of the old content. */
export function takeAttributes(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const kind = paths.seen(step);
  const state = paths.look(where.path, kind, touch);
  if (state === undefined || kind === 'absent' || hasFailed(record)) return;
  if (state.own && state.origin === undefined) return;
  if (kind === 'file') paths.ledger.readContent(state, touch);
  if (kind === 'symlink') takeReadlink(paths, step, touch);
  state.written ??= touch;
}

export function takeLink(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const target = step.where2!;
  const kind = where.procLink === undefined ? paths.seen(step) : 'file';
  const source = paths.look(where.path, kind, touch);
  const kind2 = kinds[record.before2] ?? paths.kindAt(target.path);
  const parent = parentOf(target.path);
  paths.concedeDirectory(parent);
  const hasNoPlace = paths.kindAt(parent) !== 'directory';
  const isRefused = kind === 'absent' || kind === 'directory' || kind2 !== 'absent';
  if (!paths.isInside(target.path)) {
    if (!isRefused) paths.madeOutside.add(target.path);
    return;
  }
  if (isRefused || hasFailed(record) || hasNoPlace) {
    if (kind2 === 'absent' && hasNoPlace) paths.look(parent, paths.kindAt(parent), touch);
    else {
      // How it fails tells that there was a directory to make it in.
      if (kind2 === 'absent') paths.lookAbove(target.path, touch);
      paths.look(target.path, kind2, touch);
    }
    if (kind !== 'absent' && kind2 === 'absent') paths.ledger.at(target.path).attempted ??= touch;
    return;
  }
  paths.lookAbove(target.path, touch);
  const state = paths.look(target.path, kind2, touch)!;
  paths.ledger.link(source, state, touch, kind);
}
