import type { PlanProblem } from '../../plan/plan-problem.js';
import type { UsageProblem } from '../usage-problem.js';
import { describeConfigProblem } from './describe-config-problem.js';
import type { Diagnostic } from './diagnostic.js';

/** Everything that can keep vt from starting a task. */
export type Problem = PlanProblem | UsageProblem;

/** The words for each problem. */
export function describeProblem(problem: Problem): Diagnostic {
  const at = 'at' in problem ? problem.at : undefined;
  const error = (title: string, help: string, facts: readonly string[] = []): Diagnostic => ({
    severity: 'error',
    code: problem.kind,
    title,
    places: at === undefined ? [] : [{ at }],
    facts,
    help,
  });
  switch (problem.kind) {
    case 'unknown-task':
      return error(
        `Task "${problem.task}" not found.`,
        problem.nearest === undefined
          ? problem.known.length === 0
            ? 'add the task to vite-task.json, or a script to package.json'
            : 'use one of the known tasks, or add it to vite-task.json'
          : `did you mean "${problem.nearest}"?`,
        problem.known.length === 0 ? [] : [`known tasks: ${problem.known.join(', ')}`],
      );
    case 'unknown-dependency':
      return error(
        `task "${problem.task}" depends on "${problem.dependency}", which does not exist`,
        problem.nearest === undefined
          ? 'name a task of vite-task.json or a script of package.json'
          : `did you mean "${problem.nearest}"?`,
      );
    case 'dependency-cycle': {
      const names = problem.members.map((member) => member.task);
      return {
        ...error(
          `tasks wait for each other: ${[...names, names[0]].join(' → ')}`,
          'remove one of these from "dependsOn"',
        ),
        places: problem.members,
      };
    }
    case 'not-supported-yet':
      return error(
        problem.feature === 'tasks-of-other-packages'
          ? `tasks of other packages are not supported yet: ${problem.what}`
          : `"dependsOn" with "from" is not supported yet: ${problem.what}`,
        'run the task in its own package first',
      );
    case 'pattern-outside-workspace':
      return error(
        `"${problem.pattern}" leads out of the workspace`,
        'use a path inside the workspace, relative to the package',
        [`workspace: ${problem.root}`],
      );
    case 'no-such-directory':
      return error(
        `no such directory: ${problem.directory}`,
        at === undefined ? 'give --cwd an existing directory' : 'create it, or correct "cwd"',
      );
    case 'unknown-command':
      return error(
        `unknown command "${problem.command}"`,
        problem.nearest === undefined
          ? `see \`${problem.within} --help\``
          : `did you mean \`${problem.within} ${problem.nearest}\`?`,
        [`commands of ${problem.within}: ${problem.known.join(', ')}`],
      );
    case 'missing-command':
      return error(`\`${problem.within}\` needs a command`, `see \`${problem.within} --help\``, [
        `commands of ${problem.within}: ${problem.known.join(', ')}`,
      ]);
    case 'unknown-flag':
      return error(
        `unknown flag ${problem.flag} of \`${problem.command}\``,
        problem.nearest === undefined
          ? `see \`${problem.command} --help\``
          : `did you mean ${problem.nearest}?`,
      );
    case 'flag-not-supported-yet':
      return error(
        `${problem.flag} is not supported yet by \`${problem.command}\``,
        `see \`${problem.command} --help\` for what is`,
      );
    case 'missing-value':
      return error(
        `${problem.flag} of \`${problem.command}\` needs a value`,
        `write ${problem.flag}=VALUE or ${problem.flag} VALUE`,
      );
    case 'unexpected-value':
      return error(
        `${problem.flag} of \`${problem.command}\` takes no value`,
        `write ${problem.flag} alone`,
      );
    case 'repeated-flag':
      return error(`${problem.flag} of \`${problem.command}\` is given twice`, 'give it once');
    case 'conflicting-flags':
      return error(
        `${problem.flags.join(' and ')} of \`${problem.command}\` exclude each other`,
        'give one of them',
      );
    case 'missing-argument':
      return error(
        `\`${problem.command}\` needs ${problem.argument}`,
        `see \`${problem.command} --help\``,
      );
    case 'unexpected-argument':
      return error(
        `\`${problem.command}\` has no use for "${problem.argument}"`,
        `see \`${problem.command} --help\``,
      );
    case 'syntax-error':
    case 'unreadable-file':
    case 'unknown-field':
    case 'duplicate-field':
    case 'wrong-type':
    case 'root-only-field':
    case 'bad-task-name':
    case 'no-command':
    case 'task-is-script':
    case 'bad-glob':
    case 'cwd-outside-package':
    case 'both-generations':
    case 'older-form':
    case 'only-exclusions':
    case 'no-effect-yet':
      return describeConfigProblem(problem);
  }
}
