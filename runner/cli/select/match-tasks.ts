import { distance } from 'fastest-levenshtein';
import type { ListedTask } from '../../plan/run/list-tasks.js';
import { fuzzyScore } from './fuzzy-score.js';

/** Finds the tasks that a few typed characters mean. */
export type MatchTasks = (query: string) => readonly ListedTask[];

/** Edits that a misspelt name may be away from the task that is meant. */
const FAR = 3;

/** More points than any name has. */
const BY_NAME = 1e6;

/**
 * Matches by name as fuzzy finders do: the characters of the query in order, best first. Where that finds
 * nothing, the names that differ by the fewest letters. The tasks of one package stay together, those of the
 * package vt was started in first, unless the query has a `#` and so names a package.
 */
export function taskMatcher(tasks: readonly ListedTask[]): MatchTasks {
  return (typed) => {
    const query = typed.replaceAll(/\s+/g, '');
    if (query === '') return tasks;
    const found = tasks
      .map((task) => ({ task, score: scoreOf(query, task) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ task }) => task);
    const near = found.length > 0 ? found : misspelt(query, tasks);
    return byPackage(near, !query.includes('#'));
  };
}

/** Who types `test` means a task, also where a package is called so. */
function scoreOf(query: string, task: ListedTask): number {
  const ofName = fuzzyScore(query, task.task);
  return ofName > 0 ? BY_NAME + ofName : fuzzyScore(query, qualified(task));
}

function qualified(task: ListedTask): string {
  return `${task.package.label}#${task.task}`;
}

function misspelt(query: string, tasks: readonly ListedTask[]): readonly ListedTask[] {
  const written = query.toLowerCase();
  const nameOf = query.includes('#') ? qualified : (task: ListedTask) => task.task;
  const edits = tasks.map((task) => distance(written, nameOf(task).toLowerCase()));
  const fewest = edits.reduce((least, some) => Math.min(least, some), Infinity);
  if (fewest > Math.min(FAR, query.length / 2)) return [];
  return tasks.filter((_, index) => edits[index] === fewest);
}

function byPackage(found: readonly ListedTask[], homeFirst: boolean): readonly ListedTask[] {
  const groups = new Map<string, ListedTask[]>();
  for (const task of found) {
    const group = groups.get(task.package.path);
    if (group === undefined) groups.set(task.package.path, [task]);
    else group.push(task);
  }
  const isHome = (group: readonly ListedTask[]): boolean => group[0]?.package.isHome === true;
  const sorted = [...groups.values()];
  return homeFirst
    ? [...sorted.filter(isHome), ...sorted.filter((group) => !isHome(group))].flat()
    : sorted.flat();
}
