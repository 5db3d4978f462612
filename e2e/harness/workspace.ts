import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Root of the project under test; this file is compiled to build/e2e/harness. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The built command under test, as its users start it. */
export const vtProgram = path.join(projectRoot, 'dist/vt');

/** What it starts in Node when it cannot answer by itself. */
export const vtPath = path.join(projectRoot, 'dist/vt.cjs');

/** How a command ended and all it printed. */
export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** With a terminal, stdout and stderr are one stream and arrive here, line ends as `\n`. */
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, stdout first: for looking for a text wherever it was printed. */
  readonly all: string;
}

export interface RunOptions {
  /** Variables added to the small environment commands get here; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory inside the workspace. */
  readonly cwd?: string;
  /** Run in a pseudo-terminal (util-linux `script`) instead of with pipes. */
  readonly terminal?: boolean;
  /** Leave standard input to the test; default: it is at its end. */
  readonly input?: 'open';
}

/** A command that may still run. */
export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
}

/** A throw-away directory that a test treats as a user's workspace. Removed after the test. */
export class Workspace {
  readonly root: string;

  constructor(t: TestContext, files: Readonly<Record<string, string>> = {}) {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-e2e-')));
    t.after(() => {
      rmSync(this.root, { recursive: true, force: true });
    });
    this.write(files);
  }

  path(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  script(name: string, text: string): void {
    this.write({ [name]: text });
    chmodSync(this.path(name), 0o755);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  exists(name: string): boolean {
    return existsSync(this.path(name));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  /** Copies a file or tree from elsewhere into the workspace; symlinks stay as they are. */
  copyIn(source: string, name: string): void {
    cpSync(source, this.path(name), { recursive: true, verbatimSymlinks: true });
  }

  /** Every file below `name` with its bytes, for comparing two states of a tree. */
  snapshot(name: string): Map<string, string> {
    if (!this.exists(name)) return new Map();
    const entries = readdirSync(this.path(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    return new Map(
      entries.map((file) => [path.relative(this.root, file), readFileSync(file, 'latin1')]),
    );
  }

  /** Runs the built `vt`. */
  vt(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.run([vtProgram, ...args], options);
  }

  /** Runs any command with the same small environment, for comparison with `vt exec -- command`. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.start(argv, options).finished;
  }

  /** Starts the built `vt`, for tests that do something while it runs. */
  startVt(args: readonly string[], options: RunOptions = {}): Started {
    return this.start([vtProgram, ...args], options);
  }

  /** Starts any command. */
  start(argv: readonly string[], options: RunOptions = {}): Started {
    const [program, ...args] = options.terminal ? inTerminal(argv) : argv;
    if (program === undefined) throw new Error('start() needs a command');
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...smallEnvironment(), ...options.env })) {
      if (value !== undefined) env[name] = value;
    }
    const child = spawn(program, args, {
      cwd: options.cwd === undefined ? this.root : this.path(options.cwd),
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {}); // a command that does not read its input
    if (options.input !== 'open') child.stdin.end();
    return { child, finished: outcome(child, options.terminal === true) };
  }
}

async function outcome(
  child: ChildProcessWithoutNullStreams,
  terminal: boolean,
): Promise<Finished> {
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...ending) => {
        resolve(ending);
      });
    },
  );
  const out = terminal ? stdout().replaceAll('\r\n', '\n') : stdout();
  return { code, signal, stdout: out, stderr: stderr(), all: out + stderr() };
}

/** The least that real tools need; nothing of the developer's own environment leaks into a test. */
function smallEnvironment(): Record<string, string | undefined> {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TMPDIR: process.env['TMPDIR'],
    LANG: 'C.UTF-8',
  };
}

function inTerminal(argv: readonly string[]): string[] {
  const quoted = argv.map((argument) => `'${argument.replaceAll("'", `'\\''`)}'`).join(' ');
  return ['script', '--quiet', '--return', '--flush', '--command', quoted, '/dev/null'];
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
