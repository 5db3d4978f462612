import type { ConfigProblem } from '../../config/config-problem.js';
import { isWarning } from '../../config/config-problem.js';
import type { SourceRange } from '../../config/source-range.js';
import type { Diagnostic } from './diagnostic.js';

/** The words for each mistake in a configuration file. */
export function describeConfigProblem(problem: ConfigProblem): Diagnostic {
  return {
    severity: isWarning(problem) ? 'warning' : 'error',
    code: problem.kind,
    ...words(problem),
  };
}

type Words = Pick<Diagnostic, 'title' | 'places' | 'facts' | 'help'>;

function words(problem: ConfigProblem): Words {
  const at = 'at' in problem ? problem.at : undefined;
  const say = (title: string, help: string, facts: readonly string[] = []): Words => ({
    title,
    places: place(at),
    facts,
    help,
  });
  switch (problem.kind) {
    case 'syntax-error':
      return say(
        `the file is not valid JSON: ${syntaxMistake(problem.detail)}`,
        'correct the JSON; comments and trailing commas are allowed',
      );
    case 'unreadable-file':
      return say(
        `cannot read ${problem.file}: ${problem.errno}`,
        'make the file readable, or remove it',
      );
    case 'unknown-field':
      return say(
        `unknown field "${problem.field}" in ${problem.owner}`,
        problem.nearest === undefined
          ? 'remove it, or use one of the known fields'
          : `did you mean "${problem.nearest}"?`,
        [`known fields: ${problem.known.join(', ')}`],
      );
    case 'duplicate-field':
      return say(
        `"${problem.field}" is given twice in ${problem.owner}`,
        'keep one of the two; JSON would silently take the last one',
      );
    case 'wrong-type':
      return say(
        `${problem.field} must be ${problem.expected}`,
        problem.nearest === undefined
          ? 'change the value to one of the accepted types'
          : `did you mean "${problem.nearest}"?`,
        [`found: ${problem.got}`],
      );
    case 'root-only-field':
      return say(
        `"${problem.field}" is only allowed in the vite-task.json of the workspace root`,
        `move it to the workspace root's vite-task.json; for one task, set "cache" on the task`,
      );
    case 'bad-task-name':
      return say(
        problem.task === '' ? 'a task has an empty name' : `task name "${problem.task}" has a "#"`,
        '"#" separates a package from its task (`app#build`); choose a name without it',
      );
    case 'no-command':
      return say(
        `task "${problem.task}" has nothing to run`,
        'give it a "command", or "dependsOn" to only run other tasks',
      );
    case 'task-is-script':
      return {
        ...say(
          `"${problem.task}" is both a task of vite-task.json and a script of package.json`,
          'rename or remove one of the two, so that it is clear which one runs',
        ),
        places: [
          { at: problem.at, label: 'the task' },
          { at: problem.script, label: 'the script' },
        ],
      };
    case 'bad-glob':
      return say(
        `"${problem.pattern}" is not a usable glob: ${globMistake(problem.reason)}`,
        problem.reason === 'empty'
          ? 'remove it, or write what it should match'
          : 'put a backslash before a character that is meant literally',
      );
    case 'cwd-outside-package':
      return say(
        `"cwd" leads out of the package: "${problem.cwd}"`,
        'use a directory inside the package, relative to its package.json',
      );
    case 'both-generations':
      return say(
        `"${problem.field}" stands on task "${problem.task}" itself and the task has a "cache" object`,
        `move "${problem.field}" into "cache"`,
      );
    case 'older-form':
      return say(
        `task "${problem.task}" has ${listed(problem.fields)} directly on it, the older form`,
        'move these fields into "cache": { … } of the task; both forms work',
        problem.others === 0
          ? []
          : [`further tasks of this file in the older form: ${problem.others}`],
      );
    case 'only-exclusions':
      return say(
        `"${problem.field}" of task "${problem.task}" only excludes: nothing counts as ${problem.field}`,
        'add { "auto": true } to the list to exclude from what is found automatically',
      );
    case 'no-effect-yet':
      return say(
        `"${problem.field}" has no effect in this version`,
        'remove it; results are kept on this machine only',
      );
  }
}

function place(at: SourceRange | undefined): Diagnostic['places'] {
  return at === undefined ? [] : [{ at }];
}

function listed(fields: readonly string[]): string {
  const quoted = fields.map((field) => `"${field}"`);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`;
}

function globMistake(reason: Extract<ConfigProblem, { kind: 'bad-glob' }>['reason']): string {
  switch (reason) {
    case 'empty':
      return 'it is empty';
    case 'unclosed-bracket':
      return 'a "[" is not closed';
    case 'unclosed-brace':
      return 'a "{" is not closed';
    case 'trailing-backslash':
      return 'it ends with a backslash';
  }
}

/** The parser's names, in words. */
const syntaxMistakes: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON value',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: 'expected a field name in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected ":"',
  CommaExpected: 'expected ","',
  CloseBraceExpected: 'expected "}"',
  CloseBracketExpected: 'expected "]"',
  EndOfFileExpected: 'expected the end of the file',
  InvalidCommentToken: 'this is no comment',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a string is not closed',
  UnexpectedEndOfNumber: 'a number is not finished',
  InvalidUnicode: 'an invalid unicode escape',
  InvalidEscapeCharacter: 'an invalid escape in a string',
  InvalidCharacter: 'an invalid character in a string',
};

function syntaxMistake(detail: string): string {
  return syntaxMistakes[detail] ?? detail;
}
