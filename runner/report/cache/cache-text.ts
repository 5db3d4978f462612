import type { CacheLimits } from '../../../cache/cache-limits.js';
import type { Collection } from '../../../cache/collect-garbage.js';
import type { EntryDetails, EntrySummary, Statistics } from '../../../cache/manage/manager.js';
import { durationText } from '../duration-text.js';
import { momentText } from '../explain/moment-text.js';
import { processText } from '../explain/observer-text.js';
import { ignoredLines, observationLines, outputLines, shortName } from '../explain/result-lines.js';
import { ageText } from './age-text.js';
import { sizeText } from './size-text.js';

const DAY = 24 * 60 * 60 * 1000;

/** What `vt cache stats` prints; `now` in milliseconds since the epoch. */
export function statisticsText(
  directory: string,
  statistics: Statistics,
  limits: CacheLimits,
  now: number,
): string {
  const { entries, tasks, hits, files, bytes, indexBytes, oldestUse, lastCollection } = statistics;
  const age = limits.maxAge === Infinity ? 'none' : `${round(limits.maxAge / DAY)} days`;
  const size = limits.maxBytes === Infinity ? 'none' : sizeText(limits.maxBytes);
  const rows: [string, string][] = [
    ['directory', directory],
    ['results', `${entries} of ${count(tasks, 'task')}, restored ${count(hits, 'time')}`],
    ['files', `${files}, ${sizeText(bytes)}`],
    ['index', sizeText(indexBytes)],
    ['limits', `size ${size}, age ${age}`],
    ['least recent use', oldestUse === undefined ? 'none' : ageText(now - oldestUse)],
    ['last collection', ageText(now - lastCollection)],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(18)}${value}\n`).join('');
}

/** What `vt cache ls` prints. */
export function entryListText(entries: readonly EntrySummary[], now: number): string {
  if (entries.length === 0) return 'no results\n';
  const rows = entries.map(({ name, task, bytes, used, hits }) => [
    shortName(name),
    sizeText(bytes),
    ageText(now - used),
    String(hits),
    task === undefined ? '(damaged)' : oneLine(task),
  ]);
  const head = ['ENTRY', 'SIZE', 'USED', 'HITS', 'TASK'];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 4 ? cell : cell.padEnd(widths[column]!))).join('  ');
  return [head, ...rows].map((row) => `${line(row)}\n`).join('');
}

/** What `vt cache show` prints. */
export function entryText({ summary, result, printed }: EntryDetails, now: number): string {
  const { key, processes } = result;
  const rows: [string, string][] = [
    ['entry', result.name],
    ['task', result.task],
    ['command', [key.program, ...key.args].join(' ')],
    ['directory', key.cwd === '' ? 'workspace root' : key.cwd],
    ['variables', key.env.map(({ name }) => name).join(', ') || 'none'],
    ['untracked', key.untrackedEnv.join(', ') || 'none'],
    ['input', key.inputConfig],
    ['output', key.outputConfig],
    ['stored', momentText(result.stored)],
    ['used', `${ageText(now - summary.used)}, restored ${count(summary.hits, 'time')}`],
    ['took', durationText(result.duration)],
    ['size', sizeText(summary.bytes)],
    ['printed', printed === undefined ? 'damaged' : printedText(printed)],
  ];
  const lists: [string, readonly string[]][] = [
    ['depends on', observationLines(result, true)],
    ['outputs', outputLines(result, true)],
    ['left out', ignoredLines(result, { origin: undefined, cwd: '' })],
    ['processes', processes.map((_, index) => processText(processes, index))],
  ];
  return [
    ...rows.map(([name, value]) => `${`${name}:`.padEnd(11)}${value}`),
    ...lists.flatMap(([name, lines]) => [
      `${name}:${lines.length === 0 ? ' nothing' : ` (${lines.length})`}`,
      ...lines.map((text) => `  ${text}`),
    ]),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** What `vt cache gc` prints. */
export function collectionText(collection: Collection): string {
  const { evicted, removedBlobs, freedBytes, removedStores } = collection;
  const { remainingEntries, remainingBytes } = collection;
  const total = evicted.age + evicted.size + evicted.damage;
  const reasons = [
    ...(evicted.age > 0 ? [`${evicted.age} too old`] : []),
    ...(evicted.size > 0 ? [`${evicted.size} for room`] : []),
    ...(evicted.damage > 0 ? [`${evicted.damage} damaged`] : []),
  ].join(', ');
  const because = reasons === '' ? '' : ` (${reasons})`;
  const stores =
    removedStores === 0 ? '' : ` and ${count(removedStores, 'store')} of other versions`;
  return `vt: removed ${count(total, 'result')}${because}, ${count(removedBlobs, 'file')}${stores}: ${sizeText(freedBytes)} freed\nvt: ${count(remainingEntries, 'result')} left, ${sizeText(remainingBytes)}\n`;
}

function printedText({ stdout, stderr, terminal }: NonNullable<EntryDetails['printed']>): string {
  const parts = [
    ...(stdout > 0 ? [`${sizeText(stdout)} to stdout`] : []),
    ...(stderr > 0 ? [`${sizeText(stderr)} to stderr`] : []),
    ...(terminal > 0 ? [`${sizeText(terminal)} to a terminal`] : []),
  ];
  return parts.join(', ') || 'nothing';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
