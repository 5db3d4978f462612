import type { AbsolutePath } from '../../../cache/brands.js';
import type { BeforeChange } from '../../../cache/stored-run.js';
import type { PathAccess, Touch } from '../../tracker/task-trace.js';
import type { PathRelevance } from './path-relevance.js';
import { below } from './workspace-accesses.js';
import type { SeenPath } from './workspace-accesses.js';

/** Why it is not known what a file held before the task changed it. */
type Unknown = { readonly failure: 'changed' | 'too-large' | 'unreadable' | 'unseen' };

/**
 * The touch by which the task learned what a file is or holds that it then changed, where the
 * file is an input. A look at its size and times counts as one at its content: tools decide by them.
 */
export function learnedBeforeChange(
  { path, access }: SeenPath,
  relevance: PathRelevance,
): Touch | undefined {
  if (access.written === undefined || access.before !== 'file') return undefined;
  if (!relevance.isInput(path) || relevance.isExistenceOnly(path)) return undefined;
  return access.contentRead ?? access.inspected;
}

/** What a file was before the task changed it. */
export function stateBefore(
  { contentBefore, movedTo }: PathAccess,
  root: AbsolutePath,
): BeforeChange | Unknown {
  if (contentBefore !== undefined) return contentBefore;
  const place = movedTo === undefined ? undefined : below(root, movedTo);
  return place === undefined ? { failure: 'unseen' } : { movedTo: place };
}
