import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { CleanOutcome } from '../../cache/clean-cache.js';
import type { Outcome } from '../execute/outcome.js';
import type { Execution } from '../plan/execution.js';
import { main } from './main.js';
import type { ExecutorOptions, Exit, ReportRequest } from './services.js';

const success = { kind: 'exited', code: 0 } as const;

/** A workspace, and services that record what they are asked and answer as the test says. */
class Rig {
  readonly root: string;
  readonly executions: Execution[] = [];
  readonly reports: ReportRequest[] = [];
  readonly cleaned: string[] = [];
  options: ExecutorOptions | undefined;
  closed = 0;
  stdout = '';
  stderr = '';
  isTTY = false;
  env: Record<string, string> = {};
  cleanOutcome: CleanOutcome = { kind: 'cleaned', stores: 1 };
  /** By program; anything else is a first run that succeeds. */
  outcomes: Record<string, Partial<Outcome>> = {};

  constructor(t: TestContext, files: Record<string, string> = {}) {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-cli-')));
    t.after(() => {
      rmSync(this.root, { recursive: true });
    });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(this.root, name)), { recursive: true });
      writeFileSync(path.join(this.root, name), text);
    }
  }

  async vt(...argv: string[]): Promise<Exit> {
    this.stdout = this.stderr = '';
    this.executions.length = 0;
    return main(
      argv,
      {
        stdout: { isTTY: this.isTTY, write: (text) => void (this.stdout += text) },
        stderr: { isTTY: this.isTTY, write: (text) => void (this.stderr += text) },
        cwd: this.root,
        env: { PATH: '/usr/bin:/bin', TERM: 'dumb', ...this.env },
      },
      {
        version: '1.2.3',
        createExecutor: (options) => {
          this.options = options;
          return {
            run: (planned, events) => {
              this.executions.push(planned.execution);
              const outcome: Outcome = {
                status:
                  planned.execution.cache === undefined
                    ? { kind: 'disabled', because: planned.execution.uncachedBecause }
                    : { kind: 'first-run' },
                ending: success,
                duration: 10,
                saved: 0,
                ...this.outcomes[planned.execution.argv[0]],
              };
              events.decided(outcome.status);
              return Promise.resolve(outcome);
            },
            close: () => {
              this.closed++;
              return Promise.resolve();
            },
          };
        },
        cleanCache: (directory) => {
          this.cleaned.push(directory);
          return this.cleanOutcome;
        },
        report: (request) => {
          this.reports.push(request);
          return Promise.resolve(3);
        },
      },
    );
  }
}

const code = (number: number): Exit => ({ kind: 'code', code: number });

