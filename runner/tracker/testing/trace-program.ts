import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { nativePaths, readTaskTrace } from '../load-tracker.js';
import type { TaskTrace } from '../task-trace.js';

/** Why programs cannot be traced here; false when they can. */
export function untraceable(): string | false {
  const native = nativePaths();
  return native.kind === 'available' ? false : (native.reason.detail ?? native.reason.cause);
}

/** A directory that programs are run in, with their traces read. */
export class TracedWorkspace {
  readonly #place = realpathSync(mkdtempSync(join(tmpdir(), 'vt-trace-')));
  readonly root = join(this.#place, 'ws') as AbsolutePath;

  constructor() {
    mkdirSync(this.root);
  }

  /** Runs a program under the tracker, to its end. Fails unless it exits with 0. */
  trace(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): TaskTrace {
    const native = nativePaths();
    if (native.kind !== 'available') throw new Error('check untraceable() first');
    const log = join(this.#place, 'trace');
    rmSync(log, { force: true });
    const options = ['--control', '3', '--trace', log, '--grace', '5000'];
    if (native.shim !== undefined) options.push('--shim', native.shim);
    const { status, output } = spawnSync(native.launcher, [...options, '--', ...argv], {
      cwd: this.root,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const [, , stderr, control] = output;
    if (status !== 0 || !String(control).includes('"exited":{"code":0}'))
      throw new Error(`${argv.join(' ')}: ${status}\n${String(stderr)}\n${String(control)}`);
    return readTaskTrace(log, this.root);
  }

  dispose(): void {
    rmSync(this.#place, { recursive: true });
  }
}

/** Whether a program is on PATH. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}
