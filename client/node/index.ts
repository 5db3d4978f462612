import path from 'node:path';
import { Connection } from './connection.js';

/** Options of a question for variables. */
export interface EnvOptions {
  /**
   * Whether the result of the run depends on the answer: when a later run would be answered
   * differently, the cached result is not used. Default: true.
   */
  readonly tracked?: boolean;
}

/** Which variables: a glob over the whole name, such as `VITE_*`, or a literal prefix. */
export type EnvQuery = string | { readonly prefix: string };

/** A path as Node's own functions take it: bytes for one that is not UTF-8. */
export type ToolPath = string | Uint8Array;

/** What `load()` returns. */
export interface RunnerClient {
  ignoreInput(path: ToolPath): void;
  ignoreOutput(path: ToolPath): void;
  disableCache(reason?: string): void;
  getEnv(name: string, options?: EnvOptions): string | undefined;
  getEnvs(query: EnvQuery, options?: EnvOptions): Record<string, string>;
}

let connection: Connection | undefined;
let looked = false;

/** Whether a runner listens. Outside of one, all functions here do nothing. */
export function isInsideRunner(): boolean {
  return runner()?.isOpen ?? false;
}

/**
 * The version of the protocol that the runner and this client both speak: what a request demands
 * of it is said in PROTOCOL.md. Asks the runner the first time.
 *
 * @returns 0 outside a runner
 */
export function protocolVersion(): number {
  return runner()?.version() ?? 0;
}

/**
 * Reads, probes and listings at or under `path` are not inputs of this task, whether they happened
 * already or not. For directories that are a tool's own business, such as its cache.
 *
 * @param path relative to the working directory of the process; need not exist
 */
export function ignoreInput(path: ToolPath): void {
  runner()?.report({ $case: 'ignoreInput', value: { path: pathBytes(path) } });
}

/**
 * Writes at or under `path` are not outputs of this task: not kept, not restored.
 *
 * @param path relative to the working directory of the process; need not exist
 */
export function ignoreOutput(path: ToolPath): void {
  runner()?.report({ $case: 'ignoreOutput', value: { path: pathBytes(path) } });
}

/**
 * The result of this run is not to be kept.
 *
 * @param reason shown to the user, one line
 */
export function disableCache(reason = ''): void {
  runner()?.report({ $case: 'disableCache', value: { reason } });
}

/**
 * The value of a variable in the runner's environment, which the environment of a task shows only
 * a part of. `process.env` is neither asked nor changed.
 *
 * @returns undefined if the variable is not set there, and outside a runner
 */
export function getEnv(name: string, { tracked = true }: EnvOptions = {}): string | undefined {
  const answer = runner()?.ask({ $case: 'getEnv', value: { name, tracked } });
  if (answer?.$case !== 'getEnv' || answer.value.value === undefined) return undefined;
  return text(answer.value.value);
}

/**
 * All variables in the runner's environment that `query` matches. `process.env` is neither asked
 * nor changed.
 *
 * @returns empty outside a runner
 */
export function getEnvs(
  query: EnvQuery,
  { tracked = true }: EnvOptions = {},
): Record<string, string> {
  const answer = runner()?.ask({
    $case: 'getEnvs',
    value: {
      tracked,
      pattern:
        typeof query === 'string'
          ? { $case: 'glob', value: query }
          : { $case: 'prefix', value: query.prefix },
    },
  });
  if (answer?.$case !== 'getEnvs') return {};
  return Object.fromEntries(answer.value.variables.map(({ name, value }) => [name, text(value)]));
}

/** As `getEnv`; also sets `process.env[name]` if it is not set and there is a value. */
export function fetchEnv(name: string, options?: EnvOptions): string | undefined {
  const value = getEnv(name, options);
  if (value !== undefined) process.env[name] ??= value;
  return value;
}

/** As `getEnvs`; also sets those variables of the answer in `process.env` that are not set. */
export function fetchEnvs(query: EnvQuery, options?: EnvOptions): Record<string, string> {
  const values = getEnvs(query, options);
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
  return values;
}

/**
 * For tools that find this module by the variable VP_RUN_NODE_CLIENT_PATH instead of depending on
 * it: `require(process.env.VP_RUN_NODE_CLIENT_PATH).load()`. Vite does, since version 8.3.
 */
export function load(): RunnerClient {
  return { ignoreInput, ignoreOutput, disableCache, getEnv, getEnvs };
}

function runner(): Connection | undefined {
  if (!looked) {
    looked = true;
    connection = Connection.open(process.env);
  }
  return connection;
}

function pathBytes(given: ToolPath): Uint8Array {
  if (typeof given === 'string') return Buffer.from(path.resolve(given));
  return given[0] === SLASH ? given : Buffer.concat([Buffer.from(`${process.cwd()}/`), given]);
}

const SLASH = 0x2f;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