describe('vt', () => {
  it('shows its help when asked for nothing else', async (t) => {
    const rig = new Rig(t);
    assert.deepEqual(await rig.vt(), code(0));
    assert.match(
      rig.stdout,
      /^vt: runs commands and remembers what they did\n\nUsage: vt <command> \[args…\]\n/,
    );
    const help = rig.stdout;
    for (const argv of [['--help'], ['-h'], ['help']]) {
      assert.deepEqual(await rig.vt(...argv), code(0));
      assert.equal(rig.stdout, help);
    }
  });

  it('has help at each level, with every flag and command in it', async (t) => {
    const rig = new Rig(t);
    const words: [string[], string[]][] = [
      [[], ['run', 'exec', 'cache', 'report', '--help', '--version']],
      [
        ['run'],
        ['--cache', '--no-cache', '-v, --verbose', '--last-details', '[flags] <task> [args…]'],
      ],
      [
        ['exec'],
        [
          '--input',
          '--output',
          '--env',
          '--untracked-env',
          '--cwd',
          '--name',
          '--no-cache',
          '-q, --quiet',
        ],
      ],
      [['cache'], ['clean']],
      [['cache', 'clean'], ['VT_CACHE_DIR']],
      [['report'], ['ignore-input', 'ignore-output', 'disable-cache', 'get-env', 'get-envs']],
      [
        ['report', 'get-envs'],
        ['--prefix', '--untracked'],
      ],
    ];
    for (const [command, expected] of words) {
      assert.deepEqual(await rig.vt(...command, '--help'), code(0));
      for (const word of expected)
        assert.ok(rig.stdout.includes(word), `${command.join(' ')}: ${word}`);
      assert.ok(
        rig.stdout.split('\n').every((line) => line.length <= 105),
        command.join(' '),
      );
      const direct = rig.stdout;
      await rig.vt('help', ...command);
      assert.equal(rig.stdout, direct);
    }
    assert.equal(rig.stderr, '');
  });

  it('shows its version', async (t) => {
    const rig = new Rig(t);
    assert.deepEqual(await rig.vt('--version'), code(0));
    assert.equal(rig.stdout, '1.2.3\n');
  });

  const mistakes: [string[], string][] = [
    [
      ['rnu'],
      'error[unknown-command]: unknown command "rnu"\n  commands of vt: run, exec, cache, report\nhelp: did you mean `vt run`?\n',
    ],
    [
      ['toString'],
      'error[unknown-command]: unknown command "toString"\n  commands of vt: run, exec, cache, report\nhelp: see `vt --help`\n',
    ],
    [
      ['--versoin'],
      'error[unknown-flag]: unknown flag --versoin of `vt`\nhelp: did you mean --version?\n',
    ],
    [
      ['cache'],
      'error[missing-command]: `vt cache` needs a command\n  commands of vt cache: clean\nhelp: see `vt cache --help`\n',
    ],
    [
      ['cache', 'claen'],
      'error[unknown-command]: unknown command "claen"\n  commands of vt cache: clean\nhelp: did you mean `vt cache clean`?\n',
    ],
    [
      ['cache', 'clean', 'x'],
      'error[unexpected-argument]: `vt cache clean` has no use for "x"\nhelp: see `vt cache clean --help`\n',
    ],
    [
      ['run'],
      'error[missing-argument]: `vt run` needs the name of a task\nhelp: see `vt run --help`\n',
    ],
    [
      ['run', '--cache', '--no-cache', 'x'],
      'error[conflicting-flags]: --cache and --no-cache of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '-r', 'x'],
      'error[flag-not-supported-yet]: -r is not supported yet by `vt run`\nhelp: see `vt run --help` for what is\n',
    ],
    [
      ['exec'],
      'error[missing-argument]: `vt exec` needs a command to run\nhelp: see `vt exec --help`\n',
    ],
    [
      ['exec', '--'],
      'error[missing-argument]: `vt exec` needs a command to run\nhelp: see `vt exec --help`\n',
    ],
    [
      ['exec', '-qv', 'x'],
      'error[conflicting-flags]: --quiet and --verbose of `vt exec` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['exec', '--cwd', 'none', 'x'],
      'error[no-such-directory]: no such directory: none\nhelp: give --cwd an existing directory\n',
    ],
    [
      ['exec', '--input', '[', 'x'],
      'error[bad-glob]: "[" is not a usable glob: a "[" is not closed\nhelp: put a backslash before a character that is meant literally\n',
    ],
    [
      ['report', 'get-env'],
      'error[missing-argument]: `vt report get-env` needs the name of a variable\nhelp: see `vt report get-env --help`\n',
    ],
    [
      ['report', 'get-envs', '--prefix', 'A', 'B'],
      'error[unexpected-argument]: `vt report get-envs` has no use for "B"\nhelp: see `vt report get-envs --help`\n',
    ],
  ];
  for (const [argv, expected] of mistakes) {
    it(`says what is wrong with: vt ${argv.join(' ')}`, async (t) => {
      const rig = new Rig(t);
      assert.deepEqual(await rig.vt(...argv), code(1));
      assert.deepEqual([rig.stdout, rig.stderr, rig.executions.length], ['', expected, 0]);
    });
  }
});

