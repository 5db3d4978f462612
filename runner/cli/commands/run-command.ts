import type { ConfigProblem } from '../../config/config-problem.js';
import { planRun } from '../../plan/plan-run.js';
import { describeProblem } from '../../report/diagnostic/describe-problem.js';
import { JsonLog } from '../../report/json/json-log.js';
import { plannedJson, refusedJson } from '../../report/json/run-json.js';
import { usualLogMode } from '../../report/log/run-log.js';
import { cacheDirectory } from '../../workspace/cache-directory.js';
import { locate } from '../../workspace/find-workspace.js';
import { directCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { readLastDetails } from '../last-details.js';
import { reportProblems } from '../report-problems.js';
import type { CommandContext, Exit } from '../services.js';
import { performRun } from './perform-run.js';
import {
  choosesPackages,
  logMode,
  missingTask,
  parseRunFlags,
  readNestedRun,
  requestFor,
  runFlags,
  runName,
  runRequest,
} from './run-flags.js';

const help: CommandHelp = {
  name: runName,
  description: 'run a task of vite-task.json, or a script of package.json',
  usage: '[flags] [<task> [args…]]',
  about: [
    'Runs the task of the nearest package, or of `package#task`, after the tasks it\ndepends on. Everything after the task name goes to the task. `a && b` runs, and is\ncached, as two commands; `vt run` in a command becomes part of the plan.',
    'Without a task it lets you choose one; where there is no terminal, it lists them all.',
    'Tasks of vite-task.json are cached, scripts of package.json only with --cache or\nwith `"cache": { "scripts": true }` in vite-task.json.',
  ],
  examples: [
    ['vt run build', 'the task `build`'],
    ['vt run test --watch src', '`--watch src` goes to the task'],
    ['vt run --cache lint', 'a script, cached for once'],
    ['vt run -r build', 'in all packages, each after those it needs'],
    ["vt run -F 'app...' build", 'in `app` and all that it needs'],
    ['vt run --watch dev', 'again whenever something it has read changes'],
  ],
  flags: runFlags,
  argument: 'tasks',
  endAtArgument: true,
};

/** `vt run`. */
export function runCommand(context: CommandContext): LeafCommand {
  return directCommand(help, context, run);
}

async function run(argv: readonly string[], command: CommandContext): Promise<Exit> {
  const { io } = command;
  const given = parseRunFlags(argv);
  const problems: ConfigProblem[] = [];
  const location = locate(io.cwd, problems);
  // A package.json that cannot be read may be the workspace's: its files would go unseen.
  if (problems.length > 0) {
    reportProblems(problems, io);
    return { kind: 'code', code: 1 };
  }
  const directory = cacheDirectory(location.workspace.root, io.env.VT_CACHE_DIR);
  if (given.has('last-details')) {
    io.stdout.write(
      readLastDetails(directory) ??
        'No previous run summary found. Run a task first to generate a summary.\n',
    );
    return { kind: 'code', code: 0 };
  }
  // Kept apart also when they end up in one file: results do not depend on who ran the task.
  const capture = io.capture === 'terminal' ? 'terminal' : 'pipes';
  let request = runRequest(given, io.env);
  if (request === undefined) {
    if (choosesPackages(given) || given.has('json')) throw missingTask();
    const { askForTask } = await import('../select/ask-for-task.js');
    const asked = await askForTask(location, argv.length === 0, command);
    if (asked.kind === 'end') return asked.exit;
    request = requestFor(asked.task, given, io.env);
  }
  const json = given.has('json') ? new JsonLog(io.stdout) : undefined;
  const context = { location, env: io.env, capture, readRun: readNestedRun } as const;
  if (given.has('watch')) {
    const { watchRun } = await import('./watch-run.js');
    const asked = request;
    const log = logMode(given) ?? usualLogMode(io.env);
    const manner = { log, location, cacheDirectory: directory };
    return watchRun(() => planRun(asked, context), manner, command);
  }
  let outcome = await planRun(request, context);
  if (outcome.kind === 'refused' && json === undefined) {
    const { askInstead } = await import('../select/ask-for-task.js');
    const asked = await askInstead(request, outcome.problems, location, command);
    if (asked?.kind === 'end') return asked.exit;
    if (asked !== undefined) {
      request = requestFor(asked.task, given, io.env);
      outcome = await planRun(request, context);
    }
  }
  if (outcome.kind === 'refused') {
    reportProblems(outcome.problems, io);
    void json?.say(refusedJson(outcome.problems.map(describeProblem)));
    return { kind: 'code', code: 1 };
  }
  const { plan, warnings } = outcome;
  reportProblems(warnings, io);
  void json?.say(plannedJson(plan, warnings.map(describeProblem)));
  if (given.has('dry-run')) {
    const { dryRun } = await import('./dry-run.js');
    await dryRun(plan, directory, io, json);
    return { kind: 'code', code: 0 };
  }
  const manner = {
    log: json ?? logMode(given) ?? usualLogMode(io.env),
    verbosity: given.count('verbose'),
    keepGoing: request.keepGoing,
    cacheDirectory: directory,
    location,
    isStrict: given.has('strict'),
  };
  return { kind: 'code', code: await performRun(plan, manner, command) };
}
