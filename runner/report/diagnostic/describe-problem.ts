import type { HiddenEdge } from '../../execute/edges/hidden-edge.js';
import type { PlanProblem } from '../../plan/plan-problem.js';
import type { UsageProblem } from '../usage-problem.js';
import { describeConfigProblem } from './describe-config-problem.js';
import { describeHiddenEdge } from './describe-hidden-edge.js';
import { describePlanProblem } from './describe-plan-problem.js';
import type { Diagnostic } from './diagnostic.js';

/** Everything that can keep vt from starting a task, or that is wrong with the tasks it ran. */
export type Problem = PlanProblem | UsageProblem | HiddenEdge;

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
    case 'bad-choice':
      return error(
        `${problem.flag} of \`${problem.command}\` cannot be "${problem.value}"`,
        problem.nearest === undefined
          ? 'choose one of these'
          : `did you mean "${problem.nearest}"?`,
        [`it can be: ${problem.choices.join(', ')}`],
      );
    case 'bad-count':
      return error(
        `${problem.source} of \`${problem.command}\`: "${problem.value}" is no number of commands`,
        'write a whole number from 1 on',
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
    case 'watch-limit':
      return error(
        `cannot watch more than ${problem.directories} directories: ${problem.errno}`,
        problem.errno === 'ENOSPC'
          ? 'raise the limit: `sysctl fs.inotify.max_user_watches=524288`'
          : 'raise the limits: `sysctl fs.inotify.max_user_instances=512`, `ulimit -n`',
      );
    case 'unknown-shell':
      return error(
        `there is no completion for "${problem.shell}"`,
        problem.nearest === undefined
          ? `use one of: ${problem.known.join(', ')}`
          : `did you mean "${problem.nearest}"?`,
      );
    case 'no-tasks':
      return error(
        'there is nothing to run in this workspace',
        'add a script to package.json, or a task to vite-task.json (`vt init` writes one)',
      );
    case 'unknown-entry':
      return error(
        problem.ofTask === undefined
          ? `no stored result has a name that begins with "${problem.entry}"`
          : `"${problem.entry}" is a task, not the name of a stored result`,
        problem.nearest === undefined
          ? 'see `vt cache ls` for what is stored'
          : problem.ofTask === undefined
            ? `did you mean ${problem.nearest}?`
            : `its newest is ${problem.nearest.slice(0, 12)}; see \`vt cache ls ${problem.entry}\` for all`,
      );
    case 'ambiguous-entry':
      return error(
        `${problem.matches.length} stored results have names that begin with "${problem.entry}"`,
        'give more of the name',
        problem.matches
          .slice(0, 10)
          .map(({ name, task }) => `${name}${task === undefined ? '' : ` of ${task}`}`),
      );
    case 'damaged-entry':
      return error(
        `the stored result ${problem.entry} is damaged`,
        'nothing needs to be done: it will not be used, and `vt cache gc` removes it',
        [problem.detail],
      );
    case 'no-results':
      return error(
        `nothing is stored of a task "${problem.task}"`,
        problem.nearest === undefined
          ? 'see `vt cache ls` for what is stored'
          : `did you mean "${problem.nearest}"?`,
      );
    case 'bad-limit': {
      const isVariable = !problem.source.startsWith('-');
      const described = error(
        `${problem.source}: "${problem.value}" is no ${problem.measures}`,
        problem.measures === 'size'
          ? 'write a number and a unit, such as 500MB or 2GiB, or none'
          : 'write a number and a unit, such as 12h or 30d, or none',
      );
      if (!isVariable) return described;
      return { ...described, severity: 'warning', facts: ['the default is used instead'] };
    }
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
    case 'hidden-edge':
    case 'shared-output':
      return describeHiddenEdge(problem);
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