describe('vt exec', () => {
  it('gives everything after the flags to the command', async (t) => {
    const rig = new Rig(t);
    for (const argv of [
      ['--', 'sh', '-v', '--help', '--'],
      ['sh', '-v', '--help', '--'],
    ]) {
      assert.deepEqual(await rig.vt('exec', ...argv), code(0));
      assert.deepEqual(rig.executions[0]?.argv, ['sh', '-v', '--help', '--']);
    }
    assert.deepEqual([rig.stdout, rig.stderr, rig.closed], ['', '', 2]);
    assert.deepEqual(
      [rig.options?.cacheDirectory, rig.options?.terminal, rig.options?.interruptionPolicy],
      [path.join(rig.root, '.vt/cache'), false, 'forward'],
    );
  });

  it('ends as the command does', async (t) => {
    const rig = new Rig(t);
    const ends = async (ending: Outcome['ending']): Promise<Exit> => {
      rig.outcomes = { x: { ending } };
      return rig.vt('exec', 'x');
    };
    assert.deepEqual(await ends({ kind: 'exited', code: 42 }), code(42));
    assert.deepEqual(await ends({ kind: 'killed', signal: 'SIGTERM' }), {
      kind: 'signal',
      signal: 'SIGTERM',
    });
    assert.deepEqual(await ends({ kind: 'not-started', errno: 'ENOENT', path: 'x' }), code(127));
    assert.equal(rig.stderr, 'vt: x: command not found\n');
    assert.deepEqual(await ends({ kind: 'not-started', errno: 'EACCES', path: './x' }), code(126));
  });

  it('says hits and misses on stderr, unless it is to be quiet', async (t) => {
    const rig = new Rig(t);
    rig.outcomes = { x: { status: { kind: 'hit' }, saved: 5 } };
    await rig.vt('exec', 'x');
    assert.deepEqual([rig.stdout, rig.stderr], ['', '$ x ◉ cache hit, replaying\n']);
    await rig.vt('exec', '-q', 'x');
    assert.deepEqual([rig.stdout, rig.stderr], ['', '']);
    await rig.vt('exec', '-v', 'x');
    assert.deepEqual(
      [rig.stdout, rig.stderr],
      [
        '',
        '$ x ◉ cache hit, replaying\n[1] x: $ x\n    cache hit: output replayed\n    time: 10ms, 5ms saved\n',
      ],
    );
  });

  it('passes its flags on', async (t) => {
    const rig = new Rig(t, { 'sub/file': '' });
    rig.env = { A: '1', B: '2', VT_CACHE_DIR: '/elsewhere' };
    await rig.vt(
      'exec',
      '--cwd=sub',
      '--name',
      'n',
      '--env=A',
      '--untracked-env',
      'B',
      '--input=i',
      '--output',
      '!o',
      'x',
    );
    const [execution] = rig.executions;
    assert.ok(execution?.cache !== undefined);
    assert.deepEqual(
      [
        execution.task,
        execution.cwd,
        execution.env.A,
        execution.env.B,
        execution.cache.input,
        execution.cache.output,
      ],
      [
        'n',
        path.join(rig.root, 'sub'),
        '1',
        '2',
        { auto: false, include: ['i'], exclude: [] },
        { auto: true, include: [], exclude: ['o'] },
      ],
    );
    assert.equal(rig.options?.cacheDirectory, '/elsewhere');
    await rig.vt('exec', '--no-cache', 'x');
    assert.equal(rig.executions[0]?.cache, undefined);
    assert.equal(rig.stderr, '$ x ⊘ cache disabled\n');
  });

  it('works beside a broken package.json', async (t) => {
    const rig = new Rig(t, { 'package.json': '{' });
    assert.deepEqual(await rig.vt('exec', 'x'), code(0));
    assert.equal(rig.stderr, '');
  });
});

