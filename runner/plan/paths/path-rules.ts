import type { WorkspacePath } from '../../../cache/brands.js';
import { checkGlob } from '../../config/check-glob.js';
import type { PathEntry } from '../../config/task-definition.js';
import type { WrittenGlob } from '../execution-origin.js';
import type { PathRules } from '../execution.js';
import { expandBraces } from '../../workspace/glob/expand-braces.js';
import { escapeGlob } from '../../workspace/glob/glob-matcher.js';
import type { PlanProblem } from '../plan-problem.js';
import type { Sink } from '../../config/sink.js';

/**
 * Turns `input` or `output` entries into rules whose globs are relative to the workspace.
 *
 * @param base the directory, relative to the workspace, that `base: "package"` globs are relative to.
 * @param root physical path of the workspace, for problems only.
 */
export function resolvePathRules(
  entries: readonly PathEntry[],
  base: WorkspacePath,
  root: string,
  problems: Sink<PlanProblem>,
): PathRules {
  const include = new Set<string>();
  const exclude = new Set<string>();
  let auto = false;
  for (const entry of entries) {
    if (entry.kind === 'auto') {
      auto = entry.auto;
      continue;
    }
    const negative = entry.pattern.startsWith('!');
    const written = negative ? entry.pattern.slice(1) : entry.pattern;
    const reason = checkGlob(written);
    if (reason !== undefined) {
      problems.push({ kind: 'bad-glob', pattern: entry.pattern, reason, at: entry.at });
      continue;
    }
    // Braces first: an alternative may hold `..` and slashes of its own.
    for (const alternative of expandBraces(written)) {
      const glob = resolveGlob(alternative, entry.base === 'package' ? base : '');
      if (glob === undefined) {
        const { pattern, at } = entry;
        problems.push({ kind: 'pattern-outside-workspace', pattern, root, at });
      } else {
        (negative ? exclude : include).add(glob);
      }
    }
  }
  return { auto, include: [...include].sort(), exclude: [...exclude].sort() };
}

/** The globs among `entries` that `resolvePathRules` takes, with where they are written. */
export function writtenGlobs(
  field: WrittenGlob['field'],
  entries: readonly PathEntry[],
  base: WorkspacePath,
): readonly WrittenGlob[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'auto') return [];
    const excludes = entry.pattern.startsWith('!');
    const written = excludes ? entry.pattern.slice(1) : entry.pattern;
    if (checkGlob(written) !== undefined) return [];
    return expandBraces(written).flatMap((alternative): WrittenGlob[] => {
      const resolved = resolveGlob(alternative, entry.base === 'package' ? base : '');
      if (resolved === undefined) return [];
      return [{ field, written: entry.pattern, resolved, excludes, at: entry.at }];
    });
  });
}

/** The canonical JSON of rules that a key holds. */
export function pathRulesKey({ auto, include, exclude }: PathRules): string {
  return JSON.stringify({ auto, include, exclude });
}

/** Relative to the workspace, without `.` and `..`; a trailing `/` means the subtree. */
function resolveGlob(glob: string, base: string): string | undefined {
  if (glob.startsWith('/')) return undefined;
  const subtree = glob.endsWith('/');
  const resolved = base === '' ? [] : base.split('/').map(escapeGlob);
  for (const segment of glob.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') resolved.push(segment);
    else if (resolved.length === 0 || resolved.at(-1) === '**') return undefined;
    else resolved.pop();
  }
  if (subtree || resolved.length === 0) resolved.push('**');
  return resolved.join('/');
}
