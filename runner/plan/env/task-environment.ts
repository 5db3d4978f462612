import type { AbsolutePath } from '../../../cache/brands.js';
import { classifyEnv } from './classified-env.js';
import type { DeclaredEnv, RunnerEnv } from './declared-env.js';

/** What a task's environment is made from. */
export interface TaskEnvironmentRequest {
  readonly runnerEnv: RunnerEnv;
  readonly declared: DeclaredEnv;
  /** The task's working directory. */
  readonly cwd: AbsolutePath;
  /** Where the user started the runner. */
  readonly runnerCwd: AbsolutePath;
  /** Directories put before PATH, the first one first. */
  readonly binDirectories: readonly AbsolutePath[];
  /** Whether the runner was asked for a task by name, and so sets INIT_CWD as package managers do. */
  readonly isTask: boolean;
  /** Whether the task's output is a terminal. */
  readonly terminal: boolean;
}

/** The environment of a cached task: nothing but what the rules let through. */
export function cachedEnvironment(request: TaskEnvironmentRequest): Record<string, string> {
  const { runnerEnv, declared, terminal } = request;
  const env = { ...classifyEnv(runnerEnv, declared).passed };
  if (terminal) {
    for (const name of ['TERM', 'COLORTERM']) {
      const value = runnerEnv[name];
      if (value !== undefined) env[name] = value;
    }
  }
  for (const [name, value] of declared.assignments) env[name] = value;
  if (!terminal && asksForColors(request)) env.FORCE_COLOR = '1';
  return withRunnerVariables(env, request);
}

/**
 * Whether a cached task is made to colour its output, by FORCE_COLOR or by a terminal, for a later
 * replay on a terminal. A bare command is not: its output is what it would be without vt.
 */
export function asksForColors({ isTask, runnerEnv, declared }: TaskEnvironmentRequest): boolean {
  const { passed } = classifyEnv(runnerEnv, declared);
  return (
    isTask &&
    ['NO_COLOR', 'FORCE_COLOR'].every(
      (name) =>
        passed[name] === undefined && declared.assignments.every(([assigned]) => assigned !== name),
    )
  );
}

/** The environment of an uncached task: the runner's own, and what a task is told. */
export function fullEnvironment(request: TaskEnvironmentRequest): Record<string, string> {
  const env = { ...classifyEnv(request.runnerEnv, request.declared).all };
  for (const [name, value] of request.declared.assignments) env[name] = value;
  return withRunnerVariables(env, request);
}

function withRunnerVariables(
  env: Record<string, string>,
  request: TaskEnvironmentRequest,
): Record<string, string> {
  const { declared, cwd, runnerCwd, binDirectories, isTask } = request;
  const assigned = new Set(declared.assignments.map(([name]) => name));
  env.VP_RUN = '1';
  if (isTask && !assigned.has('INIT_CWD')) env.INIT_CWD ??= runnerCwd;
  // A shell would say where it is; a stale PWD misleads programs that trust it.
  if (env.PWD !== undefined && !assigned.has('PWD') && !leadsTo(env.PWD, request)) env.PWD = cwd;
  if (binDirectories.length > 0 && !assigned.has('PATH')) {
    const inherited = env.PATH === undefined || env.PATH === '' ? [] : env.PATH.split(':');
    const rest = inherited.filter((entry) => !binDirectories.includes(entry as AbsolutePath));
    env.PATH = [...binDirectories, ...rest].join(':');
  }
  return env;
}

/** PWD may name the directory through symlinks, as the user's shell does. */
function leadsTo(
  pwd: string,
  { cwd, runnerEnv, declared }: Pick<TaskEnvironmentRequest, 'cwd' | 'runnerEnv' | 'declared'>,
): boolean {
  return (
    pwd === cwd ||
    (pwd === runnerEnv['PWD'] && classifyEnv(runnerEnv, declared).workingDirectory === cwd)
  );
}