describe('vt run', () => {
  const files = {
    'package.json': '{ "name": "app", "scripts": { "lint": "eslint" } }',
    'vite-task.json': '{ "tasks": { "build": "a && b | c && d", "one": "a" } }',
  };
  const three = { ...files, 'vite-task.json': '{ "tasks": { "build": ["a", "b", "c"] } }' };

  it('prints a line for each command, and a summary', async (t) => {
    const rig = new Rig(t, three);
    rig.outcomes = {
      a: { status: { kind: 'hit' }, saved: 60 },
      c: { status: { kind: 'hit' }, saved: 4 },
    };
    assert.deepEqual(await rig.vt('run', 'build'), code(0));
    assert.equal(
      rig.stdout,
      `$ a ◉ cache hit, replaying

$ b

$ c ◉ cache hit, replaying

---
vt run: 2/3 cache hit (66%), 3/3 successful, 64ms saved. (Run \`vt run --last-details\` for full details)
`,
    );
    assert.deepEqual([rig.stderr, rig.closed, rig.options?.interruptionPolicy], ['', 1, 'stop']);
  });

  it('stops at the first failure, with its exit code', async (t) => {
    const rig = new Rig(t, three);
    rig.outcomes = { b: { ending: { kind: 'killed', signal: 'SIGTERM' } } };
    assert.deepEqual(await rig.vt('run', 'build'), code(143));
    assert.deepEqual(
      rig.executions.map(({ command }) => command),
      ['a', 'b'],
    );
    assert.match(rig.stdout, /vt run: 0\/3 cache hit \(0%\), 1\/3 successful\. /);
  });

  it('ends with 130 when it was interrupted', async (t) => {
    const rig = new Rig(t, three);
    rig.outcomes = { b: { interrupted: true } };
    assert.deepEqual(await rig.vt('run', 'build'), code(130));
    assert.equal(rig.executions.length, 2);
  });

  it('says nothing more of a single first run, and what a hit saved', async (t) => {
    const rig = new Rig(t, files);
    await rig.vt('run', 'one');
    assert.equal(rig.stdout, '$ a\n');
    rig.outcomes = { a: { status: { kind: 'hit' }, saved: 245 } };
    await rig.vt('run', 'one');
    assert.equal(
      rig.stdout,
      '$ a ◉ cache hit, replaying\n\n---\nvt run: cache hit, 245ms saved.\n',
    );
  });

  it('gives everything after the task name to the task', async (t) => {
    const rig = new Rig(t, files);
    await rig.vt('run', 'one', '--no-cache', '-v', '--', '--help');
    assert.deepEqual(rig.executions[0]?.argv, ['a', '--no-cache', '-v', '--', '--help']);
    assert.ok(rig.executions[0].cache !== undefined);
  });

  it('shows details with -v, and again with --last-details', async (t) => {
    const rig = new Rig(t, files);
    await rig.vt('run', '--last-details');
    assert.equal(
      rig.stdout,
      'No previous run summary found. Run a task first to generate a summary.\n',
    );
    await rig.vt('run', '-v', 'one');
    const details =
      '[1] app#one: $ a\n    cache miss: nothing was stored yet\n    succeeded in 10ms\n    stored\n';
    assert.equal(rig.stdout, `$ a\n\n---\n${details}`);
    await rig.vt('run', '--last-details');
    assert.equal(rig.stdout, details);
  });

  it('keeps no details inside a tracked task', async (t) => {
    const rig = new Rig(t, { ...files, 'ipc/q': '' });
    rig.env = { VT_IPC_DIR: path.join(rig.root, 'ipc') };
    await rig.vt('run', 'one');
    assert.equal(rig.executions[0]?.uncachedBecause, 'nested');
    assert.equal(existsSync(path.join(rig.root, 'node_modules')), false);
  });

  it('caches scripts when asked to', async (t) => {
    const rig = new Rig(t, files);
    await rig.vt('run', 'lint');
    assert.equal(rig.executions[0]?.uncachedBecause, 'script-default');
    await rig.vt('run', '--cache', 'lint');
    assert.ok(rig.executions[0]?.cache !== undefined);
  });

  it('names the nearest task for an unknown one', async (t) => {
    const rig = new Rig(t, files);
    assert.deepEqual(await rig.vt('run', 'buidl'), code(1));
    assert.equal(
      rig.stderr,
      'error[unknown-task]: Task "buidl" not found.\n  known tasks: build, one, lint\nhelp: did you mean "build"?\n',
    );
  });

  it('shows where the configuration is wrong, and runs nothing', async (t) => {
    const rig = new Rig(t, {
      'package.json': '{}',
      'vite-task.json': '{\n  "tasks": { "one": { "comand": "a" } }\n}',
    });
    assert.deepEqual(await rig.vt('run', 'one'), code(1));
    assert.equal(
      rig.stderr,
      `error[unknown-field]: unknown field "comand" in task "one"
  at vite-task.json:2:23
  2 |   "tasks": { "one": { "comand": "a" } }
    |                       ~~~~~~~~
  known fields: command, cwd, dependsOn, cache, env, untrackedEnv, input, output
help: did you mean "command"?

error[no-command]: task "one" has nothing to run
  at vite-task.json:2:14
  2 |   "tasks": { "one": { "comand": "a" } }
    |              ~~~~~
help: give it a "command", or "dependsOn" to only run other tasks
`,
    );
    assert.equal(rig.executions.length, 0);
  });

  it('runs in spite of a warning', async (t) => {
    const rig = new Rig(t, {
      ...files,
      'vite-task.json': '{"tasks":{"one":{"command":"a","env":[]}}}',
    });
    assert.deepEqual(await rig.vt('run', 'one'), code(0));
    assert.match(rig.stderr, /^warning\[older-form\]/);
    assert.equal(rig.executions.length, 1);
  });
});

