import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CliRig, code } from '../cli-rig.js';
import type { Exit } from '../services.js';
import { KeyboardRig } from './keyboard-rig.js';

const ESCAPE = '\x1b';

const files = {
  'package.json': JSON.stringify({
    name: 'site',
    workspaces: ['packages/*'],
    scripts: { check: 'echo check', clean: 'echo clean', deploy: 'echo deploy' },
  }),
  'packages/app/package.json': JSON.stringify({
    name: 'app',
    scripts: { build: 'echo build app', lint: 'echo lint app', test: 'echo test app' },
  }),
  'packages/lib/package.json': JSON.stringify({
    name: 'lib',
    scripts: { build: 'echo build lib' },
  }),
  'packages/lib/vite-task.json': JSON.stringify({
    tasks: { typecheck: ['tsc -p .', 'tsc -p\ttest'], all: { dependsOn: ['build', 'app#lint'] } },
  }),
  'packages/unnamed/package.json': JSON.stringify({ scripts: { docs: 'echo docs' } }),
};

/** A `vt run` at a terminal, in which the test types. */
class Terminal extends CliRig {
  readonly keys = new KeyboardRig();
  ended: Promise<Exit> | undefined;

  constructor(t: TestContext, content: Record<string, string> = files) {
    super(t, content);
    this.directory = 'packages/app';
    this.isTTY = true;
    this.keyboard = this.keys;
  }

  async start(...argv: string[]): Promise<void> {
    this.ended = this.vt('run', ...argv);
    await this.keys.taken();
  }

  /** What is on the screen now, below what was there before the selector. */
  get screen(): string {
    const frame = this.stdout.split('\r\x1b[J').at(-1) ?? '';
    return frame.replace(new RegExp(`${ESCAPE}\\[\\d+A\r.*$`), '');
  }

  get commands(): readonly string[] {
    return this.executions.map(({ command }) => command);
  }
}

const everything = `Select a task (↑/↓, Enter to run, type to search):\u0020

  › build       echo build app
    lint        echo lint app
    test        echo test app
    site (workspace root)
      check     echo check
      clean     echo clean
      deploy    echo deploy
    lib (packages/lib)
      typecheck tsc -p . && tsc -p test
      all       (runs build, app#lint)
      build     echo build lib
    packages/unnamed
  (…1 more)`;

