import assert from 'node:assert/strict';
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readdirSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { EnvPattern } from '../../../cache/observation.js';
import { encodeRequest } from '../../../proto/frame.js';
import { Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { EnvSource } from '../../plan/execution.js';
import { openChannel, type Channel } from './open-channel.js';

/** Compiled tests run from build/runner/execute/channel. */
const root = path.resolve(import.meta.dirname, '../../../..');

/** The built client. `node client/node/build.mjs` makes it; `npm test` does so before. */
export const nodeClient = path.join(root, 'client/node/dist/index.cjs');

/** How a program under test ended, and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** What a program is started with. */
export interface TaskOptions {
  /** Descriptor 3: the request FIFO unless said otherwise. */
  readonly fd3?: 'requests' | 'none' | number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A directory, perhaps channels in it, and processes, all gone when the test is over; a process or
 * a descriptor that is left over fails the test.
 */
export class ChannelRig {
  readonly directory: string;
  readonly #descriptors = descriptors();
  readonly #channels: Channel[] = [];
  readonly #children = new Set<ChildProcess>();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(t: TestContext): Promise<ChannelRig> {
    assert.ok(existsSync(nodeClient), 'the Node client is not built: run `npm run build`');
    const rig = new ChannelRig(await mkdtemp(path.join(os.tmpdir(), 'vt-channel-test-')));
    t.after(() => rig.#clear());
    return rig;
  }

  async open(source: EnvSource = environment({})): Promise<Channel> {
    const directory = await mkdtemp(path.join(this.directory, 'run-'));
    const channel = await openChannel({
      directory,
      envSource: source,
      nodeClient,
      workspaceRoot: this.directory as AbsolutePath,
    });
    assert.equal(channel.kind, 'open');
    this.#channels.push(channel);
    return channel;
  }

  /**
   * Starts a Node program that has the client as `client` and `print(value)`, which writes a line
   * of JSON and has written it when it returns.
   */
  node(channel: Channel, program: string, options: TaskOptions = {}): Task {
    const code = `const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
      const print = (value) => require('fs').writeSync(1, JSON.stringify(value) + '\\n');
      ${program}`;
    return this.task(channel, [process.execPath, '-e', code], options);
  }

  task(channel: Channel, argv: readonly string[], options: TaskOptions = {}): Task {
    const { fd3 = 'requests' } = options;
    const opened = fd3 === 'requests' ? openSync(channel.requestPath, 'w') : undefined;
    const stdio: StdioOptions = ['pipe', 'pipe', 'inherit'];
    if (fd3 !== 'none') stdio.push(opened ?? (fd3 as number));
    const [program = '', ...args] = argv;
    const env = { PATH: process.env['PATH'], ...channel.env, ...options.env };
    const child = spawn(program, args, { stdio, env, cwd: this.directory });
    if (opened !== undefined) closeSync(opened);
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return new Task(child);
  }

  async #clear(): Promise<void> {
    const left = [...this.#children];
    const closed = left.map((child) => once(child, 'close'));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(closed);
    await Promise.all(this.#channels.map((channel) => channel.close()));
    const remaining = this.#channels.filter(({ requestPath }) => existsSync(requestPath));
    await rm(this.directory, { recursive: true });
    // Destroyed sockets give their descriptors back in the next turns of the loop.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const names = left.map(({ spawnargs }) => spawnargs.join(' '));
    assert.deepEqual(names, [], 'no process is left over');
    assert.deepEqual(remaining, [], 'closing a channel removes it');
    assert.equal(descriptors(), this.#descriptors, 'no descriptor is left over');
  }
}

/** A program under test. */
export class Task {
  readonly child: ChildProcess;
  /** It has ended, and all it wrote was read. Later than the end of its output, which is not all. */
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #heard: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#closed = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#heard();
    });
  }

  /** Resolves when the program has printed this line. */
  async printed(line: string): Promise<void> {
    while (!this.#stdout.split('\n').includes(line)) {
      assert.equal(this.child.exitCode, null, `ended without printing ${line}: ${this.#stdout}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        this.child.once('close', () => resolve());
      });
    }
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async ended(): Promise<Outcome> {
    await this.#closed;
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.#stdout };
  }

  /** The values the program printed, once it has ended well. */
  async values(): Promise<unknown[]> {
    const { code, signal, stdout } = await this.ended();
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  }
}

/** An `EnvSource` over fixed variables, with prefixes and globs of one trailing star. */
export function environment(
  variables: Readonly<Record<string, string>>,
  untracked: readonly string[] = [],
): EnvSource {
  const prefixOf = (pattern: EnvPattern) =>
    'prefix' in pattern ? pattern.prefix : pattern.glob.replace(/\*$/, '');
  return {
    get: (name) => variables[name],
    query: (pattern) =>
      new Map(Object.entries(variables).filter(([name]) => name.startsWith(prefixOf(pattern)))),
    mayTrack: (name) => !untracked.includes(name),
  };
}

/** The frames of a request, as any client would write them. Proto3 JSON in. */
export function frames(
  sender: { pid: number; nonce: number },
  sequence: number,
  request: unknown,
  replyChannel = 0,
): Uint8Array[] {
  return encodeRequest(sender, sequence, replyChannel, Request.fromJSON(request));
}

/** Claims a free reply FIFO as clients do; undefined when there is none. */
export function claim(channel: Channel): { number: number; fd: number } | undefined {
  const replies = path.join(channel.env['VT_IPC_DIR'] ?? '', 'r');
  const free = readdirSync(replies).find((name) => name.startsWith('f'));
  if (free === undefined) return undefined;
  const number = Number(free.slice(1));
  renameSync(path.join(replies, free), path.join(replies, `c${number}`));
  const fd = openSync(path.join(replies, `c${number}`), constants.O_RDONLY | constants.O_NONBLOCK);
  return { number, fd };
}

export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
