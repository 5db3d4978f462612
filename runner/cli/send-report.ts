import { createRequire } from 'node:module';
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
}

/**
 * Says what a shell script has to say, with the client that tools use, found the way tools find it:
 * the runner is the other end of the channel and has no client of its own.
 *
 * Outside a task statements do nothing, and questions are answered from this process's own
 * environment, which there is the whole one: a script need not know whether vt runs it.
 *
 * @returns an exit code: 1 when a variable that was asked for is not set
 */
export function sendReport(request: ReportRequest, nodeClient: string, io: Io): number {
  const client = isNestedRun(io.env)
    ? (createRequire(import.meta.url)(nodeClient) as { load(): Client }).load()
    : localAnswers(io);
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
  }
}

function localAnswers(io: Io): Client {
  const source = createEnvSource(io.env, { env: [], untrackedEnv: [], assignments: [] });
  return {
    ignoreInput: () => undefined,
    ignoreOutput: () => undefined,
    disableCache: () => undefined,
    getEnv: (name) => source.get(name),
    getEnvs: (query) =>
      Object.fromEntries(source.query(typeof query === 'string' ? { glob: query } : query)),
  };
}
