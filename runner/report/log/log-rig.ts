import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { OutputChunk } from '../../../cache/stored-run.js';
import type { CacheStatus, Outcome } from '../../execute/outcome.js';
import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import type { OutputDemand } from '../../execute/task-process.js';
import type { Plan, PlannedExecution } from '../../plan/plan.js';
import type { OutputStream } from '../output.js';
import type { LogOptions } from './log-options.js';

/** For tests: a log of steps `a#build`, `b#build` …, and what it has shown. */
export class LogRig {
  out = '';
  err = '';
  /** Both in one, as in a terminal. */
  all = '';
  /** What the streams answer. */
  demand: OutputDemand | Promise<OutputDemand>;
  readonly log: RunEvents;

  constructor(
    make: (options: LogOptions) => RunEvents,
    isTTY = false,
    env: LogOptions['env'] = { TERM: 'dumb' },
  ) {
    const stream = (key: 'out' | 'err'): OutputStream => {
      const write = (text: string): void => {
        this[key] += text;
        this.all += text;
      };
      return {
        isTTY,
        write,
        send: (bytes) => {
          write(Buffer.from(bytes).toString());
          return this.demand;
        },
        flushed: () => Promise.resolve(),
      };
    };
    this.log = make({
      plan: planOf(['a', 'b', 'c']),
      stdout: stream('out'),
      stderr: stream('err'),
      env,
    });
  }

  began(step: StepIndex, status: CacheStatus = { kind: 'first-run' }): void {
    this.log.began(step, { status, inherits: false });
  }

  wrote(step: StepIndex, text: string, stream: OutputChunk['stream'] = 'stdout'): unknown {
    return this.log.wrote(step, { stream, bytes: Buffer.from(text) });
  }

  ended(step: StepIndex, parts: Partial<Outcome> = {}): void | Promise<void> {
    return this.log.ended(step, outcomeOf(parts));
  }
}

/** For tests: a text with its control characters to be read. */
export function visible(text: string): string {
  return text.replaceAll('\x1b', '␛').replaceAll('\r', '␍');
}

/** A first run that succeeded, but for these parts. */
function outcomeOf(parts: Partial<Outcome>): Outcome {
  return {
    status: { kind: 'first-run' },
    ending: { kind: 'exited', code: 0 },
    duration: 1,
    saved: 0,
    ...parts,
  };
}

/** For tests: a plan of tasks `a#build`, `b#build` …, none of which waits for another. */
export function planOf(names: readonly string[]): Plan {
  const workspaceRoot = '/w' as AbsolutePath;
  return {
    workspaceRoot,
    tasks: names.map((name) => ({ name: `${name}#build`, package: name as WorkspacePath })),
    pools: [{ limit: 4, within: undefined }],
    steps: names.map((name, task) => ({
      planned: {
        execution: {
          task: `${name}#build`,
          command: `build ${name}`,
          argv: ['build', name],
          cwd: `/w/${name}` as AbsolutePath,
          workspaceRoot,
          env: {},
          capture: 'pipes',
          cache: undefined,
        },
      } as unknown as PlannedExecution,
      task,
      needs: [],
      follows: [],
      pool: 0,
      continues: false,
    })),
  };
}
