import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { CleanOutcome } from '../../cache/clean-cache.js';
import type { Surroundings } from '../execute/executor.js';
import type { Outcome } from '../execute/outcome.js';
import type { Execution } from '../plan/execution.js';
import type { OutputStream } from '../report/output.js';
import { main } from './main.js';
import type { Keyboard } from './select/keyboard.js';
import type { ExecutorOptions, Exit, ReportRequest } from './services.js';

const success = { kind: 'exited', code: 0 } as const;

/** For tests: a workspace, and services that record what they are asked and answer as the test says. */
export class CliRig {
  readonly root: string;
  readonly executions: Execution[] = [];
  readonly reports: ReportRequest[] = [];
  readonly cleaned: string[] = [];
  options: ExecutorOptions | undefined;
  /** Of the last execution. */
  surroundings: Surroundings | undefined;
  closed = 0;
  stdout = '';
  stderr = '';
  isTTY = false;
  keyboard: Keyboard | undefined;
  /** Where vt is started, below `root`. */
  directory = '.';
  env: Record<string, string> = {};
  cleanOutcome: CleanOutcome = { kind: 'cleaned', stores: 1 };
  /** By program; anything else is a first run that succeeds. */
  outcomes: Record<string, Partial<Outcome>> = {};

  constructor(t: TestContext, files: Record<string, string> = {}) {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-cli-')));
    t.after(() => {
      rmSync(this.root, { recursive: true });
    });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(this.root, name)), { recursive: true });
      writeFileSync(path.join(this.root, name), text);
    }
  }

  async vt(...argv: string[]): Promise<Exit> {
    this.stdout = this.stderr = '';
    this.executions.length = 0;
    return main(
      argv,
      {
        stdout: recorded(this.isTTY, (text) => void (this.stdout += text)),
        stderr: recorded(this.isTTY, (text) => void (this.stderr += text)),
        capture: this.isTTY ? 'terminal' : 'pipes',
        cwd: path.join(this.root, this.directory),
        env: { PATH: '/usr/bin:/bin', TERM: 'dumb', ...this.env },
      },
      {
        version: '1.2.3',
        nodeClient: '/nowhere/vt-client.cjs',
        keyboard: () => Promise.resolve(this.keyboard),
        createExecutor: (options) => {
          this.options = options;
          return {
            run: (planned, surroundings, events) => {
              this.surroundings = surroundings;
              this.executions.push(planned.execution);
              const outcome: Outcome = {
                status:
                  planned.execution.cache === undefined
                    ? { kind: 'disabled', because: planned.execution.uncachedBecause }
                    : { kind: 'first-run' },
                ending: success,
                duration: 10,
                saved: 0,
                ...this.outcomes[planned.execution.argv[0]],
              };
              // As the signal that stopped it would have done.
              if (outcome.stopped !== undefined) surroundings.stopping.stop(outcome.stopped);
              events.decided({ status: outcome.status, inherits: false });
              return Promise.resolve(outcome);
            },
            close: () => {
              this.closed++;
              return Promise.resolve();
            },
          };
        },
        cleanCache: (directory) => {
          this.cleaned.push(directory);
          return Promise.resolve(this.cleanOutcome);
        },
        report: (request) => {
          this.reports.push(request);
          return Promise.resolve(3);
        },
      },
    );
  }
}

function recorded(isTTY: boolean, write: (text: string) => void): OutputStream {
  return {
    isTTY,
    write,
    send: (bytes) => {
      write(Buffer.from(bytes).toString());
      return undefined;
    },
    flushed: () => Promise.resolve(),
  };
}

/** The exit by a code. */
export function code(number: number): Exit {
  return { kind: 'code', code: number };
}
