import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Edit, PropertyCase, Step, Task } from './property-case.js';
import { becomeTree, describeItem, looksSame, readTree, type Item, type Tree } from './tree.js';

/** How a command ended and what it printed. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Where and how a command is run. */
export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The programs a case is run with. */
export interface Programs {
  /** Runs `vt` with arguments. */
  readonly vt: (argv: readonly string[], place: Place) => Promise<Ended>;
  /** The same, for what runs at the same time. */
  readonly otherVt: Programs['vt'];
  readonly actor: string;
  readonly staticActor: string;
  /** How often each run is repeated at once, so that one that hits is answered without Node at last. */
  readonly repeats: number;
}

/** How often what happened in runs under vt. */
export interface Tally {
  hit: number;
  stored: number;
  /** By reason. */
  notCached: Map<string, number>;
  failed: number;
  /** Hits that were answered without Node. */
  answered: number;
}

export interface Failure {
  /** Index of the run in the case's steps. */
  readonly step: number;
  readonly differences: readonly string[];
  /** vt's own lines. */
  readonly said: string;
}

/** What a command did. */
interface Result extends Ended {
  readonly tree: Tree;
}

/**
 * Runs a case in a workspace of its own, and compares each run under vt with a bare run of the same
 * command in the same state. Undefined when they never differ.
 */
