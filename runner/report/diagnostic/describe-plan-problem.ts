import type { ConfigProblem } from '../../config/config-problem.js';
import { isPlanWarning } from '../../plan/plan-problem.js';
import type { CycleMember, PlanProblem } from '../../plan/plan-problem.js';
import type { Diagnostic } from './diagnostic.js';

type RequestProblem = Exclude<PlanProblem, ConfigProblem>;

/** The words for what is wrong with a workspace, or with what was asked of it. */
export function describePlanProblem(problem: RequestProblem): Diagnostic {
  const at = 'at' in problem ? problem.at : undefined;
  const say = (title: string, help: string, facts: readonly string[] = []): Diagnostic => ({
    severity: isPlanWarning(problem) ? 'warning' : 'error',
    code: problem.kind,
    title,
    places: at === undefined ? [] : [{ at }],
    facts,
    help,
  });
  switch (problem.kind) {
    case 'yaml-error':
      return say(`the file is not valid YAML: ${problem.detail}`, 'correct the YAML');
    case 'duplicate-package':
      return {
        ...say(
          `two packages have the name "${problem.name}"`,
          'rename one of them, or take one out of the workspace',
        ),
        places: [{ at: problem.at }, { at: problem.other }],
      };
    case 'member-outside-workspace':
      return say(
        `"${problem.glob}" leads out of the workspace: nothing there is a package of it`,
        'remove it; files outside the workspace are not tracked',
      );
    case 'unknown-task':
      return describeUnknownTask(problem, say);
    case 'unknown-package':
      return say(
        `package "${problem.package}" not found`,
        problem.nearest === undefined
          ? 'use the "name" of a package.json of the workspace'
          : `did you mean "${problem.nearest}"?`,
      );
    case 'unknown-dependency':
      return say(
        `task "${problem.task}" depends on "${problem.dependency}", which does not exist`,
        problem.nearest === undefined
          ? 'name a task of vite-task.json or a script of package.json'
          : `did you mean "${problem.nearest}"?`,
      );
    case 'dependency-cycle': {
      const names = problem.members.map((member) => member.task);
      return {
        ...say(
          `tasks wait for each other: ${[...names, names[0]].join(' → ')}`,
          cycleHelp(problem.members),
        ),
        places: problem.members.map((member) => ({ at: member.at, label: reason(member) })),
      };
    }
    case 'task-runs-itself':
      return say(
        `task "${problem.task}" runs itself: ${problem.command}`,
        'name another task, or give the package that is meant (`package#task`)',
      );
    case 'bad-filter':
      return say(
        `--filter "${problem.filter}" cannot be understood: ${filterMistake(problem.reason)}`,
        problem.reason === 'since'
          ? 'name packages or directories; what has not changed is replayed from the cache'
          : 'see `vt run --help` for what a filter may be',
      );
    case 'ambiguous-filter':
      return say(
        `--filter "${problem.filter}" means several packages`,
        'write the scope, or `*/name` for all of them',
        [`packages: ${problem.names.join(', ')}`],
      );
    case 'filter-without-match':
      return say(
        `--filter "${problem.filter}" matches no package`,
        problem.nearest === undefined
          ? 'use the "name" of a package.json, or a directory that begins with ./'
          : `did you mean "${problem.nearest}"?`,
      );
    case 'nothing-matched':
      return say(
        `no package matches ${problem.filters.map((filter) => `--filter "${filter}"`).join(', ')}`,
        'correct the filter, or leave out --fail-if-no-match',
      );
    case 'package-cycle': {
      const names = problem.members.map((member) => member.package);
      return {
        ...say(
          `packages need each other: ${[...names, names[0]].join(' → ')}; "${problem.task}" runs in them in no particular order`,
          'remove one of these dependencies to give them an order',
        ),
        places: problem.members,
      };
    }
    case 'pattern-outside-workspace':
      return say(
        `"${problem.pattern}" leads out of the workspace`,
        'use a path inside the workspace, relative to the package',
        [`workspace: ${problem.root}`],
      );
    case 'no-such-directory':
      return say(
        `no such directory: ${problem.directory}`,
        at === undefined ? 'give --cwd an existing directory' : 'create it, or correct "cwd"',
      );
  }
}

/** How many tasks of a package are listed. */
const LISTED = 30;

function describeUnknownTask(
  problem: Extract<PlanProblem, { kind: 'unknown-task' }>,
  say: (title: string, help: string, facts: readonly string[]) => Diagnostic,
): Diagnostic {
  const { task, nearest, known, elsewhere } = problem;
  const [other] = elsewhere;
  const more = known.length > LISTED ? `, and ${known.length - LISTED} more` : '';
  const facts = [
    ...(known.length === 0 ? [] : [`known tasks: ${known.slice(0, LISTED).join(', ')}${more}`]),
    ...(elsewhere.length === 0 ? [] : [`other packages have it: ${elsewhere.join(', ')}`]),
  ];
  const help =
    other !== undefined
      ? `run it there: \`vt run ${other}\`, or \`vt run -r ${task}\` in all packages`
      : nearest !== undefined
        ? `did you mean "${nearest}"?`
        : known.length === 0
          ? 'add the task to vite-task.json, or a script to package.json'
          : 'use one of the known tasks, or add it to vite-task.json';
  const where = problem.package === undefined ? ' in any of the packages' : '';
  return say(`Task "${task}" not found${where}.`, help, facts);
}

function reason({ because }: CycleMember): string {
  switch (because) {
    case 'depends-on':
      return '"dependsOn"';
    case 'package':
      return 'its package needs the other';
    case 'command':
      return 'it runs the other';
  }
}

function cycleHelp(members: readonly CycleMember[]): string {
  return members.every(({ because }) => because === 'depends-on')
    ? 'remove one of these from "dependsOn"'
    : 'remove one of these, so that one of the tasks can begin';
}

function filterMistake(mistake: Extract<PlanProblem, { kind: 'bad-filter' }>['reason']): string {
  switch (mistake) {
    case 'empty':
      return 'it names nothing';
    case 'braces':
      return 'a directory in braces is the last thing of it: name{dir}';
    case 'since':
      return 'changes since a commit are not something vt selects by';
  }
}