describe('vt run without a task, at a terminal', () => {
  it('shows all tasks, those of this package first, and runs the chosen one', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    assert.equal(rig.screen, everything);
    rig.keys.type('<down><down><up><return>');
    assert.deepEqual(await rig.ended, code(0));
    assert.deepEqual([rig.commands, rig.keys.released], [['echo lint app'], 1]);
    assert.ok(rig.stdout.includes(`\r${ESCAPE}[JSelected task: lint\n`));
  });

  it('finds tasks by some of their characters', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    rig.keys.type('tyc');
    const question = 'Select a task (↑/↓, Enter to run, type to search):';
    assert.equal(
      rig.screen,
      `${question} tyc\n\n    lib (packages/lib)\n  ›   typecheck tsc -p . && tsc -p test`,
    );
    rig.keys.type('<backspace><backspace><backspace>lib#bu');
    assert.equal(
      rig.screen,
      `${question} lib#bu\n\n    lib (packages/lib)\n  ›   build echo build lib`,
    );
    rig.keys.type('<return>');
    await rig.ended;
    assert.deepEqual(rig.commands, ['echo build lib']);
    assert.match(rig.stdout, /Selected task: lib#build\n/);
  });

  it('keeps what is found together by package, this one first unless a package is named', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    rig.keys.type('build');
    assert.match(rig.screen, /› build +echo build app\n +lib \(packages\/lib\)\n +build/);
    rig.keys.type('<ctrl-u>#lint');
    assert.match(rig.screen, /#lint\n\n {2}› lint echo lint app$/);
  });

  it('does nothing on Enter while nothing is found; Escape clears, and then cancels', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    rig.keys.type('zzz');
    assert.match(rig.screen, / zzz\n\n {2}No matching tasks\. Press Escape to clear search\.$/);
    rig.keys.type('<return><escape>');
    assert.equal(rig.screen, everything);
    rig.keys.type('<escape>');
    assert.deepEqual(await rig.ended, code(130));
    assert.deepEqual([rig.commands, rig.screen, rig.keys.released], [[], '', 1]);
  });

  for (const key of ['<ctrl-c>', '<ctrl-d>']) {
    it(`is cancelled by ${key}`, async (t) => {
      const rig = new Terminal(t);
      await rig.start();
      rig.keys.type(key);
      assert.deepEqual(await rig.ended, code(130));
      assert.deepEqual([rig.commands, rig.keys.released], [[], 1]);
    });
  }

  it('ends by the signal that ends vt', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    (await rig.keys.taken()).ended('SIGTERM');
    assert.deepEqual(await rig.ended, { kind: 'signal', signal: 'SIGTERM' });
    assert.equal(rig.keys.released, 1);
  });

  it('is shown anew when vt goes on after Ctrl-Z', async (t) => {
    const rig = new Terminal(t);
    await rig.start();
    rig.keys.type('<ctrl-z>');
    assert.deepEqual([rig.keys.suspended, rig.screen], [1, '']);
    (await rig.keys.taken()).continued();
    assert.equal(rig.screen, everything);
    rig.keys.type('<ctrl-c>');
    await rig.ended;
  });

  it('scrolls, and keeps the name of the package in sight', async (t) => {
    const rig = new Terminal(t);
    rig.keys.rows = 9;
    await rig.start();
    assert.match(rig.screen, /site \(workspace root\)\n {6}check +echo check\n {2}\(…6 more\)$/);
    rig.keys.type('<end>');
    assert.equal(
      rig.screen.slice(rig.screen.indexOf('\n\n') + 2),
      `    lib (packages/lib)
      all       (runs build, app#lint)
      build     echo build lib
    packages/unnamed
  ›   docs      echo docs`,
    );
    rig.keys.type('<pageup><home><pagedown><ctrl-n><ctrl-p><home>');
    assert.match(rig.screen, /^\S.*\n\n {2}› build/);
    rig.keys.type('<ctrl-c>');
    await rig.ended;
  });

  it('fits into a narrow terminal, and into one that becomes narrow', async (t) => {
    const rig = new Terminal(t, {
      'package.json': JSON.stringify({
        scripts: { build: 'vite build --mode production', 建てる: '建てる 建てる 建てる' },
      }),
    });
    rig.directory = '.';
    await rig.start();
    rig.keys.columns = 30;
    (await rig.keys.taken()).resized();
    // The question was one line of 51 columns, and is two now.
    assert.ok(rig.stdout.includes('\x1b[1A\r\x1b[JSelect a task: '));
    assert.equal(
      rig.screen,
      `Select a task:\u0020

  › build  vite build --mode…
    建てる 建てる 建てる 建…`,
    );
    rig.keys.columns = 12;
    rig.keys.type('abcdefghijklm');
    assert.equal(rig.screen, '> efghijklm\n\n  No match…');
    rig.keys.type('<ctrl-c>');
    await rig.ended;
  });

  it('keeps flags that do not choose packages', async (t) => {
    const rig = new Terminal(t);
    await rig.start('--no-cache');
    rig.keys.type('<return>');
    await rig.ended;
    assert.equal(rig.executions[0]?.uncachedBecause, 'flag');
  });
});