export async function runCase(
  { tasks, steps }: PropertyCase,
  programs: Programs,
  tally: Tally,
): Promise<Failure | undefined> {
  const place = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-property-')));
  try {
    const workspace = new CaseWorkspace(place, programs);
    const states = new Map<number, Tree>();
    for (const [index, step] of steps.entries()) {
      if ('edit' in step) workspace.edit(step.edit);
      else if ('disturbed' in step) {
        await workspace.disturb(step, tasks);
      } else if ('back' in step) {
        const state = states.get(step.back);
        if (state !== undefined) becomeTree(workspace.root, state);
      } else {
        const task = tasks[step.run]!;
        if (!workspace.has(task.cwd)) continue;
        states.set(step.name, readTree(workspace.root));
        for (let time = 0; time <= programs.repeats && workspace.has(task.cwd); time++) {
          const failure = await workspace.compare(step.run, task, tally);
          if (failure !== undefined) return { step: index, ...failure };
        }
      }
    }
    return undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

class CaseWorkspace {
  readonly root: string;
  /** The root is some levels below: paths that lead out of it arrive in a place of their own. */
  readonly #around: string;
  readonly #aside: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #bareResults = new Map<string, Result>();
  /** By task: what it made where nothing was, as it left it last. */
  readonly #made = new Map<number, Map<string, Item>>();

  constructor(
    place: string,
    private readonly programs: Programs,
  ) {
    this.#around = path.join(place, 'around');
    this.root = path.join(this.#around, 'u/v/w');
    this.#aside = path.join(place, 'aside');
    mkdirSync(this.root, { recursive: true });
    // Makes this the workspace whatever the task's working directory is.
    writeFileSync(path.join(this.root, 'package.json'), '{}');
    this.#env = { PATH: process.env['PATH'] ?? '', VT_CACHE_DIR: path.join(place, 'cache') };
  }

  has(directory: string): boolean {
    const place = path.join(this.root, directory);
    // The command's directory is part of its key as it is written.
    return existsSync(place) && statSync(place).isDirectory() && realpathSync(place) === place;
  }

  edit(edit: Edit): void {
    try {
      this.#edit(edit);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    }
  }

  #edit([kind, name, ...rest]: Edit): void {
    const file = path.join(this.root, name);
    const [first = ''] = rest;
    switch (kind) {
      case 'file':
        if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true) return;
        return writeFileSync(file, first);
      case 'replace':
        writeFileSync(`${file}~`, first);
        try {
          return renameSync(`${file}~`, file);
        } finally {
          rmSync(`${file}~`, { force: true });
        }
      case 'script':
        rmSync(file, { force: true });
        writeFileSync(
          file,
          [`#!${this.programs.actor}`, ...rest].join('\n').replaceAll('@', this.root),
        );
        return chmodSync(file, 0o755);
      case 'symlink':
        rmSync(file, { recursive: true, force: true });
        return symlinkSync(first.replace('@', this.root), file);
      case 'hardlink':
        rmSync(path.join(this.root, first), { force: true });
        return linkSync(file, path.join(this.root, first));
      case 'directory':
        return mkdirSync(file);
      case 'remove':
        return rmSync(file, { recursive: true, force: true });
      case 'rename':
        return renameSync(file, path.join(this.root, first));
      case 'mode':
        return chmodSync(file, first === 'x' ? 0o755 : 0o644);
      case 'touch':
        return utimesSync(file, 1, 1);
    }
  }

  /** Runs a task bare and under vt. Undefined when both did the same. */
  async compare(
    index: number,
    task: Task,
    tally: Tally,
  ): Promise<Omit<Failure, 'step'> | undefined> {
    const before = readTree(this.root);
    const bare = await this.#runBare(index, task, before);
    this.#clearBeside();
    const { said, ...under } = splitLines(
      await this.#run(
        (place) => this.programs.vt(['exec', '--', ...this.#command(task)], place),
        task.cwd,
      ),
    );
    const isHit = count(said, bare, tally);
    if (isHit && this.#wasAnswered()) tally.answered++;
    const made = this.#made.get(index) ?? new Map<string, Item>();
    const differences: string[] = [];
    for (const part of ['stdout', 'stderr', 'code', 'signal'] as const) {
      if (bare[part] === under[part]) continue;
      differences.push(
        `${part}: ${JSON.stringify(bare[part])} bare, ${JSON.stringify(under[part])} under vt`,
      );
    }
    for (const place of new Set([...bare.tree.keys(), ...under.tree.keys()])) {
      const [expected, actual] = [bare.tree.get(place), under.tree.get(place)];
      if (looksSame(expected, actual)) continue;
      // A restored result takes along what the task itself made earlier and would not make now.
      const own = made.get(place);
      if (isHit && !actual && own && looksSame(own, expected)) continue;
      differences.push(
        `${place}: ${describeItem(expected)} bare, ${describeItem(actual)} under vt`,
      );
    }
    for (const [place, item] of under.tree) {
      if (!before.has(place) || made.has(place)) made.set(place, item);
    }
    this.#made.set(index, made);
    return differences.length === 0 ? undefined : { differences, said };
  }

  /** Whether the last hit is noted to have been a repeated invocation. */
  #wasAnswered(): boolean {
    const log = path.join(this.#env['VT_CACHE_DIR']!, 'v3/hits.log');
    return existsSync(log) && /\{"repeat":.*\n$/.test(readFileSync(log, 'utf8'));
  }

  /** Runs a task while another one runs, or somebody edits; what they do is not compared. */
  async disturb(
    { disturbed, by, after }: Extract<Step, { disturbed: number }>,
    tasks: readonly Task[],
  ): Promise<void> {
    const { vt, otherVt } = this.programs;
    const before = readTree(this.root);
    const start = (index: number, program: Programs['vt']): Promise<unknown> => {
      const task = tasks[index]!;
      if (!this.has(task.cwd)) return Promise.resolve();
      const place = { cwd: path.join(this.root, task.cwd), env: this.#env };
      return program(['exec', '--', ...this.#command(task)], place);
    };
    const running = start(disturbed, vt);
    await setTimeout(after);
    if (typeof by === 'number') await start(by, otherVt);
    else this.edit(by);
    await running;
    this.#clearBeside();
    for (const index of typeof by === 'number' ? [disturbed, by] : [disturbed]) {
      const made = this.#made.get(index) ?? new Map<string, Item>();
      for (const [name, item] of readTree(this.root)) {
        if (!before.has(name) || made.has(name)) made.set(name, item);
      }
      this.#made.set(index, made);
    }
  }

  /** In a copy that stands where the workspace was, so that absolute paths lead there too. */
  async #runBare(index: number, task: Task, before: Tree): Promise<Result> {
    const question = JSON.stringify([index, ...before]);
    const known = this.#bareResults.get(question);
    if (known !== undefined) return known;
    renameSync(this.root, this.#aside);
    try {
      this.#clearAround();
      becomeTree(this.root, before);
      const result = await this.#run((there) => runProcess(this.#command(task), there), task.cwd);
      this.#bareResults.set(question, result);
      return result;
    } finally {
      this.#clearAround();
      renameSync(this.#aside, this.root);
    }
  }

  #clearBeside(): void {
    if (this.#isAlone()) return;
    renameSync(this.root, this.#aside);
    this.#clearAround();
    renameSync(this.#aside, this.root);
  }

  /** What is outside the workspace is no input: it must always be the same. */
  #clearAround(): void {
    rmSync(this.#around, { recursive: true, force: true });
    mkdirSync(this.root, { recursive: true });
  }

  /** Whether no earlier run wrote outside the workspace. */
  #isAlone(): boolean {
    const names = (above: string): string => readdirSync(path.join(this.root, above)).join();
    return ['..', '../..', '../../..'].map(names).join('/') === 'w/v/u';
  }

  #command(task: Task): string[] {
    const { actor, staticActor } = this.programs;
    return [
      task.static ? staticActor : actor,
      ...task.operations.map((operation) => operation.replaceAll('@', this.root)),
    ];
  }

  async #run(command: (place: Place) => Promise<Ended>, cwd: string): Promise<Result> {
    const ended = await command({ cwd: path.join(this.root, cwd), env: this.#env });
    return { ...ended, tree: readTree(this.root) };
  }
}

/** Runs a command to its end. */
export async function runProcess(argv: readonly string[], { cwd, env }: Place): Promise<Ended> {
  const child = spawn(argv[0]!, argv.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ending) => {
      resolve(ending);
    });
  });
  return { stdout: stdout(), stderr: stderr(), code, signal };
}

/** The actor's lines on stderr all begin with "! ". */
function splitLines(result: Result): Result & { said: string } {
  const lines = result.stderr.split(/(?<=\n)/);
  return {
    ...result,
    stderr: lines.filter((line) => line.startsWith('! ')).join(''),
    said: lines.filter((line) => !line.startsWith('! ')).join(''),
  };
}

/** Adds a run to the tally; gives whether it was a hit. */
function count(said: string, bare: Result, tally: Tally): boolean {
  const reason = /not cached: (.*)/.exec(said)?.[1];
  const isHit = said.includes('cache hit, replaying');
  if (isHit) tally.hit++;
  else if (bare.code !== 0) tally.failed++;
  else if (reason === undefined) tally.stored++;
  else {
    const kind = reason.replaceAll(/'[^']*'|\(.*\)/g, '…');
    tally.notCached.set(kind, (tally.notCached.get(kind) ?? 0) + 1);
  }
  return isHit;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
