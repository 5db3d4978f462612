import type { KindAt, PathState } from './path-ledger.js';
import { parentOf, type TaskPaths } from './task-paths.js';
import type { Touch } from './task-trace.js';
import { RENAME_EXCHANGE, RENAME_NOREPLACE, RESULT_UNKNOWN } from './trace-format.js';
import { hasFailed, kinds, type Step } from './trace-steps.js';

export function takeRename(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const target = step.where2!;
  const kind = paths.seen(step);
  const kind2 = kinds[record.before2] ?? paths.kindAt(target.path);
  const sourceState = paths.look(where.path, kind, touch);
  const targetState = paths.isInside(target.path) ? paths.ledger.at(target.path) : undefined;
  if (targetState !== undefined) paths.ledger.tell(targetState, kind2);
  if (where.path === target.path) return;
  if (record.aux & RENAME_EXCHANGE) {
    if (kind !== 'absent' && kind2 !== 'absent' && !hasFailed(record)) {
      exchange(paths, sourceState, targetState, kind, kind2, touch);
    } else if (targetState !== undefined) paths.ledger.probe(targetState, touch);
    return;
  }
  const isDirectory = kind === 'directory';
  const parent = parentOf(target.path);
  paths.concedeDirectory(parent);
  const hasNoPlace = kind2 === 'absent' && paths.kindAt(parent) !== 'directory';
  const clashes =
    kind2 !== 'absent' &&
    ((record.aux & RENAME_NOREPLACE) !== 0 || isDirectory !== (kind2 === 'directory'));
  if (kind === 'absent') {
    // Both directories are looked up first: how it fails tells of the target's, too.
    if (parent !== paths.root) paths.look(parent, paths.kindAt(parent), touch);
    return;
  }
  if (hasNoPlace && paths.history.placeNow(parent, record.sequence) !== parent) {
    // It was moved, and what became of it there does not tell whether it was here.
    if (sourceState) paths.ledger.doubt(sourceState, touch);
    if (targetState) paths.ledger.doubt(targetState, touch);
    return;
  }
  if (hasNoPlace && (hasFailed(record) || record.result === RESULT_UNKNOWN)) {
    paths.look(parent, paths.kindAt(parent), touch);
    return;
  }
  const intoItself =
    target.path.startsWith(`${where.path}/`) || where.path.startsWith(`${target.path}/`);
  if (hasFailed(record) || clashes || intoItself) {
    if (targetState === undefined) return;
    paths.ledger.probe(targetState, touch);
    // A directory is not replaced unless it is empty.
    if (isDirectory && kind2 === 'directory') paths.ledger.list(targetState, touch);
    return;
  }
  if (targetState !== undefined && (record.aux & RENAME_NOREPLACE) !== 0) {
    paths.ledger.probe(targetState, touch);
  }
  if (record.result === RESULT_UNKNOWN && paths.stays(where.path, record, kind)) {
    // The source is there after the run.
    if (!paths.foresight.creations.has(where.path)) {
      if (isDirectory && kind2 === 'directory' && targetState) {
        paths.ledger.list(targetState, touch);
      }
      return;
    }
    const arrived =
      paths.stays(target.path, record, kind) ||
      (paths.foresight.lastSeen.get(target.path) ?? -1) > record.sequence;
    if (kind2 !== 'absent' || !arrived) {
      if (sourceState) paths.ledger.doubt(sourceState, touch);
      if (targetState) paths.ledger.doubt(targetState, touch);
      return;
    }
  }
  if (sourceState === undefined && targetState === undefined) {
    paths.madeOutside.add(target.path);
    return;
  }
  if (targetState === undefined) paths.madeOutside.add(target.path);
  else if (isDirectory && kind2 === 'directory') paths.ledger.list(targetState, touch);
  if (!hasNoPlace) paths.lookAbove(target.path, touch);
  paths.ledger.move(
    sourceState ?? where.path,
    targetState ?? target.path,
    touch,
    kind,
    paths.history.placeNow(target.path, record.sequence + 0.5),
  );
}

function exchange(
  paths: TaskPaths,
  a: PathState | undefined,
  b: PathState | undefined,
  kindA: KindAt,
  kindB: KindAt,
  touch: Touch,
): void {
  for (const state of [a, b]) {
    if (state === undefined) continue;
    // What is below two exchanged directories, and a symlink's text, is not followed any further.
    if (kindA !== 'file' || kindB !== 'file' || a === undefined || b === undefined) {
      paths.ledger.doubt(state, touch);
      continue;
    }
    paths.ledger.probe(state, touch);
    paths.ledger.readContent(state, touch);
    paths.ledger.write(state, touch, 'file', true);
  }
}