describe('vt cache clean', () => {
  it('cleans the cache of the workspace', async (t) => {
    const rig = new Rig(t, { 'package.json': '{ "scripts": { "a": "a" } }' });
    const directory = path.join(rig.root, 'node_modules/.cache/vt');
    await rig.vt('run', 'a');
    assert.ok(existsSync(path.join(directory, 'last-details.txt')));
    assert.deepEqual(await rig.vt('cache', 'clean'), code(0));
    assert.deepEqual(
      [rig.cleaned, rig.stdout],
      [[directory], `vt: removed what was stored in ${directory}\n`],
    );
    assert.equal(existsSync(path.join(directory, 'last-details.txt')), false);
    rig.cleanOutcome = { kind: 'cleaned', stores: 0 };
    await rig.vt('cache', 'clean');
    assert.equal(rig.stdout, `vt: nothing was stored in ${directory}\n`);
    rig.cleanOutcome = { kind: 'failed', path: '/x', detail: 'EACCES' };
    assert.deepEqual(await rig.vt('cache', 'clean'), code(1));
    assert.equal(rig.stderr, `vt: cannot clean ${directory}: /x: EACCES\n`);
  });
});

describe('vt report', () => {
  const rows: [string[], (root: string) => unknown][] = [
    [['ignore-input', 'a/../b'], (root) => ({ kind: 'ignore-input', path: `${root}/b` })],
    [['ignore-output', '/x/'], () => ({ kind: 'ignore-output', path: '/x' })],
    [['disable-cache'], () => ({ kind: 'disable-cache' })],
    [['disable-cache', 'because'], () => ({ kind: 'disable-cache', reason: 'because' })],
    [['get-env', 'A'], () => ({ kind: 'get-env', name: 'A', tracked: true })],
    [['get-env', '--untracked', 'A'], () => ({ kind: 'get-env', name: 'A', tracked: false })],
    [['get-envs', 'A_*'], () => ({ kind: 'get-envs', pattern: { glob: 'A_*' }, tracked: true })],
    [
      ['get-envs', '--prefix', 'A_', '--untracked'],
      () => ({ kind: 'get-envs', pattern: { prefix: 'A_' }, tracked: false }),
    ],
    [
      ['get-envs', '--prefix='],
      () => ({ kind: 'get-envs', pattern: { prefix: '' }, tracked: true }),
    ],
  ];
  for (const [argv, expected] of rows) {
    it(`sends: vt report ${argv.join(' ')}`, async (t) => {
      const rig = new Rig(t);
      assert.deepEqual(await rig.vt('report', ...argv), code(3));
      assert.deepEqual(rig.reports, [expected(rig.root)]);
    });
  }
});
