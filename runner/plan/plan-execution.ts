import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';
import type { CacheSettings } from '../config/task-definition.js';
import { workspacePath } from '../workspace/paths.js';
import type { SourceRange } from '../config/source-range.js';
import type { CommandPart } from './command/split-command-line.js';
import { quoteArgument } from './command/quote-argument.js';
import { programKey, ProgramSearch } from './command/resolve-program.js';
import { createEnvSource } from './env/env-source.js';
import { envKey } from './env/env-key.js';
import type { DeclaredEnv } from './env/declared-env.js';
import { asksForColors, cachedEnvironment, fullEnvironment } from './env/task-environment.js';
import type { ExecutionOrigin } from './execution-origin.js';
import type { Execution } from './execution.js';
import { isNestedRun } from './nested-run.js';
import { pathRulesKey, resolvePathRules, writtenGlobs } from './paths/path-rules.js';
import type { PlanContext } from './plan-context.js';
import type { PlannedExecution } from './plan.js';
import type { PlanProblem } from './plan-problem.js';
import type { Sink } from '../config/sink.js';
import { nameListMatcher } from '../workspace/glob/glob-matcher.js';
import { createConcealment } from './secrets/concealment.js';
import { confidentialValues } from './secrets/confidential-values.js';
import { isSecretName } from './secrets/secret-names.js';

/** One part of a command line, with everything the configuration and the flags say about it. */
export interface ExecutionRequest {
  /** Undefined: named by its arguments. */
  readonly task: string | undefined;
  /** Where the task is written; absent for a command line. */
  readonly at?: SourceRange;
  readonly part: CommandPart;
  /** Put after the part's own arguments. */
  readonly extraArgs: readonly string[];
  readonly cwd: AbsolutePath;
  /** Directory, relative to the workspace, that the settings' globs are relative to. */
  readonly globBase: WorkspacePath;
  /** Used when `uncachedBecause` is undefined. */
  readonly settings: CacheSettings;
  readonly uncachedBecause: Execution['uncachedBecause'];
  readonly isTask: boolean;
  readonly binDirectories: readonly AbsolutePath[];
}

/** What all executions of one plan share. */
export interface ExecutionContext extends PlanContext {
  readonly programs: ProgramSearch;
}

/** The context of the executions of one plan, to which nothing changes while it is made. */
export function executionContext(context: PlanContext): ExecutionContext {
  // The process's own environment is slow to read.
  return { ...context, env: { ...context.env }, programs: new ProgramSearch() };
}

/** Decides everything about one command. */
export function planExecution(
  request: ExecutionRequest,
  context: ExecutionContext,
  problems: Sink<PlanProblem>,
): PlannedExecution {
  const { part, settings, cwd, isTask, binDirectories } = request;
  const { env: runnerEnv, capture, location } = context;
  const { root } = location.workspace;
  const declared: DeclaredEnv = {
    env: settings.env,
    untrackedEnv: settings.untrackedEnv,
    assignments: part.kind === 'direct' ? part.assignments : [],
  };
  const uncachedBecause =
    request.uncachedBecause ?? (isNestedRun(runnerEnv) ? 'nested' : undefined);
  const isCached = uncachedBecause === undefined;
  const environment = isCached ? cachedEnvironment : fullEnvironment;
  const environmentRequest = {
    runnerEnv,
    declared,
    cwd,
    runnerCwd: location.cwd,
    binDirectories,
    isTask,
    terminal: capture === 'terminal',
  };
  const env = environment(environmentRequest);
  const { argv, file } = commandArguments(request, env.PATH, context.programs);
  const confidential = confidentialValues(runnerEnv, declared, argv);
  const concealment = createConcealment(confidential);
  const base = {
    task: request.task ?? concealment.arguments(argv).map(quoteArgument).join(' '),
    command: [part.text, ...request.extraArgs.map(quoteArgument)].join(' '),
    argv,
    cwd,
    workspaceRoot: root,
    env,
    capture,
  };
  const envSource = createEnvSource(runnerEnv, declared);
  const origin: ExecutionOrigin = {
    task: request.at,
    globBase: request.globBase,
    env: settings.env,
    untrackedEnv: settings.untrackedEnv,
    globs: [
      ...writtenGlobs('input', settings.input, request.globBase),
      ...writtenGlobs('output', settings.output, request.globBase),
    ],
  };
  const isPublic = nameListMatcher(settings.notSecret);
  const secrets = [...confidential]
    .map(([name, value]) => ({ name, value }))
    .filter(({ name }) => isSecretName(name) && !isPublic(name));
  const variables = { envSource, origin, confidential, secrets };
  if (!isCached) {
    return { execution: { ...base, cache: undefined, uncachedBecause }, ...variables };
  }
  const input = resolvePathRules(settings.input, request.globBase, root, problems);
  const output = resolvePathRules(settings.output, request.globBase, root, problems);
  const [program] = argv;
  const [, ...args] = concealment.arguments(argv);
  const execution: Execution = {
    ...base,
    cache: {
      key: {
        program: programKey(program, file, root),
        // As they are but for values of variables, also where they hold the workspace's path:
        // `echo $PWD` says something else in a copy of the workspace, so that it runs such a
        // command once for itself.
        args,
        cwd: workspacePath(root, cwd) ?? ('' as WorkspacePath),
        env: envKey(declared, runnerEnv, asksForColors(environmentRequest)),
        untrackedEnv: [...new Set(settings.untrackedEnv)].sort(),
        inputConfig: inputConfig(pathRulesKey(input), settings.autoEnv),
        outputConfig: pathRulesKey(output),
        capture: isTask ? 'any' : capture,
      },
      input,
      output,
      autoEnv: settings.autoEnv,
      mayOptOut: settings.optOut,
    },
  };
  return { execution, ...variables };
}

/** What is answered counts as much as what is read. Keys of tasks without it stay as they were. */
function inputConfig(rules: string, autoEnv: boolean): string {
  return autoEnv ? `${rules.slice(0, -1)},"autoEnv":true}` : rules;
}

/** What is started, and where its program was found. */
function commandArguments(
  { part, extraArgs, cwd }: ExecutionRequest,
  searchPath: string | undefined,
  programs: ProgramSearch,
): { argv: readonly [string, ...string[]]; file: AbsolutePath | undefined } {
  const shell = '/bin/sh';
  if (part.kind === 'shell') {
    const text = [part.text, ...extraArgs.map(quoteArgument)].join(' ');
    return { argv: [shell, '-c', text], file: programs.resolve(shell, searchPath, cwd) };
  }
  const [program, ...args] = part.argv;
  const file = programs.resolve(program, searchPath, cwd);
  // What execvp does with a file that the kernel does not know.
  return file !== undefined && programs.needsShell(file)
    ? {
        argv: [shell, file, ...args, ...extraArgs],
        file: programs.resolve(shell, searchPath, cwd),
      }
    : { argv: [program, ...args, ...extraArgs], file };
}
