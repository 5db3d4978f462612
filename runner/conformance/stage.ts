import { closeSync, constants, openSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ChannelRecord, QueryReport } from '../execute/channel/channel-record.js';
import { openChannel } from '../execute/channel/open-channel.js';
import type { Channel, ChannelTap } from '../execute/channel/open-channel.js';
import type { AbsolutePath } from '../../cache/brands.js';
import { createEnvSource } from '../plan/env/env-source.js';
import { Driver } from './driver.js';
import { Untestable } from './finding.js';

/** How a client finds descriptor 3. */
type Fd3 =
  /** As the task's first process finds it. */
  | 'requests'
  /** The same, made non-blocking by somebody who shares it. */
  | 'non-blocking'
  /** Lost on the way, as through `npm run`. */
  | 'lost'
  /** Something else, which must not be written to. */
  | number;

export interface ClientOptions {
  readonly fd3?: Fd3;
  /** Changes to its environment; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Where one case plays: a directory, channels and clients, all gone when it is over. */
export class Stage {
  /** Working directory of the clients: absolute, physical, empty at first. */
  readonly directory: string;
  readonly #argv: readonly [string, ...string[]];
  readonly #nodeClient: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #channels: Channel[] = [];
  readonly #drivers: Driver[] = [];

  private constructor(directory: string, options: StageOptions) {
    this.directory = directory;
    this.#argv = options.argv;
    this.#nodeClient = options.nodeClient;
    this.#env = options.env;
  }

  /** Plays `scene` on a stage of its own. */
  static async play(options: StageOptions, scene: (stage: Stage) => Promise<void>): Promise<void> {
    const base = realpathSync(os.tmpdir());
    const stage = new Stage(await mkdtemp(path.join(base, 'vt-conformance-')), options);
    try {
      await scene(stage);
    } finally {
      await stage.#clear();
    }
  }

  /** @param variables the runner's environment */
  async channel(
    variables: Readonly<Record<string, string>> = {},
    tap?: ChannelTap,
  ): Promise<Channel> {
    const channel = await openChannel({
      directory: await mkdtemp(path.join(this.directory, 'run-')),
      envSource: createEnvSource(variables, { env: [], untrackedEnv: [], assignments: [] }),
      nodeClient: this.#nodeClient,
      workspaceRoot: this.directory as AbsolutePath,
      ...(tap && { tap }),
    });
    if (channel.kind !== 'open') throw new Untestable(channel.detail);
    this.#channels.push(channel);
    return channel;
  }

  /** @param channel undefined: a client outside any runner */
  client(channel: Channel | undefined, { fd3 = 'requests', env }: ClientOptions = {}): Driver {
    const flags = constants.O_WRONLY | (fd3 === 'non-blocking' ? constants.O_NONBLOCK : 0);
    const opened =
      channel === undefined || fd3 === 'lost' || typeof fd3 === 'number'
        ? undefined
        : openSync(channel.requestPath, flags);
    try {
      const driver = new Driver(this.#argv, {
        directory: this.directory,
        env: { ...withoutChannel(this.#env), ...channel?.env, ...env },
        fd3: typeof fd3 === 'number' ? fd3 : opened,
      });
      this.#drivers.push(driver);
      return driver;
    } finally {
      if (opened !== undefined) closeSync(opened);
    }
  }

  async #clear(): Promise<void> {
    for (const driver of this.#drivers) await driver.kill();
    for (const channel of this.#channels) await channel.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export interface StageOptions {
  /** The driver's command. */
  readonly argv: readonly [string, ...string[]];
  /** Given to clients as VP_RUN_NODE_CLIENT_PATH. */
  readonly nodeClient: string;
  /** What drivers inherit, such as PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The paths and variables of a record, without who said so: what cases compare. */
export function said(record: ChannelRecord): unknown {
  return {
    ignoredInputs: record.ignoredInputs.map(({ path }) => path),
    ignoredOutputs: record.ignoredOutputs.map(({ path }) => path),
    cacheDisabled: record.cacheDisabled && { reason: record.cacheDisabled.reason },
    env: record.env.map(({ name, value }) => [name, value]),
    envQueries: record.envQueries.map(({ pattern, matches }) => [
      pattern,
      Object.fromEntries(matches),
    ]),
    queries: record.queries.map(whatIsAsked),
    complete: record.complete.map(({ inputs, outputs }) => ({ inputs, outputs })),
    failures: record.failures,
  };
}

function whatIsAsked(query: QueryReport): unknown {
  const fields = Object.entries(query).filter(([name]) => name !== 'speaker' && name !== 'since');
  return Object.fromEntries(fields);
}

/** Of a record in which nothing was said. */
export const NOTHING_SAID = {
  ignoredInputs: [],
  ignoredOutputs: [],
  cacheDisabled: undefined,
  env: [],
  envQueries: [],
  queries: [],
  complete: [],
  failures: [],
} as const;

function withoutChannel(env: StageOptions['env']): StageOptions['env'] {
  const ours = (name: string) => name.startsWith('VT_') || name === 'VP_RUN_NODE_CLIENT_PATH';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours(name)));
}
