import type { Explainer } from '../../../cache/explain/explainer.js';
import type { ConfigProblem } from '../../config/config-problem.js';
import { explainExecution } from '../../execute/explain/explain-execution.js';
import type { ExecutionExplanation } from '../../execute/explain/explain-execution.js';
import { variableDependents } from '../../execute/explain/variable-use.js';
import { planExec } from '../../plan/plan-exec.js';
import type { Plan } from '../../plan/plan.js';
import {
  pathExplanationJson,
  taskExplanationJson,
  variableExplanationJson,
} from '../../report/explain/explanation-json.js';
import { pathExplanationText } from '../../report/explain/path-explanation-text.js';
import { taskExplanationText } from '../../report/explain/task-explanation-text.js';
import { variableExplanationText } from '../../report/explain/variable-explanation-text.js';
import type { Io } from '../../report/output.js';
import { cacheDirectory } from '../../workspace/cache-directory.js';
import { locate } from '../../workspace/find-workspace.js';
import type { Location } from '../../workspace/find-workspace.js';
import { leafCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { ParsedFlags } from '../flags/parse-flags.js';
import { reportProblems } from '../report-problems.js';
import type { CommandContext, Exit } from '../services.js';
import { withExplainer } from '../with-explainer.js';
import { execRequest, execRequestFlags, locateFor } from './exec-request.js';
import { explainPath, pathAsked } from './why-path.js';
import { planAskedTask } from './why-task.js';

const flags = {
  task: {
    type: 'string',
    valueHint: 'name',
    completion: 'tasks',
    description: 'A task, though a file has this name',
  },
  file: {
    type: 'string',
    valueHint: 'path',
    completion: 'files',
    description: 'A file, though a task has this name',
  },
  json: { type: 'boolean', description: 'As JSON; docs/why.schema.json describes it' },
  verbose: {
    type: 'boolean',
    alias: 'v',
    description: 'Also all that the newest result depends on and made, with who did it',
  },
  cache: { type: 'boolean', description: 'As `vt run --cache` would run it' },
  ...execRequestFlags,
  ...helpFlag,
} as const satisfies FlagDefinitions;

const help: CommandHelp = {
  name: 'vt why',
  description: 'say what decides about a task, or what depends on a file or variable',
  usage: '[flags] <task | file>  |  --env <name>  |  [flags of vt exec] -- <command> [args…]',
  about: [
    'Of a task, or of a command given to `vt exec`: how its last run went and why, and\nwhat would happen now: hit or miss, everything that differs, who looked at it, and\nwhat would have avoided it. Of a file, directory or variable: which tasks depend on\nit, and how. Nothing is run, and nothing is written.',
    'A name is a task if there is one, else a file; what has a `/` (but no `#`), or\nbegins with a dot, is a file. --env asks about a variable, unless a command follows.',
  ],
  examples: [
    ['vt why build', 'the task `build` of this package'],
    ['vt why app#build', 'that of the package `app`'],
    ['vt why src/main.js', 'the tasks that depend on it; it need not exist'],
    ['vt why --env NODE_ENV', 'the tasks that depend on a variable'],
    ['vt why -- gcc -c hello.c', 'what `vt exec -- gcc -c hello.c` would do'],
  ],
  flags,
  argument: 'tasks',
  afterDashes: 'commands',
  endAtArgument: true,
};

/** `vt why`. */
export function whyCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, why);
}

type WhyFlags = ParsedFlags<typeof flags>;

async function why(argv: readonly string[], { io }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags, endAtArgument: true });
  const { rest } = given;
  const isCommand = rest.length > 0 && argv[argv.length - rest.length - 1] === '--';
  if (isCommand) return explainCommand(rest, given, io);
  const stray = (['input', 'output', 'untracked-env', 'cwd', 'name', 'no-opt-out'] as const).find(
    (flag) => given.has(flag),
  );
  if (stray !== undefined) {
    const argument = `a command after \`--\` for --${stray}`;
    throw new UsageError({ kind: 'missing-argument', argument, command });
  }
  const problems: ConfigProblem[] = [];
  const location = locate(io.cwd, problems);
  if (problems.length > 0) {
    reportProblems(problems, io);
    return { kind: 'code', code: 1 };
  }
  const asked = askedFor(given, command);
  const directory = cacheDirectory(location.workspace.root, io.env.VT_CACHE_DIR);
  return withExplainer(directory, io, (explainer) => answer(asked, given, location, explainer, io));
}

type Asked =
  | { readonly kind: 'task'; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly string[] };

/** Throws a UsageError unless exactly one thing is asked about. */
function askedFor(given: WhyFlags, command: string): Asked {
  const [name, ...args] = given.rest;
  const asked: Asked[] = [];
  const [task, file, env] = [given.value('task'), given.value('file'), given.values('env')];
  if (task !== undefined) asked.push({ kind: 'task', name: task, args: given.rest });
  if (file !== undefined) asked.push({ kind: 'file', name: file });
  for (const variable of env) asked.push({ kind: 'env', name: variable });
  if (name !== undefined && task === undefined) asked.push({ kind: 'name', name, args });
  const [one, other] = asked;
  if (one === undefined) {
    const argument = 'a task, a file, --env or a command after `--`';
    throw new UsageError({ kind: 'missing-argument', argument, command });
  }
  if (other !== undefined) {
    throw other.kind === 'name'
      ? new UsageError({ kind: 'unexpected-argument', argument: other.name, command })
      : new UsageError({
          kind: 'conflicting-flags',
          flags: asked.map(({ kind }) => `--${kind}`),
          command,
        });
  }
  return one;
}

