import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';
import xterm from '@xterm/headless';
import type { Ending } from './result-lines.js';
import type { Size } from './step-file.js';

/**
 * The two functions of node-pty used here. Its `spawn` gives up reading a little after the program's end,
 * whether or not all has come.
 */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number };
  resize(master: number, columns: number, rows: number): void;
}
const { native } = createRequire(import.meta.url)('node-pty') as { native: NativePty };

/** A command that runs in a pseudo-terminal of its own, seen through a terminal emulator. */
export class TerminalSession {
  readonly #screen: xterm.Terminal;
  readonly #master: number;
  readonly #stream: ReadStream;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending['exit']>;
  readonly #read: Promise<void>;
  #bytes = '';
  /** How much of the bytes, without control sequences, `seen` has gone by. */
  #passed = 0;
  #isOver = false;
  #wake: (() => void)[] = [];

  constructor(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv, size: Size) {
    const { master, slave } = native.open(size.columns, size.rows);
    this.#master = master;
    this.#screen = new xterm.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: 10_000,
      allowProposedApi: true,
    });
    // A session whose terminal this is, as a shell in a window has it.
    this.#child = spawn('setsid', ['--ctty', ...argv], { cwd, env, stdio: [slave, slave, slave] });
    closeSync(slave);
    this.#ended = once(this.#child, 'exit').then(
      ([code, signal]) => (code ?? signal) as Ending['exit'],
    );
    this.#stream = new ReadStream(master);
    this.#stream.setEncoding('utf8');
    this.#screen.onData((answer) => {
      this.write(answer);
    });
    this.#stream.on('data', (chunk: string) => {
      this.#bytes += chunk;
      this.#screen.write(chunk, () => {
        this.#changed();
      });
    });
    this.#read = new Promise((resolve) => {
      // The last process that had the terminal open is gone: EIO after all that was written, or an end
      // of file, if its going and its last words are noticed at once.
      this.#stream.on('error', () => {});
      this.#stream.on('close', () => {
        this.#screen.write('', () => {
          this.#isOver = true;
          this.#changed();
          resolve();
        });
      });
    });
  }

  write(text: string): void {
    if (!this.#isOver) this.#stream.write(text);
  }

  resize({ columns, rows }: Size): void {
    this.#screen.resize(columns, rows);
    native.resize(this.#master, columns, rows);
  }

  /** Resolves when a text has been printed after the one that was waited for before. */
  async printed(text: string): Promise<void> {
    await this.#until(() => {
      const plain = withoutSequences(this.#bytes);
      const found = plain.indexOf(text, this.#passed);
      if (found !== -1) this.#passed = found + text.length;
      return found !== -1;
    }, `"${text}" was not printed`);
  }

  /** Resolves when the screen shows what satisfies `isWanted`; false when the command ended before. */
  async shows(isWanted: (screen: string) => boolean): Promise<boolean> {
    while (!isWanted(this.screen())) {
      if (this.#isOver) return false;
      await this.#change();
    }
    return true;
  }

  /** Resolves when nothing has been printed for a while. For recording only: a test must not guess. */
  async quiet(): Promise<void> {
    for (let before = ''; before !== this.#bytes;) {
      before = this.#bytes;
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }

  /** What is to be seen now, without empty lines at its end. */
  screen(): string {
    return this.#lines(this.#screen.buffer.active.viewportY);
  }

  /** What was to be seen from first to last, or the bytes. */
  async end(raw: boolean): Promise<Ending> {
    const exit = await this.#ended;
    await this.#read;
    return {
      stdout: raw ? this.#bytes.replaceAll('\r\n', '\n') : this.#lines(0),
      stderr: '',
      exit,
    };
  }

  /** Ends whatever still runs in it. */
  close(): void {
    if (this.#isOver) return;
    if (this.#child.pid !== undefined) {
      try {
        process.kill(-this.#child.pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
    this.#stream.destroy();
  }

  #lines(from: number): string {
    const { active } = this.#screen.buffer;
    const lines: string[] = [];
    for (let row = from; row < active.length; row++) {
      lines.push(active.getLine(row)?.translateToString(true) ?? '');
    }
    const text = lines.join('\n').replace(/\n+$/, '');
    return text === '' ? '' : `${text}\n`;
  }

  async #until(holds: () => boolean, otherwise: string): Promise<void> {
    while (!holds()) {
      if (this.#isOver)
        throw new Error(`${otherwise} before the command ended:\n${this.#lines(0)}`);
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function withoutSequences(bytes: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return bytes.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g, '');
}
