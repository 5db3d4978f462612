import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigProblem } from '../../config/config-problem.js';
import { parsePackageManifest } from '../../config/package-manifest.js';
import { parseTaskFile } from '../../config/parse-task-file.js';
import { createStyle } from '../style.js';
import { describeProblem } from './describe-problem.js';
import type { Problem } from './describe-problem.js';
import { lineAndColumn, renderDiagnostic } from './render-diagnostic.js';

function render(problem: Problem, cwd = '/w'): string {
  return renderDiagnostic(describeProblem(problem), createStyle(false), cwd);
}

/** What a vite-task.json with exactly one mistake makes vt say. */
function said(text: string, isRoot = true): string {
  const problems: ConfigProblem[] = [];
  parseTaskFile('/w/app/vite-task.json', text, isRoot, problems);
  const [first, ...others] = problems;
  assert.ok(
    first !== undefined && others.length === 0,
    JSON.stringify(problems.map((p) => p.kind)),
  );
  return render(first);
}

const inTask = (fields: string): string => `{\n  "tasks": {\n    "build": { ${fields} }\n  }\n}\n`;

describe('diagnostics of a configuration, word for word', () => {
  const cases: [name: string, actual: () => string, expected: string][] = [
    [
      'syntax error',
      () => said('{\n  "tasks": {\n    "a" "x"\n  }\n}'),
      `error[syntax-error]: the file is not valid JSON: expected ":"
  at app/vite-task.json:3:9
  3 |     "a" "x"
    |         ~~~
help: correct the JSON; comments and trailing commas are allowed
`,
    ],
    [
      'unknown field with a near name',
      () => said(inTask('"comand": "x", "dependsOn": []')),
      `error[unknown-field]: unknown field "comand" in task "build"
  at app/vite-task.json:3:16
  3 |     "build": { "comand": "x", "dependsOn": [] }
    |                ~~~~~~~~
  known fields: command, cwd, dependsOn, cache, env, untrackedEnv, input, output, optOut, notSecret
help: did you mean "command"?
`,
    ],
    [
      'unknown field with none',
      () => said('{ "zzzz": 1 }'),
      `error[unknown-field]: unknown field "zzzz" in vite-task.json
  at app/vite-task.json:1:3
  1 | { "zzzz": 1 }
    |   ~~~~~~
  known fields: cache, enablePrePostScripts, tasks, $schema
help: remove it, or use one of the known fields
`,
    ],
    [
      'field given twice',
      () => said(inTask('"command": "x", "command": "y"')),
      `error[duplicate-field]: "command" is given twice in task "build"
  at app/vite-task.json:3:32
  3 |     "build": { "command": "x", "command": "y" }
    |                                ~~~~~~~~~
help: keep one of the two; JSON would silently take the last one
`,
    ],
    [
      'wrong type',
      () => said(inTask('"command": "x",\n\t"cwd": 7')),
      `error[wrong-type]: cwd must be a string
  at app/vite-task.json:4:9
  4 | \t"cwd": 7 }
    | \t       ~
  found: a number
help: change the value to one of the accepted types
`,
    ],
    [
      'field of the root elsewhere',
      () => said('{ "cache": true }', false),
      `error[root-only-field]: "cache" is only allowed in the vite-task.json of the workspace root
  at app/vite-task.json:1:3
  1 | { "cache": true }
    |   ~~~~~~~
help: move it to the workspace root's vite-task.json; for one task, set "cache" on the task
`,
    ],
    [
      'task name with #',
      () => said('{ "tasks": { "a#b": "x" } }'),
      `error[bad-task-name]: task name "a#b" has a "#"
  at app/vite-task.json:1:14
  1 | { "tasks": { "a#b": "x" } }
    |              ~~~~~
help: "#" separates a package from its task (\`app#build\`); choose a name without it
`,
    ],
    [
      'nothing to run',
      () => said(inTask('"cwd": "x"')),
      `error[no-command]: task "build" has nothing to run
  at app/vite-task.json:3:5
  3 |     "build": { "cwd": "x" }
    |     ~~~~~~~
help: give it a "command", or "dependsOn" to only run other tasks
`,
    ],
    [
      'broken glob',
      () => said(inTask('"command": "x", "cache": { "input": ["src/[a"] }')),
      `error[bad-glob]: "src/[a" is not a usable glob: a "[" is not closed
  at app/vite-task.json:3:53
  3 |     "build": { "command": "x", "cache": { "input": ["src/[a"] } }
    |                                                     ~~~~~~~~
help: put a backslash before a character that is meant literally
`,
    ],
    [
      'cwd outside',
      () => said(inTask('"command": "x", "cwd": "a/../.."')),
      `error[cwd-outside-package]: "cwd" leads out of the package: "a/../.."
  at app/vite-task.json:3:39
  3 |     "build": { "command": "x", "cwd": "a/../.." }
    |                                       ~~~~~~~~~
help: use a directory inside the package, relative to its package.json
`,
    ],
    [
      'exclusions alone',
      () => said(inTask('"command": "x", "cache": { "input": ["!a"] }')),
      `warning[only-exclusions]: "input" of task "build" only excludes: nothing counts as input
  at app/vite-task.json:3:52
  3 |     "build": { "command": "x", "cache": { "input": ["!a"] } }
    |                                                    ~~~~~~
help: add { "auto": true } to the list to exclude from what is found automatically
`,
    ],
    [
      'older form',
      () =>
        said(
          '{ "tasks": { "a": { "command": "x", "env": [], "input": [] }, "b": { "command": "x", "env": [] } } }',
        ),
      `warning[older-form]: task "a" has "env" and "input" directly on it, the older form
  at app/vite-task.json:1:14
  1 | { "tasks": { "a": { "command": "x", "env": [], "input": [] }, "b": { "command": "x", "env": [] } } }
    |              ~~~
  further tasks of this file in the older form: 1
help: move these fields into "cache": { … } of the task; both forms work
`,
    ],
    [
      'remote',
      () => said('{ "cache": { "remote": true } }'),
      `warning[no-effect-yet]: "cache.remote" has no effect in this version
  at app/vite-task.json:1:14
  1 | { "cache": { "remote": true } }
    |              ~~~~~~~~
help: remove it; results are kept on this machine only
`,
    ],
  ];
  for (const [name, actual, expected] of cases) {
    it(name, () => {
      assert.equal(actual(), expected);
    });
  }

  it('both generations at once', () => {
    const problems: ConfigProblem[] = [];
    parseTaskFile(
      '/w/vite-task.json',
      '{"tasks":{"a":{"command":"x","env":["A"],"cache":{}}}}',
      true,
      problems,
    );
    assert.deepEqual(
      problems.map((problem) => problem.kind),
      ['both-generations'],
    );
    assert.equal(
      render(problems[0] as Problem),
      `error[both-generations]: "env" stands on task "a" itself and the task has a "cache" object
  at vite-task.json:1:30
  1 | {"tasks":{"a":{"command":"x","env":["A"],"cache":{}}}}
    |                              ~~~~~
help: move "env" into "cache"
`,
    );
  });

  it('a task that is also a script, with both places', () => {
    const manifest = parsePackageManifest('/w/package.json', '{ "scripts": { "a": "x" } }', []);
    const { tasks } = parseTaskFile('/w/vite-task.json', '{ "tasks": { "a": "x" } }', true, []);
    const script = manifest.nameOf('scripts', 'a');
    const task = tasks.get('a');
    assert.ok(task !== undefined);
    assert.equal(
      render({ kind: 'task-is-script', task: 'a', at: task.at, script }),
      `error[task-is-script]: "a" is both a task of vite-task.json and a script of package.json
  at vite-task.json:1:14
  1 | { "tasks": { "a": "x" } }
    |              ~~~ the task
  at package.json:1:16
  1 | { "scripts": { "a": "x" } }
    |                ~~~ the script
help: rename or remove one of the two, so that it is clear which one runs
`,
    );
  });
});

