import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { nativePaths, readTaskTrace } from '../load-tracker.js';
import type { TaskTrace } from '../task-trace.js';
import { Flag } from '../trace-format.js';
import { readTraceFile } from '../trace-reader.js';
import { compareDisks, forgetReadings, lookAtDisk, type DiskOpinion } from './disk-opinion.js';
import type { ToolWorkspace } from './tool-workspace.js';

/** What one run of a tool left. */
export interface TracedRun {
  readonly trace: TaskTrace;
  /** How many records the shim made itself. */
  readonly shimRecords: number;
  readonly disk: DiskOpinion;
  readonly stdout: string;
}

/** What is run. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs a command in a workspace made anew, under the tracker: with a shim, or with the filter alone.
 * Throws unless it exits with 0.
 */
export function runTraced(
  workspace: ToolWorkspace,
  { argv, env }: Command,
  shim: string | undefined,
): TracedRun {
  const native = nativePaths();
  if (native.kind !== 'available') throw new Error('check untraceable() first');
  workspace.plantAnew();
  forgetReadings(workspace.root);
  const before = lookAtDisk(workspace.root);
  forgetReadings(workspace.root);
  const log = join(workspace.place, 'trace');
  rmSync(log, { force: true });
  const options = ['--control', '3', '--trace', log, '--grace', '5000'];
  if (shim !== undefined) options.push('--shim', shim);
  const { status, output } = spawnSync(native.launcher, [...options, '--', ...argv], {
    cwd: workspace.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
  const [, stdout, stderr, control] = output.map(String);
  if (status !== 0 || !control!.includes('"exited":{"code":0}')) {
    throw new Error(`${argv.join(' ')}: ${status} ${control}\n${stdout}\n${stderr}`);
  }
  // Before the trace is read: its reader looks at the disk too.
  const disk = compareDisks(before, lookAtDisk(workspace.root));
  const trace = readTaskTrace(log, workspace.root as AbsolutePath);
  const { records } = readTraceFile(log);
  const shimRecords = records.filter(({ flags }) => flags & Flag.SHIM).length;
  return { trace, shimRecords, disk, stdout: stdout! };
}
