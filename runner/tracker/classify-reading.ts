import { create } from './classify-creation.js';
import type { TaskPaths } from './task-paths.js';
import type { Touch } from './task-trace.js';
import { OpenFlag, RESULT_UNKNOWN } from './trace-format.js';
import { hasFailed, type Step } from './trace-steps.js';

export function takeOpen(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const flags = record.aux;
  const mode = flags & OpenFlag.ACCESS_MODE;
  const truncates = (flags & OpenFlag.TRUNC) !== 0;
  const creates = (flags & OpenFlag.CREAT) !== 0;
  const kind = paths.seen(step);
  const failed = hasFailed(record);
  if (flags & OpenFlag.PATH) {
    if (kind === 'symlink') return takeReadlink(paths, step, touch);
    const state = paths.look(where.path, kind, touch);
    if (state !== undefined && kind === 'file' && !failed) {
      state.handle ??= touch;
      paths.ledger.inspect(state, touch);
    }
    return;
  }
  if ((flags & OpenFlag.TMPFILE) !== 0) {
    paths.look(where.path, kind, touch);
    return;
  }
  const writes = mode !== 0 || truncates;
  if (creates && kind === 'absent') {
    // Truncating what may be there does not tell whether it was there.
    create(paths, step, touch, 'file', !truncates || (flags & OpenFlag.EXCL) !== 0);
    return;
  }
  if (!paths.isInside(where.path)) {
    if (writes && !failed) paths.madeOutside.add(where.path);
    return;
  }
  if (kind !== 'file' || failed || (creates && flags & OpenFlag.EXCL) || !writes) {
    const state = paths.look(where.path, kind, touch);
    const reads = (kind === 'file' || kind === 'other') && mode !== OpenFlag.WRONLY;
    if (state !== undefined && reads && !failed && !(creates && flags & OpenFlag.EXCL)) {
      paths.ledger.readContent(state, touch);
    }
    return;
  }
  const state = paths.told(step);
  if (record.result === RESULT_UNKNOWN && isRefused(paths, where.path)) {
    if (paths.foresight.attributes.has(where.path)) paths.ledger.doubt(state, touch);
    else paths.ledger.probe(state, touch);
    return;
  }
  paths.lookAbove(where.path, touch);
  // A file that is made has a mode of its own; one that is there keeps its.
  if (!creates || paths.disk.executable(where.path)) paths.ledger.probe(state, touch);
  // Without O_TRUNC what is not overwritten of the old content stays, and is part of the result.
  if (!truncates) paths.ledger.readContent(state, touch);
  paths.ledger.writeInPlace(state, touch, true);
}

/** Still there, and not writable: opening it for writing has failed, if its mode was the same. */
function isRefused(paths: TaskPaths, path: string): boolean {
  return paths.disk.entry(path).kind === 'file' && !paths.disk.writable(path);
}

export function takeReadlink(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  if (!paths.isInside(where.path)) return;
  const state = paths.told(step);
  if (paths.seen(step) !== 'symlink') {
    paths.ledger.probe(state, touch);
    return;
  }
  const link = paths.history.linkAt(where.path, record.sequence);
  if (link.kind === 'link') paths.ledger.followLink(state, touch, link.target);
  else if (!state.own) paths.ledger.doubt(state, touch);
}

export function takeExec(paths: TaskPaths, step: Step, touch: Touch): void {
  const { record, where } = step;
  const kind = paths.seen(step);
  paths.look(where.path, kind, touch);
  if (kind !== 'file') return;
  if (!hasFailed(record)) paths.execute(where.path, touch);
  // Refused as no program, or for want of its interpreter: it was read nevertheless.
  else if (paths.isInside(where.path)) paths.ledger.readContent(paths.told(step), touch);
}
