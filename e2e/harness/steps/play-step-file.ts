import { spawn } from 'node:child_process';
import path from 'node:path';
import { vtPath, type Workspace } from '../workspace.js';
import { keySequence } from './keys.js';
import { withPlaceholders } from './placeholders.js';
import { processesIn } from './processes-in.js';
import { endingLines, streamLines, type Ending } from './result-lines.js';
import type { Expectation, Instruction, StepFile } from './step-file.js';
import { TerminalSession } from './terminal-session.js';

export interface Stage {
  readonly workspace: Workspace;
  /** An empty directory, the user's home. */
  readonly home: string;
  /** A directory with `vt` in it. */
  readonly bin: string;
  /** Take what is seen instead of waiting for what is expected. */
  readonly recording: boolean;
}

/** Does what a step file says; returns what was seen in each of its places. */
export async function playStepFile(
  { instructions }: Pick<StepFile, 'instructions'>,
  stage: Stage,
): Promise<ReadonlyMap<Expectation, readonly string[]>> {
  const player = new Player(stage);
  try {
    for (const instruction of instructions) await player.play(instruction);
    await player.expectNobodyLeft();
  } finally {
    player.close();
  }
  return player.seen;
}

/** Programs are found in the same order on every machine: `vt cache show` names them by path. */
const systemPath = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

class Player {
  readonly seen = new Map<Expectation, readonly string[]>();
  readonly #stage: Stage;
  #terminal: Extract<Instruction, { kind: 'terminal' }> | undefined;
  #session: TerminalSession | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async play(instruction: Instruction): Promise<void> {
    const { workspace } = this.#stage;
    switch (instruction.kind) {
      case 'file':
        if (instruction.executable) workspace.script(instruction.name, instruction.content);
        else workspace.write({ [instruction.name]: instruction.content });
        return;
      case 'terminal':
        this.#terminal = instruction;
        return;
      case 'start':
        return this.#start(instruction);
      case 'wait':
        return this.#running().printed(instruction.text);
      case 'press':
        for (const key of instruction.keys) this.#running().write(keySequence(key));
        return;
      case 'type':
        this.#running().write(instruction.text);
        return;
      case 'resize':
        this.#running().resize(instruction.size);
        return;
      case 'screen':
        return this.#screen(instruction.expectation);
      case 'end':
        return this.#end(instruction.ending);
    }
  }

  async #start({ command, ending }: Extract<Instruction, { kind: 'start' }>): Promise<void> {
    const argv = ['sh', '-c', command];
    const { workspace } = this.#stage;
    const size = this.#terminal?.size;
    if (size !== undefined) {
      const env = { ...this.#environment(), TERM: 'xterm-256color' };
      this.#session = new TerminalSession(argv, workspace.root, env, size);
      if (ending !== undefined) await this.#end(ending);
    } else {
      if (ending === undefined) throw new Error('what is attended needs a terminal');
      this.#note(ending, await runWithPipes(argv, workspace.root, this.#environment()));
    }
  }

  async #screen(expectation: Expectation): Promise<void> {
    const session = this.#running();
    const linesOf = (screen: string): readonly string[] => streamLines('|', this.#named(screen));
    if (this.#stage.recording) {
      await session.quiet();
    } else {
      const expected = expectation.lines.join('\n');
      await session.shows((screen) => linesOf(screen).join('\n') === expected);
    }
    this.seen.set(expectation, linesOf(session.screen()));
  }

  async #end(ending: Expectation): Promise<void> {
    const session = this.#running();
    this.#note(ending, await session.end(this.#terminal?.raw === true));
    this.#session = undefined;
  }

  #note(expectation: Expectation, { stdout, stderr, exit }: Ending): void {
    this.seen.set(
      expectation,
      endingLines({ stdout: this.#named(stdout), stderr: this.#named(stderr), exit }),
    );
  }

  #named(text: string): string {
    const { workspace, home, bin } = this.#stage;
    return withPlaceholders(text, {
      workspace: workspace.root,
      home,
      dist: path.dirname(vtPath),
      bin,
    });
  }

  #running(): TerminalSession {
    if (this.#session === undefined) throw new Error('no command is running');
    return this.#session;
  }

  /** Nothing of the developer's own environment leaks into a step file. */
  #environment(): NodeJS.ProcessEnv {
    const { bin, home } = this.#stage;
    return {
      PATH: [bin, path.dirname(process.execPath), ...systemPath].join(path.delimiter),
      HOME: home,
      TMPDIR: process.env['TMPDIR'],
      LANG: 'C.UTF-8',
      // In one order, so that there is one text; step files about more say so.
      VP_RUN_CONCURRENCY_LIMIT: '1',
    };
  }

  /** What a step started must be gone at the end: a process that works in the workspace is left over. */
  async expectNobodyLeft(): Promise<void> {
    while (processesIn(this.#stage.workspace.root).length > 0) {
      // The deadline of the test names who stays.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What is to be seen now of a command that has not ended. */
  close(): void {
    this.#session?.close();
  }
}

function runWithPipes(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ending> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({
        stdout: Buffer.concat(chunks.stdout).toString('utf8'),
        stderr: Buffer.concat(chunks.stderr).toString('utf8'),
        exit: code ?? signal ?? 'SIGKILL',
      });
    });
  });
}
