import type { WorkspacePath } from '../../cache/brands.js';
import type { CacheSettings, PathEntry } from '../config/task-definition.js';
import { workspacePath } from '../workspace/paths.js';
import { quoteArgument } from './command/quote-argument.js';
import { executionContext, planExecution } from './plan-execution.js';
import type { PlanContext } from './plan-context.js';
import type { PlanOutcome } from './plan.js';
import type { PlanProblem } from './plan-problem.js';

/** `vt exec`: one command, described by its flags. */
export interface ExecRequest {
  readonly argv: readonly [string, ...string[]];
  /** Values of --input: globs, `auto`, `none`. Empty: automatic. */
  readonly input: readonly string[];
  /** Values of --output, like `input`. */
  readonly output: readonly string[];
  readonly env: readonly string[];
  /** True for --auto-env. */
  readonly autoEnv: boolean;
  readonly untrackedEnv: readonly string[];
  /** False for --no-opt-out. */
  readonly optOut: boolean;
  /** Globs over names of variables whose values may be in results. */
  readonly notSecret: readonly string[];
  /** False for --no-cache. */
  readonly cache: boolean;
  /** Undefined: the command line is the name. */
  readonly name: string | undefined;
}

/**
 * Variables that change what programs print and that a bare command would see: passed on, and part
 * of the key, so that `vt exec` prints what the command prints.
 */
const outputNames: readonly string[] = ['FORCE_COLOR', 'NO_COLOR', 'LC_*', 'LANGUAGE'];

/**
 * Plans one command, run in the location's directory, which the globs of flags are relative to.
 * PATH is left alone: the command is the one the user's shell would start.
 */
export function planExec(request: ExecRequest, context: PlanContext): PlanOutcome {
  const problems: PlanProblem[] = [];
  const { location } = context;
  const { cwd, workspace } = location;
  const command = request.argv.map(quoteArgument).join(' ');
  const settings: CacheSettings = {
    env: [...outputNames, ...request.env],
    autoEnv: request.autoEnv,
    untrackedEnv: request.untrackedEnv,
    input: pathEntries(request.input),
    output: pathEntries(request.output),
    optOut: request.optOut,
    notSecret: request.notSecret,
  };
  const planned = planExecution(
    {
      task: request.name,
      part: { kind: 'direct', text: command, assignments: [], argv: request.argv },
      extraArgs: [],
      cwd,
      globBase: workspacePath(workspace.root, cwd) ?? ('' as WorkspacePath),
      settings,
      uncachedBecause: request.cache ? undefined : 'flag',
      isTask: false,
      binDirectories: [],
    },
    executionContext(context),
    problems,
  );
  if (problems.length > 0) return { kind: 'refused', problems };
  const task = { name: request.name ?? command, package: location.package.path };
  const step = { planned, task: 0, needs: [], follows: [], pool: 0, continues: false };
  const pools = [{ limit: 1, within: undefined }];
  const plan = { workspaceRoot: workspace.root, steps: [step], tasks: [task], pools };
  return { kind: 'planned', plan, warnings: [] };
}

/** Exclusions alone narrow what is found automatically; `auto` adds it to globs; `none` is nothing. */
function pathEntries(values: readonly string[]): readonly PathEntry[] {
  const patterns = values.filter((value) => value !== 'auto' && value !== 'none');
  const auto =
    values.includes('auto') ||
    (!values.includes('none') && patterns.every((pattern) => pattern.startsWith('!')));
  return [
    { kind: 'auto', auto },
    ...patterns.map((pattern): PathEntry => ({
      kind: 'pattern',
      pattern,
      base: 'package',
      at: undefined,
    })),
  ];
}
