import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { NonConforming, Unsupported } from './finding.js';
import { operationLine, parseAnswer } from './operation.js';
import type { Answer, Operation } from './operation.js';

/** Milliseconds without an answer after which a client hangs: none takes a hundredth of it. */
const PATIENCE = 60_000;

/** Most bytes of a client's standard error that are kept for the report. */
const MOST_STDERR = 4096;

/** How a driver ended. */
export interface DriverEnding {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A running driver: the program that is given operations line by line and answers each. */
export class Driver {
  readonly #child: ChildProcess;
  readonly #waiting: { take: (line: string) => void; fail: (error: Error) => void }[] = [];
  readonly #ended: Promise<DriverEnding>;
  readonly #ready: Promise<void>;
  #stderr = '';

  /**
   * Starts it where `vt conformance` was started, as the command may say relative to that, and
   * then sends it to its own directory.
   *
   * @param argv the driver's command
   * @param options.directory absolute
   * @param fd3 a descriptor that becomes its descriptor 3; it stays the caller's
   */
  constructor(
    argv: readonly [string, ...string[]],
    options: {
      readonly directory: string;
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly fd3: number | undefined;
    },
  ) {
    const [program, ...args] = argv;
    const { directory, env, fd3 } = options;
    this.#child = spawn(program, args, {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'pipe', ...(fd3 === undefined ? [] : [fd3])],
    });
    this.#child.stdin?.on('error', () => undefined); // its end is told by `close`
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, MOST_STDERR);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#waiting.shift()?.take(line);
      });
    }
    this.#ended = this.#end();
    // Whoever waits for an answer is told; nobody need be listening here.
    this.#ended.catch(() => undefined);
    this.#ready = this.#go(directory);
    this.#ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Tells it what to do and waits for its answer. May be called again before it answered.
   *
   * @throws NonConforming if it ends, answers nonsense or not at all; Unsupported if it says so
   */
  async tell(operation: Operation): Promise<Answer> {
    const line = operationLine(operation);
    let patience: NodeJS.Timeout | undefined;
    try {
      const answered = await new Promise<string>((take, fail) => {
        this.#waiting.push({ take, fail });
        patience = setTimeout(() => {
          fail(new NonConforming(`no answer to \`${shorten(line)}\`: the client hangs`));
        }, PATIENCE);
        this.#child.stdin?.write(`${line}\n`);
      });
      const answer = parseAnswer(answered);
      if (answer === 'unsupported') throw new Unsupported(operation.do);
      if (answer === undefined) {
        throw new NonConforming(
          `\`${shorten(line)}\` was answered with \`${shorten(answered)}\`, which is no answer`,
        );
      }
      return answer;
    } finally {
      clearTimeout(patience);
    }
  }

  /** Waits until it has started. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** Tells it that there is nothing more, and waits for its end, which must be an orderly one. */
  async finish(): Promise<void> {
    await this.#ready;
    this.#child.stdin?.end();
    let patience: NodeJS.Timeout | undefined;
    const hanging = new Promise<never>((_, fail) => {
      patience = setTimeout(() => {
        fail(new NonConforming('it does not end when its input does'));
      }, PATIENCE);
    });
    try {
      const { code, signal, stderr } = await Promise.race([this.#ended, hanging]);
      if (code !== 0) throw new NonConforming(`it ended with ${signal ?? `code ${code}`}`, stderr);
      if (stderr !== '') throw new NonConforming('it printed to standard error', stderr);
    } finally {
      clearTimeout(patience);
    }
  }

  /** Ends it at once, as a task may end at any moment. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => undefined);
  }

  /** Where a language cannot go there, the cases that need it say that they could not be tried. */
  async #go(directory: string): Promise<void> {
    try {
      await this.tell({ do: 'chdir', path: directory });
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
    }
  }

  async #end(): Promise<DriverEnding> {
    try {
      // `close` comes after `exit`, when what it had printed has arrived.
      const [code, signal] = (await once(this.#child, 'close')) as [
        number | null,
        NodeJS.Signals | null,
      ];
      const stderr = this.#stderr;
      for (const { fail } of this.#waiting.splice(0)) {
        fail(new NonConforming(`it ended with ${signal ?? `code ${code}`} unasked`, stderr));
      }
      return { code, signal, stderr };
    } catch (error) {
      const failure = new NonConforming(`it cannot be started: ${(error as Error).message}`);
      for (const { fail } of this.#waiting.splice(0)) fail(failure);
      throw failure;
    }
  }
}

function shorten(line: string): string {
  return line.length <= 80 ? line : `${line.slice(0, 77)}...`;
}
