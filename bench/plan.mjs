// What planning costs: `vt run` in a generated workspace of 2,000 packages against `node -e 0`, run in
// turns so that the machine's moods meet both. The task planned is `false` in every package, so that the
// first step ends the run: start-up, reading the workspace, the plan, and one process that fails.
// Prints a markdown table of processor time and of paired ratios (medians, and minima of times).
//
//   node bench/plan.mjs [--rounds N] [--packages N]
//
// Needs the built vt (dist/vt.cjs).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateWorkspace } from './generate-workspace.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const vt = path.join(root, 'dist/vt.cjs');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    packages: { type: 'string', default: '2000' },
  },
});
const rounds = Number(options.rounds);
const packages = Number(options.packages);
const scratch = mkdtempSync(path.join(tmpdir(), 'vt-bench-plan-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const scripts = path.join(scratch, 'scripts');
const tasks = path.join(scratch, 'tasks');
const last = generateWorkspace(scripts, { packages });
generateWorkspace(tasks, { packages, tasks: true, manager: 'npm' });

/** name, arguments after `vt run`, workspace, expected exit code */
const rows = [
  ['one package, no other named', ['stop'], path.join(scripts, 'packages/g0/p0'), 1],
  [`-F ${last} (all packages read)`, ['-F', last, 'stop'], scripts, 1],
  ['-r, scripts, pnpm', ['-r', 'stop'], scripts, 1],
  ['-r, tasks of vite-task.json, npm', ['-r', 'stop'], tasks, 1],
  [`-F ${last}... (nearly all)`, ['-F', `${last}...`, 'stop'], tasks, 1],
];

function run(args, cwd, expected) {
  const started = process.hrtime.bigint();
  // The shell knows what its child used of the processor.
  const timed = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT=%U+%S; time "$@" >/dev/null 2>/dev/null', 'bash', process.execPath, ...args],
    {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    },
  );
  const wall = Number(process.hrtime.bigint() - started) / 1e6;
  if (timed.status !== expected)
    throw new Error(`node ${args.join(' ')}: ${timed.status} ${timed.stderr}`);
  const [user = 0, system = 0] = (timed.stderr.trim().split('\n').at(-1) ?? '')
    .split('+')
    .map(Number);
  return { wall, cpu: (user + system) * 1000 };
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

console.log(`${packages} packages, ${rounds} rounds, node ${process.version}\n`);
console.log('| vt run | time / node -e 0 | processor time / node -e 0 | beyond start-up, least |');
console.log('| --- | --- | --- | --- |');
for (const [name, args, cwd, expected] of rows) {
  const pairs = Array.from({ length: rounds }, () => ({
    bare: run(['-e', '0'], cwd, 0),
    vt: run([vt, 'run', ...args], cwd, expected),
  }));
  const ratio = (of) =>
    median(pairs.map((pair) => pair.vt[of] / Math.max(1, pair.bare[of]))).toFixed(1);
  const least = (of) => Math.min(...pairs.map((pair) => of(pair)));
  const beyond = least((pair) => pair.vt.wall) - least((pair) => pair.bare.wall);
  console.log(`| ${name} | ${ratio('wall')} | ${ratio('cpu')} | ${beyond.toFixed(0)} ms |`);
}
