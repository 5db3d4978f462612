import { createRequire } from 'node:module';
import type { AbsolutePath } from '../../cache/brands.js';
import { PathKind } from '../../proto/generated/vt/ipc/v1/ipc.js';
import { answerFrom } from '../execute/channel/workspace-answers.js';
import { createEnvSource } from '../plan/env/env-source.js';
import { isNestedRun } from '../plan/nested-run.js';
import type { Io } from '../report/output.js';
import type { ReportRequest } from './services.js';

/** What tools find behind VP_RUN_NODE_CLIENT_PATH (client/node, `load`). */
interface Client {
  ignoreInput(path: string): void;
  ignoreOutput(path: string): void;
  disableCache(reason?: string): void;
  getEnv(name: string, options: { tracked: boolean }): string | undefined;
  getEnvs(
    query: string | { readonly prefix: string },
    options: { tracked: boolean },
  ): Readonly<Record<string, string>>;
  dependOnGlob(
    include: readonly string[],
    options: { exclude: readonly string[] },
  ): readonly string[] | undefined;
  dependOnExists(path: string): string | undefined;
  dependOnJson(path: string, pointer: string): unknown;
  declareComplete(files: {
    inputs: readonly string[];
    outputs: readonly string[];
    process: number;
  }): void;
}

/** The module itself. */
interface ClientModule {
  load(): Client;
  labelled(label: string): Client;
}

/**
 * Says what a shell script has to say, with the client that tools use, found the way tools find it:
 * the runner is the other end of the channel and has no client of its own.
 *
 * Outside a task statements do nothing, and questions are answered from this process's own
 * environment, which there is the whole one: a script need not know whether vt runs it.
 *
 * @returns an exit code: 1 when what was asked for is not there
 */
export function sendReport(request: ReportRequest, nodeClient: string, io: Io): number {
  const client = isNestedRun(io.env) ? clientFor(request.label, nodeClient) : localAnswers(io);
  switch (request.kind) {
    case 'ignore-input':
      client.ignoreInput(request.path);
      return 0;
    case 'ignore-output':
      client.ignoreOutput(request.path);
      return 0;
    case 'disable-cache':
      client.disableCache(request.reason);
      return 0;
    case 'get-env': {
      const value = client.getEnv(request.name, { tracked: request.tracked });
      if (value === undefined) return 1;
      io.stdout.write(`${value}\n`);
      return 0;
    }
    case 'get-envs': {
      const { pattern, tracked } = request;
      const values = client.getEnvs('glob' in pattern ? pattern.glob : pattern, { tracked });
      for (const [name, value] of Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))) {
        io.stdout.write(`${name}=${value}\n`);
      }
      return 0;
    }
    case 'depend-on-glob': {
      const files = client.dependOnGlob(request.include, { exclude: request.exclude });
      for (const file of files ?? []) io.stdout.write(`${file}\n`);
      return 0;
    }
    case 'depend-on-exists': {
      const found = client.dependOnExists(request.path) ?? 'absent';
      return found === 'absent' ? 1 : 0;
    }
    case 'depend-on-json': {
      const value = client.dependOnJson(request.path, request.pointer);
      if (value === undefined) return 1;
      io.stdout.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
      return 0;
    }
    case 'declare-complete':
      client.declareComplete({ ...request, process: process.ppid });
      return 0;
  }
}

function clientFor(label: string | undefined, nodeClient: string): Client {
  const module = createRequire(import.meta.url)(nodeClient) as ClientModule;
  return label === undefined ? module.load() : module.labelled(label);
}

function localAnswers(io: Io): Client {
  const files = answerFrom(io.cwd as AbsolutePath);
  const source = createEnvSource(io.env, { env: [], untrackedEnv: [], assignments: [] });
  return {
    ignoreInput: () => undefined,
    ignoreOutput: () => undefined,
    disableCache: () => undefined,
    getEnv: (name) => source.get(name),
    getEnvs: (query) =>
      Object.fromEntries(source.query(typeof query === 'string' ? { glob: query } : query)),
    dependOnGlob: (include, { exclude }) => files.glob(io.cwd, include, exclude),
    dependOnExists: (path) => (files.kind(path) === PathKind.ABSENT ? 'absent' : 'there'),
    dependOnJson(path, pointer) {
      const text = files.json(path, pointer);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    declareComplete: () => undefined,
  };
}