async function answer(
  asked: Asked,
  given: WhyFlags,
  location: Location,
  explainer: Explainer | undefined,
  io: Io,
): Promise<Exit> {
  if (asked.kind === 'env') return explainVariable(asked.name, given, location, explainer, io);
  if (asked.kind === 'file') return explainFile(asked.name, given, location, explainer, io);
  const isPath = asked.kind === 'name' && looksLikePath(asked.name);
  if (isPath) return explainFile(asked.name, given, location, explainer, io);
  const outcome = await planAskedTask(asked.name, asked.args, given.has('cache'), location, io);
  if (outcome.kind === 'planned') {
    reportProblems(outcome.warnings, io);
    const isBoth = asked.kind === 'name' && pathAsked(asked.name, location, io).state !== 'missing';
    if (isBoth)
      io.stderr.write(`vt: '${asked.name}' is also a file: vt why --file ${asked.name}\n`);
    return explainPlan(outcome.plan, given, explainer, io);
  }
  const isUnknown = outcome.problems.every(
    ({ kind }) => kind === 'unknown-task' || kind === 'unknown-package',
  );
  if (asked.kind === 'name' && isUnknown) {
    const explanation = await explainPath(asked.name, location, explainer, io);
    const isKnown = explanation.state !== 'missing' || explanation.dependents.length > 0;
    if (isKnown || asked.name.includes('.')) return print(explanation, given, io);
  }
  reportProblems(outcome.problems, io);
  return { kind: 'code', code: 1 };
}

/** What no task is called by habit, or cannot be. */
function looksLikePath(name: string): boolean {
  return !name.includes('#') && (name.includes('/') || name.startsWith('.'));
}

async function explainFile(
  name: string,
  given: WhyFlags,
  location: Location,
  explainer: Explainer | undefined,
  io: Io,
): Promise<Exit> {
  return print(await explainPath(name, location, explainer, io), given, io);
}

function print(
  explanation: Parameters<typeof pathExplanationText>[0],
  given: WhyFlags,
  io: Io,
): Exit {
  write(given, io, pathExplanationText(explanation), () => pathExplanationJson(explanation));
  return { kind: 'code', code: 0 };
}

async function explainVariable(
  name: string,
  given: WhyFlags,
  { workspace }: Location,
  explainer: Explainer | undefined,
  io: Io,
): Promise<Exit> {
  const latest = (await explainer?.latest(workspace.root)) ?? [];
  const value = io.env[name];
  const dependents = variableDependents(name, value, latest);
  const explanation = { name, isSet: value !== undefined, dependents };
  write(given, io, variableExplanationText(explanation), () =>
    variableExplanationJson(explanation),
  );
  return { kind: 'code', code: 0 };
}

async function explainCommand(argv: readonly string[], given: WhyFlags, io: Io): Promise<Exit> {
  const [program, ...args] = argv;
  if (program === undefined) return { kind: 'code', code: 1 };
  for (const flag of ['task', 'file'] as const) {
    if (given.has(flag)) {
      throw new UsageError({
        kind: 'conflicting-flags',
        flags: [`--${flag}`, '--'],
        command: help.name,
      });
    }
  }
  const location = locateFor(given.value('cwd'), io.cwd);
  if ('kind' in location) {
    reportProblems([location], io);
    return { kind: 'code', code: 1 };
  }
  const { env, capture } = io;
  const outcome = planExec(execRequest([program, ...args], given, true), {
    location,
    env,
    capture,
  });
  if (outcome.kind === 'refused') {
    reportProblems(outcome.problems, io);
    return { kind: 'code', code: 1 };
  }
  const directory = cacheDirectory(location.workspace.root, io.env.VT_CACHE_DIR);
  return withExplainer(directory, io, (explainer) =>
    explainPlan(outcome.plan, given, explainer, io),
  );
}

async function explainPlan(
  plan: Plan,
  given: WhyFlags,
  explainer: Explainer | undefined,
  io: Io,
): Promise<Exit> {
  const explanations: ExecutionExplanation[] = [];
  for (const { planned } of plan.steps) {
    if (planned !== undefined) explanations.push(await explainExecution(planned, explainer));
  }
  const options = { cwd: io.cwd, verbose: given.has('verbose') };
  write(given, io, taskExplanationText(explanations, options), () =>
    taskExplanationJson(explanations),
  );
  return { kind: 'code', code: 0 };
}

function write(given: WhyFlags, io: Io, text: string, json: () => unknown): void {
  io.stdout.write(given.has('json') ? `${JSON.stringify(json(), null, 2)}\n` : text);
}
