// What benchmarks have in common: running a command and knowing what it took, in turns with others so
// that the machine's moods meet all of them, and saying so in a table.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const scratch = mkdtempSync(path.join(tmpdir(), 'vt-measure-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const output = path.join(scratch, 'output');

/** GNU time knows what a process and its descendants had in memory at most. */
const gnuTime = existsSync('/usr/bin/time');

/**
 * Runs a command to its end, its output into a file. Throws when it fails.
 *
 * @returns {{ wall: number, output: string }} milliseconds, and what it printed
 */
export function run(argv, { cwd, env = process.env, memory = false } = {}) {
  const file = openSync(output, 'w');
  const timed = memory && gnuTime;
  const measured = path.join(scratch, 'memory');
  const [program, ...args] = timed ? ['/usr/bin/time', '-f', '%M', '-o', measured, ...argv] : argv;
  const started = process.hrtime.bigint();
  const { status, signal, error } = spawnSync(program, args, {
    cwd,
    env,
    stdio: ['ignore', file, file],
  });
  const wall = Number(process.hrtime.bigint() - started) / 1e6;
  closeSync(file);
  const text = readFileSync(output, 'utf8');
  if (error !== undefined || status !== 0) {
    throw new Error(
      `${argv.join(' ')} in ${cwd}: ${error ?? signal ?? status}\n${text.slice(-2000)}`,
    );
  }
  const megabytes = timed ? Number(readFileSync(measured, 'utf8').trim()) / 1024 : undefined;
  return { wall, output: text, megabytes };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and the quartiles around it. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { median: median(numbers), low: at(0.25), high: at(0.75) };
}

/**
 * Measures several things in turns: in each round every one once, the first of them as the others'
 * measure. Each is a function that returns milliseconds; `name` to function.
 *
 * @returns {Record<string, number[]>} milliseconds of each round
 */
export function inTurns(things, rounds) {
  const times = Object.fromEntries(Object.keys(things).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(things)) times[name].push(measure());
  }
  return times;
}

/** Ratios of paired times, as `1.43 (1.40–1.51)`. */
export function ratioText(times, floor, digits = 2) {
  const { median, low, high } = spread(times.map((time, round) => time / floor[round]));
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** A table of markdown, its columns as wide as what is in them. */
export function table(head, rows) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length)),
  );
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