describe('diagnostics without a configuration, word for word', () => {
  const at = { file: '/w/vite-task.json', text: '["b"]', offset: 1, length: 3 };
  const shown = '  at vite-task.json:1:2\n  1 | ["b"]\n    |  ~~~\n';
  const labelled = (label: string): string => shown.replace('~~~', `~~~ ${label}`);
  const unknownTask = (about: Partial<Extract<Problem, { kind: 'unknown-task' }>>): Problem => ({
    kind: 'unknown-task',
    task: 'x',
    package: 'app',
    nearest: undefined,
    known: [],
    elsewhere: [],
    at: undefined,
    ...about,
  });
  const cases: [Problem, string][] = [
    [
      { kind: 'unreadable-file', file: '/w/package.json', errno: 'EACCES' },
      'error[unreadable-file]: cannot read /w/package.json: EACCES\nhelp: make the file readable, or remove it\n',
    ],
    [
      unknownTask({ task: 'buidl', nearest: 'build', known: ['build', 'lint'] }),
      'error[unknown-task]: Task "buidl" not found.\n  known tasks: build, lint\nhelp: did you mean "build"?\n',
    ],
    [
      unknownTask({ known: ['build'] }),
      'error[unknown-task]: Task "x" not found.\n  known tasks: build\nhelp: use one of the known tasks, or add it to vite-task.json\n',
    ],
    [
      unknownTask({}),
      'error[unknown-task]: Task "x" not found.\nhelp: add the task to vite-task.json, or a script to package.json\n',
    ],
    [
      { kind: 'unknown-dependency', task: 'a', dependency: 'b', nearest: 'c', at },
      `error[unknown-dependency]: task "a" depends on "b", which does not exist\n${shown}help: did you mean "c"?\n`,
    ],
    [
      { kind: 'unknown-dependency', task: 'a', dependency: 'b', nearest: undefined, at },
      `error[unknown-dependency]: task "a" depends on "b", which does not exist\n${shown}help: name a task of vite-task.json or a script of package.json\n`,
    ],
    [
      {
        kind: 'dependency-cycle',
        members: [
          { task: 'a', at, because: 'depends-on' },
          { task: 'b', at, because: 'depends-on' },
        ],
      },
      `error[dependency-cycle]: tasks wait for each other: a → b → a\n${labelled('"dependsOn"')}${labelled('"dependsOn"')}help: remove one of these from "dependsOn"\n`,
    ],
    [
      {
        kind: 'dependency-cycle',
        members: [
          { task: 'a', at, because: 'package' },
          { task: 'b', at, because: 'command' },
        ],
      },
      `error[dependency-cycle]: tasks wait for each other: a → b → a\n${labelled('its package needs the other')}${labelled('it runs the other')}help: remove one of these, so that one of the tasks can begin\n`,
    ],
    [
      unknownTask({ known: ['lint'], elsewhere: ['app#x', 'lib#x'] }),
      'error[unknown-task]: Task "x" not found.\n  known tasks: lint\n  other packages have it: app#x, lib#x\nhelp: run it there: `vt run app#x`, or `vt run -r x` in all packages\n',
    ],
    [
      unknownTask({ package: undefined, nearest: 'y' }),
      'error[unknown-task]: Task "x" not found in any of the packages.\nhelp: did you mean "y"?\n',
    ],
    [
      unknownTask({ known: Array.from({ length: 32 }, (_, index) => `t${index}`), at }),
      `error[unknown-task]: Task "x" not found.\n${shown}  known tasks: ${Array.from({ length: 30 }, (_, index) => `t${index}`).join(', ')}, and 2 more\nhelp: use one of the known tasks, or add it to vite-task.json\n`,
    ],
    [
      { kind: 'unknown-package', package: 'lbi', nearest: 'lib', at: undefined },
      'error[unknown-package]: package "lbi" not found\nhelp: did you mean "lib"?\n',
    ],
    [
      { kind: 'unknown-package', package: 'x', nearest: undefined, at },
      `error[unknown-package]: package "x" not found\n${shown}help: use the "name" of a package.json of the workspace\n`,
    ],
    [
      { kind: 'yaml-error', detail: 'Missing closing quote', at },
      `error[yaml-error]: the file is not valid YAML: Missing closing quote\n${shown}help: correct the YAML\n`,
    ],
    [
      { kind: 'duplicate-package', name: 'lib', at, other: at },
      `error[duplicate-package]: two packages have the name "lib"\n${shown}${shown}help: rename one of them, or take one out of the workspace\n`,
    ],
    [
      { kind: 'member-outside-workspace', glob: '../x', at },
      `warning[member-outside-workspace]: "../x" leads out of the workspace: nothing there is a package of it\n${shown}help: remove it; files outside the workspace are not tracked\n`,
    ],
    [
      { kind: 'task-runs-itself', task: 'app#build', command: 'vt run build', at },
      `error[task-runs-itself]: task "app#build" runs itself: vt run build\n${shown}help: name another task, or give the package that is meant (\`package#task\`)\n`,
    ],
    [
      { kind: 'bad-filter', filter: '!', reason: 'empty', at: undefined },
      'error[bad-filter]: --filter "!" cannot be understood: it names nothing\nhelp: see `vt run --help` for what a filter may be\n',
    ],
    [
      { kind: 'bad-filter', filter: '{a}b', reason: 'braces', at: undefined },
      'error[bad-filter]: --filter "{a}b" cannot be understood: a directory in braces is the last thing of it: name{dir}\nhelp: see `vt run --help` for what a filter may be\n',
    ],
    [
      { kind: 'bad-filter', filter: '[main]', reason: 'since', at: undefined },
      'error[bad-filter]: --filter "[main]" cannot be understood: changes since a commit are not something vt selects by\nhelp: name packages or directories; what has not changed is replayed from the cache\n',
    ],
    [
      { kind: 'ambiguous-filter', filter: 'core', names: ['@a/core', '@b/core'], at: undefined },
      'error[ambiguous-filter]: --filter "core" means several packages\n  packages: @a/core, @b/core\nhelp: write the scope, or `*/name` for all of them\n',
    ],
    [
      { kind: 'filter-without-match', filter: 'ap', nearest: 'app', at: undefined },
      'warning[filter-without-match]: --filter "ap" matches no package\nhelp: did you mean "app"?\n',
    ],
    [
      { kind: 'filter-without-match', filter: 'x', nearest: undefined, at: undefined },
      'warning[filter-without-match]: --filter "x" matches no package\nhelp: use the "name" of a package.json, or a directory that begins with ./\n',
    ],
    [
      { kind: 'nothing-matched', filters: ['x', 'y'], at: undefined },
      'error[nothing-matched]: no package matches --filter "x", --filter "y"\nhelp: correct the filter, or leave out --fail-if-no-match\n',
    ],
    [
      {
        kind: 'package-cycle',
        task: 'build',
        members: [
          { package: 'app', at },
          { package: 'lib', at },
        ],
      },
      `warning[package-cycle]: packages need each other: app → lib → app; "build" runs in them in no particular order\n${shown}${shown}help: remove one of these dependencies to give them an order\n`,
    ],
    [
      { kind: 'pattern-outside-workspace', pattern: '../x', root: '/w', at: undefined },
      'error[pattern-outside-workspace]: "../x" leads out of the workspace\n  workspace: /w\nhelp: use a path inside the workspace, relative to the package\n',
    ],
    [
      { kind: 'no-such-directory', directory: 'x', at: undefined },
      'error[no-such-directory]: no such directory: x\nhelp: give --cwd an existing directory\n',
    ],
    [
      { kind: 'no-such-directory', directory: 'x', at },
      `error[no-such-directory]: no such directory: x\n${shown}help: create it, or correct "cwd"\n`,
    ],
    [
      {
        kind: 'unknown-command',
        command: 'runn',
        within: 'vt',
        nearest: 'run',
        known: ['run', 'exec'],
      },
      'error[unknown-command]: unknown command "runn"\n  commands of vt: run, exec\nhelp: did you mean `vt run`?\n',
    ],
    [
      {
        kind: 'unknown-command',
        command: 'x',
        within: 'vt cache',
        nearest: undefined,
        known: ['clean'],
      },
      'error[unknown-command]: unknown command "x"\n  commands of vt cache: clean\nhelp: see `vt cache --help`\n',
    ],
    [
      { kind: 'missing-command', within: 'vt cache', known: ['clean'] },
      'error[missing-command]: `vt cache` needs a command\n  commands of vt cache: clean\nhelp: see `vt cache --help`\n',
    ],
    [
      { kind: 'unknown-flag', flag: '--cach', command: 'vt run', nearest: '--cache' },
      'error[unknown-flag]: unknown flag --cach of `vt run`\nhelp: did you mean --cache?\n',
    ],
    [
      { kind: 'unknown-flag', flag: '-x', command: 'vt run', nearest: undefined },
      'error[unknown-flag]: unknown flag -x of `vt run`\nhelp: see `vt run --help`\n',
    ],
    [
      { kind: 'flag-not-supported-yet', flag: '-r', command: 'vt run' },
      'error[flag-not-supported-yet]: -r is not supported yet by `vt run`\nhelp: see `vt run --help` for what is\n',
    ],
    [
      { kind: 'missing-value', flag: '--input', command: 'vt exec' },
      'error[missing-value]: --input of `vt exec` needs a value\nhelp: write --input=VALUE or --input VALUE\n',
    ],
    [
      { kind: 'unexpected-value', flag: '--quiet', command: 'vt exec' },
      'error[unexpected-value]: --quiet of `vt exec` takes no value\nhelp: write --quiet alone\n',
    ],
    [
      { kind: 'repeated-flag', flag: '--cwd', command: 'vt exec' },
      'error[repeated-flag]: --cwd of `vt exec` is given twice\nhelp: give it once\n',
    ],
    [
      { kind: 'conflicting-flags', flags: ['--cache', '--no-cache'], command: 'vt run' },
      'error[conflicting-flags]: --cache and --no-cache of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      { kind: 'file-exists', file: 'vite-task.json' },
      'error[file-exists]: vite-task.json is there already, and was left as it is\nhelp: edit it; docs/configuration.md explains each field\n',
    ],
    [
      { kind: 'cannot-write', file: 'vite-task.json', errno: 'EACCES' },
      'error[cannot-write]: cannot write vite-task.json: EACCES\nhelp: make its directory writable\n',
    ],
    [
      { kind: 'package-and-flag', task: 'lib#build', flag: '--filter', command: 'vt run' },
      'error[package-and-flag]: "lib#build" names a package, and --filter of `vt run` chooses packages too\nhelp: name the task alone, or leave out the flag\n',
    ],
    [
      { kind: 'missing-argument', argument: 'the name of a task', command: 'vt run' },
      'error[missing-argument]: `vt run` needs the name of a task\nhelp: see `vt run --help`\n',
    ],
    [
      { kind: 'unexpected-argument', argument: 'x', command: 'vt cache clean' },
      'error[unexpected-argument]: `vt cache clean` has no use for "x"\nhelp: see `vt cache clean --help`\n',
    ],
  ];
  for (const [problem, expected] of cases) {
    it(`${problem.kind}: ${expected.split('\n')[0] ?? ''}`, () => {
      assert.equal(render(problem), expected);
    });
  }
});

describe('renderDiagnostic', () => {
  it('shows a file that is not below the working directory by its absolute path', () => {
    const at = { file: '/other/f', text: 'ab\r\ncd', offset: 5, length: 9 };
    assert.equal(
      render({ kind: 'no-such-directory', directory: 'x', at }),
      'error[no-such-directory]: no such directory: x\n  at /other/f:2:2\n  2 | cd\n    |  ~\nhelp: create it, or correct "cwd"\n',
    );
  });

  it('colours what it is asked to', () => {
    const text = renderDiagnostic(
      { severity: 'warning', code: 'c', title: 't', places: [], facts: [], help: 'h' },
      createStyle(true),
      '/',
    );
    assert.equal(
      text,
      '\x1b[1m\x1b[33mwarning[c]\x1b[39m\x1b[22m: \x1b[1mt\x1b[22m\n\x1b[36mhelp\x1b[39m: h\n',
    );
  });

  it('counts lines and columns from 1, in a line with CRLF too', () => {
    assert.deepEqual(lineAndColumn('ab\r\ncd', 4), { line: 2, column: 1 });
    assert.deepEqual(lineAndColumn('', 0), { line: 1, column: 1 });
  });
});
