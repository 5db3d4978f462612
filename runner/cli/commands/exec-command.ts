import { runPlan } from '../../execute/schedule/run-plan.js';
import { endingExitCode } from '../../execute/process/ending-exit-code.js';
import { planExec } from '../../plan/plan-exec.js';
import { createExecLog } from '../../report/log/exec-log.js';
import { cacheDirectory } from '../../workspace/cache-directory.js';
import { limitsOf } from '../../workspace/cache-limits.js';
import { directCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import { reportProblems } from '../report-problems.js';
import { detailsOf } from '../../report/run-details.js';
import { verboseDetails } from '../verbose-details.js';
import type { CommandContext, Exit } from '../services.js';
import { execRequest, execRequestFlags, locateFor } from './exec-request.js';

const flags = {
  ...execRequestFlags,
  'no-cache': { type: 'boolean', description: 'Just run it, with the full environment' },
  quiet: { type: 'boolean', alias: 'q', description: "None of vt's own lines" },
  verbose: {
    type: 'boolean',
    alias: 'v',
    description: 'Say what was decided and why, afterwards; -vv: also all that it depends on',
  },
  ...helpFlag,
} as const satisfies FlagDefinitions;

const help: CommandHelp = {
  name: 'vt exec',
  description: 'run one command, or replay what it did the last time',
  usage: '[flags] -- <command> [args…]',
  about: [
    'Runs the command in this directory as your shell would: same output, exit code\nand signals. What it reads and writes is recorded. When nothing it depends on has\nchanged, its output is replayed and the files it wrote are put back instead.',
    "A cached command gets an empty standard input and a small environment: add what\nit needs with --env. vt's own lines go to stderr.",
  ],
  examples: [
    ['vt exec -- gcc -c hello.c -o hello.o', 'cached by what gcc reads'],
    ["vt exec --env 'API_*' -- npm run build", 'depends on every API_ variable'],
    ["vt exec --input '!**/*.log' -- ./report.sh", 'the logs it reads do not count'],
  ],
  flags,
  argument: 'commands',
  endAtArgument: true,
};

/** `vt exec`. */
export function execCommand(context: CommandContext): LeafCommand {
  return directCommand(help, context, exec);
}

async function exec(argv: readonly string[], { io, services }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags, endAtArgument: true });
  const [program, ...args] = given.rest;
  if (program === undefined) {
    throw new UsageError({ kind: 'missing-argument', argument: 'a command to run', command });
  }
  if (given.has('quiet') && given.has('verbose')) {
    throw new UsageError({ kind: 'conflicting-flags', flags: ['--quiet', '--verbose'], command });
  }
  const location = locateFor(given.value('cwd'), io.cwd);
  if ('kind' in location) {
    reportProblems([location], io);
    return { kind: 'code', code: 1 };
  }
  const outcome = planExec(execRequest([program, ...args], given, !given.has('no-cache')), {
    location,
    env: io.env,
    capture: io.capture,
  });
  if (outcome.kind === 'refused') {
    reportProblems(outcome.problems, io);
    return { kind: 'code', code: 1 };
  }
  const directory = cacheDirectory(location.workspace.root, io.env.VT_CACHE_DIR);
  const { plan } = outcome;
  const log = createExecLog({ ...io, plan }, given.has('quiet'));
  const { limits, problems: badLimits } = limitsOf(io.env);
  if (!given.has('quiet')) reportProblems(badLimits, io);
  const executor = services.createExecutor({
    cacheDirectory: directory,
    limits,
    warn: (message) => {
      log.warned(message);
    },
  });
  try {
    const result = await runPlan(plan, executor, log, {
      policy: 'forward',
      inherit: 'always',
      keepGoing: false,
    });
    const details = detailsOf(plan, result);
    if (!given.has('verbose')) services.repeat?.replayed({ cacheDirectory: directory, details });
    else io.stderr.write(await verboseDetails(details, given.count('verbose'), directory));
    const ending = details[0]?.outcome?.ending;
    if (ending === undefined) return { kind: 'code', code: 1 };
    return ending.kind === 'killed'
      ? { kind: 'signal', signal: ending.signal }
      : { kind: 'code', code: endingExitCode(ending) };
  } finally {
    await executor.close();
  }
}
