import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { OutputChunk } from '../../../cache/stored-run.js';
import type { TaskTrace } from '../../tracker/task-trace.js';
import type { Ending, OnOutput, RunningTask, TaskCommand } from '../task-process.js';
import { deferred } from './deferred.js';
import { openPseudoTerminal } from './pseudo-terminal.js';
import type { TaskTracker } from './start-task.js';
import { startTask } from './start-task.js';

const native = fileURLToPath(new URL('../../../../dist/native/', import.meta.url));

/** The built launcher with a reader that only passes on what the launcher said; undefined if not built. */
export function builtTracker(grace?: number): TaskTracker | undefined {
  const launcher = join(native, 'vt-launch');
  if (!existsSync(launcher)) return undefined;
  return {
    launcher,
    ...(grace === undefined ? {} : { grace }),
    readTrace: (path, survivors, untracked) => {
      const incomplete: TaskTrace['incomplete'] = [
        ...survivors.map((pid) => ({ cause: 'survivors' as const, pid })),
        ...(untracked === undefined ? [] : [{ cause: 'no-listener' as const, detail: untracked }]),
        ...(existsSync(path) ? [] : [{ cause: 'log-damaged' as const }]),
      ];
      return Promise.resolve({ processes: [], accesses: [], incomplete });
    },
  };
}

/** Why tests with a terminal must be skipped; false where they need not be. */
export async function whyNoTerminal(): Promise<string | false> {
  const probe = await openPseudoTerminal(80, 24);
  if (probe === undefined) return 'no pseudo-terminal can be had here';
  closeSync(probe.master);
  closeSync(probe.hold);
  probe.forget();
  return false;
}

export interface RunOptions {
  readonly tracker?: TaskTracker | undefined;
  readonly output?: TaskCommand['output'];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A directory made by {@link makeRunDirectory} and used again, instead of a new one for this run. */
  readonly directory?: string;
  /** Takes the place of the collecting receiver. */
  readonly onOutput?: OnOutput;
}

export interface Outcome {
  readonly ending: Ending;
  readonly trace: TaskTrace;
  /** Everything delivered up to the end of `trace`, by stream. */
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: string;
  readonly bytes: number;
}

/** A started task whose output is collected. */
export interface Subject {
  readonly task: RunningTask;
  /** Resolves when the output so far contains `text`. */
  printed(text: string): Promise<void>;
  /** Resolves when the task is over in every way. */
  outcome(): Promise<Outcome>;
}

/** A private directory for runs, with these FIFOs in it. */
export function makeRunDirectory(fifos: readonly string[]): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vt-process-test-')));
  execFileSync(
    'mkfifo',
    fifos.map((name) => join(directory, name)),
  );
  return directory;
}

/** Starts one task in a directory of its own, removed with `outcome`. */
export function startSubject(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Subject {
  const directory = options.directory ?? makeRunDirectory(['q']);
  const channel = join(directory, 'q');
  const channelEnd = openSync(channel, constants.O_RDONLY | constants.O_NONBLOCK);
  const collected: OutputChunk[] = [];
  const waiting = new Map<string, () => void>();
  const collect: OnOutput = (chunk) => {
    collected.push(chunk);
    if (waiting.size === 0) return;
    const all = textOf(collected);
    for (const [text, resolve] of waiting) if (all.includes(text)) resolve();
  };
  const command: TaskCommand = {
    argv,
    cwd: (options.cwd ?? directory) as AbsolutePath,
    env: options.env ?? { PATH: process.env['PATH'] ?? '' },
    output: options.output ?? 'pipes',
    channel,
    runDirectory: directory,
  };
  const task = startTask(command, options.tracker, options.onOutput ?? collect);
  return {
    task,
    async printed(text) {
      const seen = deferred<undefined>();
      waiting.set(text, () => {
        seen.resolve(undefined);
      });
      if (textOf(collected).includes(text)) return;
      const over = task.ended.then((ending) => {
        throw new Error(`ended (${JSON.stringify(ending)}) without printing ${text}`);
      });
      await Promise.race([seen.promise, over]);
      over.catch(() => undefined);
    },
    async outcome() {
      try {
        const ending = await task.ended;
        const trace = await task.trace;
        const only = (stream: string) =>
          textOf(collected.filter((chunk) => chunk.stream === stream));
        return {
          ending,
          trace,
          stdout: only('stdout'),
          stderr: only('stderr'),
          terminal: only('terminal'),
          bytes: collected.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
        };
      } finally {
        closeSync(channelEnd);
        if (options.directory === undefined) rmSync(directory, { recursive: true });
        else rmSync(join(directory, 'trace'), { force: true });
      }
    },
  };
}

/** Runs one task to its very end. */
export function runSubject(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<Outcome> {
  return startSubject(argv, options).outcome();
}

export const terminal = { terminal: { columns: 100, rows: 30 } } as const;

function textOf(chunks: readonly OutputChunk[]): string {
  return Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString();
}
