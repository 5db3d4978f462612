import type { KindAt } from './path-ledger.js';
import { parentOf, type TaskPaths } from './task-paths.js';
import type { Touch } from './task-trace.js';
import { RESULT_UNKNOWN } from './trace-format.js';
import { hasFailed, type Step } from './trace-steps.js';

export function takeCreation(paths: TaskPaths, step: Step, touch: Touch, made: KindAt): void {
  if (paths.seen(step) === 'absent') create(paths, step, touch, made, true);
  else paths.look(step.where.path, paths.seen(step), touch);
}

/** Something is created where nothing was. `tells`: its success shows that nothing was there. */
export function create(
  paths: TaskPaths,
  step: Step,
  touch: Touch,
  made: KindAt,
  tells: boolean,
): void {
  const { record, where } = step;
  const parent = parentOf(where.path);
  paths.concedeDirectory(parent);
  const parentKind = paths.kindAt(parent);
  const hasNoPlace = parentKind !== 'directory';
  if (!paths.isInside(where.path)) {
    paths.madeOutside.add(where.path);
    return;
  }
  const state = paths.told(step);
  // Through a dangling symlink: the record saw the link, not what is behind it.
  state.before ??= 'absent';
  if (hasFailed(record) || (record.result === RESULT_UNKNOWN && hasNoPlace)) {
    if (hasNoPlace) paths.look(parent, parentKind, touch);
    else paths.ledger.probe(state, touch);
    state.attempted ??= touch;
    return;
  }
  if (!hasNoPlace) paths.lookAbove(where.path, touch);
  if (tells) paths.ledger.probe(state, touch);
  paths.ledger.write(state, touch, made, true);
}
