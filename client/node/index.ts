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
  dependOnGlob(include: string | readonly string[], options?: GlobOptions): string[] | undefined;
  dependOnExists(path: ToolPath): FoundKind | undefined;
  dependOnJson(path: ToolPath, pointer: string): unknown;
  declareComplete(files: CompleteFiles): void;
}

/** Options of a question for files. */
export interface GlobOptions {
  /** Globs that leave out. */
  readonly exclude?: string | readonly string[];
  /** What globs and answer are relative to. Default: the working directory. */
  readonly directory?: ToolPath;
}

/** What is at a path, symlinks followed. */
export type FoundKind = 'absent' | 'file' | 'directory' | 'other';

/** All that a process and those it starts read and write. A directory stands for all files below it. */
export interface CompleteFiles {
  readonly inputs: readonly ToolPath[];
  readonly outputs: readonly ToolPath[];
  /** Pid of the process that it is said of. Default: this one. */
  readonly process?: number;
}

let connection: Connection | undefined;
let looked = false;
const self = clientFor('');

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
  self.ignoreInput(path);
}

/**
 * Writes at or under `path` are not outputs of this task: not kept, not restored.
 *
 * @param path relative to the working directory of the process; need not exist
 */
export function ignoreOutput(path: ToolPath): void {
  self.ignoreOutput(path);
}

/**
 * The result of this run is not to be kept.
 *
 * @param reason shown to the user, one line
 */
export function disableCache(reason?: string): void {
  self.disableCache(reason);
}

/**
 * The value of a variable in the runner's environment, which the environment of a task shows only
 * a part of. `process.env` is neither asked nor changed.
 *
 * @returns undefined if the variable is not set there, and outside a runner
 */
export function getEnv(name: string, options?: EnvOptions): string | undefined {
  return self.getEnv(name, options);
}

/**
 * All variables in the runner's environment that `query` matches. `process.env` is neither asked
 * nor changed.
 *
 * @returns empty outside a runner
 */
export function getEnvs(query: EnvQuery, options?: EnvOptions): Record<string, string> {
  return self.getEnvs(query, options);
}

/**
 * The result depends on which files match, not on what is in them, nor on other names beside them.
 * From now on the directories that this process lists to find them are no dependencies of their own.
 *
 * @returns the files, relative to the directory and sorted; undefined outside a runner: look yourself
 */
export function dependOnGlob(
  include: string | readonly string[],
  options?: GlobOptions,
): string[] | undefined {
  return self.dependOnGlob(include, options);
}

/**
 * The result depends on whether something is at `path`, and what kind of thing; not on its size,
 * times and content, even if this process looks at it from now on (as `fs.statSync` does).
 *
 * @returns undefined outside a runner: look yourself
 */
export function dependOnExists(path: ToolPath): FoundKind | undefined {
  return self.dependOnExists(path);
}

/**
 * The result depends on one value in a JSON file, not on the rest of it, even if this process reads
 * the file from now on. What it read before counts as ever.
 *
 * @param pointer RFC 6901, such as `/dependencies/vite`; empty for the whole, but for its layout
 * @returns the value; undefined if there is none, and outside a runner
 */
export function dependOnJson(path: ToolPath, pointer: string): unknown {
  return self.dependOnJson(path, pointer);
}

/**
 * This process, and every one it starts, reads and writes nothing but these files. For what the
 * runner cannot trace; what it sees all the same counts as ever.
 */
export function declareComplete(files: CompleteFiles): void {
  self.declareComplete(files);
}

/**
 * The same functions, for what is said on somebody's behalf: the runner names `label`, such as
 * `plugin x`, where it says who it was.
 */
export function labelled(label: string): RunnerClient {
  return clientFor(label);
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
  return self;
}

function clientFor(label: string): RunnerClient {
  return {
    ignoreInput: (path) => {
      runner()?.report({ $case: 'ignoreInput', value: { path: pathBytes(path) } }, label);
    },
    ignoreOutput: (path) => {
      runner()?.report({ $case: 'ignoreOutput', value: { path: pathBytes(path) } }, label);
    },
    disableCache: (reason = '') => {
      runner()?.report({ $case: 'disableCache', value: { reason } }, label);
    },
    getEnv(name, { tracked = true } = {}) {
      const answer = runner()?.ask({ $case: 'getEnv', value: { name, tracked } }, label);
      if (answer?.$case !== 'getEnv' || answer.value.value === undefined) return undefined;
      return text(answer.value.value);
    },
    getEnvs(query, { tracked = true } = {}) {
      const pattern =
        typeof query === 'string'
          ? ({ $case: 'glob', value: query } as const)
          : ({ $case: 'prefix', value: query.prefix } as const);
      const answer = runner()?.ask({ $case: 'getEnvs', value: { tracked, pattern } }, label);
      if (answer?.$case !== 'getEnvs') return {};
      return Object.fromEntries(
        answer.value.variables.map(({ name, value }) => [name, text(value)]),
      );
    },
    dependOnGlob(include, { exclude = [], directory = '.' } = {}) {
      const value = {
        directory: pathBytes(directory),
        include: listOf(include),
        exclude: listOf(exclude),
        since: runner()?.beginQuestion() ?? '',
      };
      const answer = runner()?.ask({ $case: 'dependOnGlob', value }, label);
      return answer?.$case === 'dependOnGlob' ? answer.value.paths.map(text) : undefined;
    },
    dependOnExists(path) {
      const value = { path: pathBytes(path), since: runner()?.beginQuestion() ?? '' };
      const answer = runner()?.ask({ $case: 'dependOnExists', value }, label);
      return answer?.$case === 'dependOnExists' ? foundKinds[answer.value.kind] : undefined;
    },
    dependOnJson(path, pointer) {
      const value = { path: pathBytes(path), pointer, since: runner()?.beginQuestion() ?? '' };
      const answer = runner()?.ask({ $case: 'dependOnJson', value }, label);
      if (answer?.$case !== 'dependOnJson' || answer.value.value === undefined) return undefined;
      return JSON.parse(text(answer.value.value)) as unknown;
    },
    declareComplete({ inputs, outputs, process = 0 }) {
      const value = { inputs: inputs.map(pathBytes), outputs: outputs.map(pathBytes), process };
      runner()?.report({ $case: 'declareComplete', value }, label);
    },
  };
}

/** By number of PathKind. */
const foundKinds: Readonly<Record<number, FoundKind>> = {
  1: 'absent',
  2: 'file',
  3: 'directory',
  4: 'other',
};

function listOf(globs: string | readonly string[]): string[] {
  return typeof globs === 'string' ? [globs] : [...globs];
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
