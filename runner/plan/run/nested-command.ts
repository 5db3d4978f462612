import type { CommandPart } from '../command/split-command-line.js';
import type { RunnerEnv } from '../env/declared-env.js';
import type { ReadRunArguments, RunRequest } from './run-request.js';

/** A `vt run` that stands in a command, and the environment it would have had. */
export interface NestedCommand {
  readonly request: RunRequest;
  readonly env: RunnerEnv;
}

/** Reads `NAME=value vt run …`. Undefined for any other command, and for what only a process can do. */
export function nestedCommand(
  part: CommandPart,
  extraArgs: readonly string[],
  env: RunnerEnv,
  readRun: ReadRunArguments,
): NestedCommand | undefined {
  if (part.kind !== 'direct') return undefined;
  const [program, command, ...args] = part.argv;
  if (program !== 'vt' || command !== 'run') return undefined;
  const assigned = Object.fromEntries(part.assignments);
  const request = readRun([...args, ...extraArgs], assigned);
  if (request === undefined) return undefined;
  return { request, env: part.assignments.length === 0 ? env : { ...env, ...assigned } };
}
