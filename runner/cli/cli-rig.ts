import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { CleanOutcome } from '../../cache/clean-cache.js';
import type { Outcome } from '../execute/outcome.js';
import type { Execution } from '../plan/execution.js';
import { main } from './main.js';
import type { ExecutorOptions, Exit, ReportRequest } from './services.js';

const success = { kind: 'exited', code: 0 } as const;

/** For tests: a workspace, and services that record what they are asked and answer as the test says. */
export class CliRig {
  readonly root: string;
  readonly executions: Execution[] = [];
  readonly reports: ReportRequest[] = [];
  readonly cleaned: string[] = [];
  options: ExecutorOptions | undefined;
  closed = 0;
  stdout = '';
  stderr = '';
  isTTY = false;
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
        stdout: { isTTY: this.isTTY, write: (text) => void (this.stdout += text) },
        stderr: { isTTY: this.isTTY, write: (text) => void (this.stderr += text) },
        capture: this.isTTY ? 'terminal' : 'pipes',
        cwd: path.join(this.root, this.directory),
        env: { PATH: '/usr/bin:/bin', TERM: 'dumb', ...this.env },
      },
      {
        version: '1.2.3',
        nodeClient: '/nowhere/vt-client.cjs',
        createExecutor: (options) => {
          this.options = options;
          return {
            run: (planned, events) => {
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
              events.decided(outcome.status);
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
          return this.cleanOutcome;
        },
        report: (request) => {
          this.reports.push(request);
          return Promise.resolve(3);
        },
      },
    );
  }
}

/** The exit by a code. */
export function code(number: number): Exit {
  return { kind: 'code', code: number };
}
