import type { PlanProblem } from '../../plan/plan-problem.js';
import type { UsageProblem } from '../usage-problem.js';
import { describeConfigProblem } from './describe-config-problem.js';
import { describePlanProblem } from './describe-plan-problem.js';
import type { Diagnostic } from './diagnostic.js';

/** Everything that can keep vt from starting a task. */
export type Problem = PlanProblem | UsageProblem;

/** The words for each problem. */
export function describeProblem(problem: Problem): Diagnostic {
  const error = (title: string, help: string, facts: readonly string[] = []): Diagnostic => ({
    severity: 'error',
    code: problem.kind,
    title,
    places: [],
    facts,
    help,
  });
  switch (problem.kind) {
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
    case 'package-and-flag':
      return error(
        `"${problem.task}" names a package, and ${problem.flag} of \`${problem.command}\` chooses packages too`,
        'name the task alone, or leave out the flag',
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
    case 'file-exists':
      return error(
        `${problem.file} is there already, and was left as it is`,
        'edit it; docs/configuration.md explains each field',
      );
    case 'cannot-write':
      return error(`cannot write ${problem.file}: ${problem.errno}`, 'make its directory writable');
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
    case 'yaml-error':
    case 'duplicate-package':
    case 'member-outside-workspace':
    case 'unknown-task':
    case 'unknown-package':
    case 'unknown-dependency':
    case 'dependency-cycle':
    case 'task-runs-itself':
    case 'bad-filter':
    case 'ambiguous-filter':
    case 'filter-without-match':
    case 'nothing-matched':
    case 'package-cycle':
    case 'pattern-outside-workspace':
    case 'no-such-directory':
      return describePlanProblem(problem);
  }
}