describe('vt run with a task that is not there, at a terminal', () => {
  it('offers what may have been meant, and keeps the arguments', async (t) => {
    const rig = new Terminal(t);
    await rig.start('buid', '--fast');
    assert.ok(rig.stdout.startsWith('Task "buid" not found.\n'));
    assert.equal(
      rig.screen,
      `Select a task (↑/↓, Enter to run, type to search): buid

  › build   echo build app
    lib (packages/lib)
      build echo build lib`,
    );
    rig.keys.type('<return>');
    assert.deepEqual(await rig.ended, code(0));
    assert.deepEqual([rig.commands, rig.stderr], [['echo build app --fast'], '']);
  });

  it('knows letters in the wrong order', async (t) => {
    const rig = new Terminal(t);
    await rig.start('litn');
    assert.match(rig.screen, / litn\n\n {2}› lint echo lint app$/);
    rig.keys.type('<escape><escape>');
    await rig.ended;
  });

  it('offers the tasks of that name that other packages have', async (t) => {
    const rig = new Terminal(t);
    rig.directory = '.';
    await rig.start('build');
    assert.match(rig.screen, /app \(packages\/app\)\n {2}› {3}build echo build app\n {4}lib/);
    rig.keys.type('<return>');
    await rig.ended;
    assert.deepEqual(rig.commands, ['echo build app']);
  });

  it('offers tasks for a package that is not there', async (t) => {
    const rig = new Terminal(t);
    await rig.start('lbi#build');
    assert.match(
      rig.screen,
      /lbi#build\n\n {4}lib \(packages\/lib\)\n {2}› {3}build echo build lib$/,
    );
    rig.keys.type('<return>');
    await rig.ended;
    assert.deepEqual(rig.commands, ['echo build lib']);
  });

  it('does not ask where a flag has chosen packages, nor for what is in a command', async (t) => {
    const rig = new Terminal(t, {
      'package.json': '{ "scripts": { "ci": "vt run biuld", "build": "echo" } }',
    });
    rig.directory = '.';
    assert.deepEqual(await rig.vt('run', '-r', 'biuld'), code(1));
    assert.match(rig.stderr, /^error\[unknown-task\]: Task "biuld" not found\./m);
    assert.deepEqual(await rig.vt('run', '-r'), code(1));
    assert.match(rig.stderr, /^error\[missing-argument\]: `vt run` needs the name of a task/m);
    assert.deepEqual(await rig.vt('run', 'ci'), code(1));
    assert.match(rig.stderr, /^error\[unknown-task\]: Task "biuld" not found\./m);
  });
});

describe('vt run without a task, where nobody can be asked', () => {
  it('lists all tasks', async (t) => {
    const rig = new CliRig(t, files);
    rig.directory = 'packages/lib';
    assert.deepEqual(await rig.vt('run'), code(0));
    assert.equal(
      rig.stdout,
      `  typecheck: tsc -p . && tsc -p test
  all: (runs build, app#lint)
  build: echo build lib
  site#check: echo check
  site#clean: echo clean
  site#deploy: echo deploy
  app#build: echo build app
  app#lint: echo lint app
  app#test: echo test app
  packages/unnamed#docs: echo docs
`,
    );
    assert.equal(rig.stderr, '');
  });

  it('lists what there is beside a broken file', async (t) => {
    const rig = new CliRig(t, { ...files, 'packages/lib/vite-task.json': '{ "tasks": 1 }' });
    rig.directory = 'packages/app';
    assert.deepEqual(await rig.vt('run'), code(0));
    assert.match(rig.stdout, /^ {2}build: echo build app\n[^]* {2}lib#build: echo build lib\n/);
    assert.match(rig.stderr, /^error\[wrong-type\]: tasks must be an object\n/);
  });

  it('says when there is nothing to list', async (t) => {
    const rig = new CliRig(t, { 'package.json': '{}' });
    assert.deepEqual(await rig.vt('run'), code(1));
    assert.equal(
      rig.stderr,
      `error[no-tasks]: there is nothing to run in this workspace
help: add a script to package.json, or a task to vite-task.json (\`vt init\` writes one)
`,
    );
  });

  it('takes flags without a task for a mistake', async (t) => {
    const rig = new CliRig(t, files);
    assert.deepEqual(await rig.vt('run', '--cache'), code(1));
    assert.match(rig.stderr, /^error\[missing-argument\]: `vt run` needs the name of a task/);
  });
});
