import type { WorkspacePath } from '../../../cache/brands.js';
import { IGNORED_PATHS } from '../../../cache/ignored.js';
import type { Ignored, IgnoredBy, IgnoredPart } from '../../../cache/ignored.js';
import type { PathAccess, Touch } from '../../tracker/task-trace.js';
import type { IgnoreReport, PathRelevance } from './path-relevance.js';

/** What the task's processes reported, resolved to the workspace. */
export interface IgnoreReports {
  readonly ignoredInputs: readonly IgnoreReport[];
  readonly ignoredOutputs: readonly IgnoreReport[];
}

/**
 * What the task touched and the result leaves out, by the rule that says so; reports also where
 * nothing was touched. `accesses` are sorted by path.
 */
export function findIgnored(
  accesses: readonly { readonly path: WorkspacePath; readonly access: PathAccess }[],
  relevance: PathRelevance,
  { ignoredInputs, ignoredOutputs }: IgnoreReports,
): readonly Ignored[] {
  const found = new Map<IgnoredPart, Map<IgnoredBy, Found>>([
    ['reads', new Map(ignoredInputs.map((by) => [by, { paths: [], more: 0 }]))],
    ['contents', new Map()],
    ['writes', new Map(ignoredOutputs.map((by) => [by, { paths: [], more: 0 }]))],
  ]);
  const add = (part: IgnoredPart, by: IgnoredBy, path: WorkspacePath, { process }: Touch): void => {
    const rules = found.get(part)!;
    let rule = rules.get(by);
    if (rule === undefined) rules.set(by, (rule = { paths: [], more: 0 }));
    if (rule.paths.length < IGNORED_PATHS) rule.paths.push({ path, process });
    else rule.more++;
  };
  for (const { path, access } of accesses) {
    const looked = firstTouch(
      access.contentRead,
      access.probed,
      access.listed,
      access.linkFollowed,
    );
    const notInput = looked && relevance.notInputBy(path);
    if (looked && notInput !== undefined) add('reads', notInput, path, looked);
    else if (access.contentRead !== undefined && relevance.isExistenceOnly(path)) {
      add('contents', packageManager, path, access.contentRead);
    }
    const notOutput = access.written && path !== '' ? relevance.notOutputBy(path) : undefined;
    if (access.written && notOutput !== undefined) add('writes', notOutput, path, access.written);
  }
  return [...found].flatMap(([part, rules]) =>
    [...rules].map(([by, { paths, more }]) => ({ part, by, paths, more })),
  );
}

interface Found {
  readonly paths: { path: WorkspacePath; process: number }[];
  more: number;
}

const packageManager: IgnoredBy = { kind: 'package-manager' };

function firstTouch(...touches: readonly (Touch | undefined)[]): Touch | undefined {
  let first: Touch | undefined;
  for (const touch of touches) {
    if (touch && (first === undefined || touch.sequence < first.sequence)) first = touch;
  }
  return first;
}
