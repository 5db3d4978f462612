import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { Workspace } from './harness/workspace.js';

/** What people read, word for word. */

describe('a mistake on the command line', () => {
  it('in the name of a task', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app", "scripts": { "lint": "eslint ." } }',
      'vite-task.json': '{ "tasks": { "build": "cat a.txt" } }',
    });
    const run = await workspace.vt(['run', 'biuld']);
    assert.deepEqual(
      [run.code, run.stdout, run.stderr],
      [
        1,
        '',
        `error[unknown-task]: Task "biuld" not found.
  known tasks: build, lint
help: did you mean "build"?
`,
      ],
    );
  });

  it('in a flag', async (t) => {
    const run = await new Workspace(t).vt(['run', '--cahce', 'build']);
    assert.deepEqual(
      [run.code, run.stdout, run.stderr],
      [
        1,
        '',
        'error[unknown-flag]: unknown flag --cahce of `vt run`\nhelp: did you mean --cache?\n',
      ],
    );
  });
});

describe('a mistake in the configuration', () => {
  it('is shown where it stands, all of them at once, and nothing runs', async (t) => {
    const workspace = new Workspace(t, {
      'vite-task.json': `{
  // the application
  "tasks": {
    "build": {
      "command": "touch ran",
      "cache": { "inputs": ["src/**"], "output": ["dist/[a"] }
    },
    "docs": { "command": 7 }
  }
}
`,
    });
    const run = await workspace.vt(['run', 'build']);
    assert.equal(
      run.stderr,
      `error[unknown-field]: unknown field "inputs" in "cache" of task "build"
  at vite-task.json:6:18
  6 |       "cache": { "inputs": ["src/**"], "output": ["dist/[a"] }
    |                  ~~~~~~~~
  known fields: env, untrackedEnv, input, output, optOut, notSecret, remote
help: did you mean "input"?

error[bad-glob]: "dist/[a" is not a usable glob: a "[" is not closed
  at vite-task.json:6:51
  6 |       "cache": { "inputs": ["src/**"], "output": ["dist/[a"] }
    |                                                   ~~~~~~~~~
help: put a backslash before a character that is meant literally

error[wrong-type]: command must be a string or an array of strings
  at vite-task.json:8:26
  8 |     "docs": { "command": 7 }
    |                          ~
  found: a number
help: change the value to one of the accepted types
`,
    );
    assert.deepEqual([run.code, run.stdout, workspace.exists('ran')], [1, '', false]);
  });

  it('that is only of the older form is a warning', async (t) => {
    const workspace = new Workspace(t, {
      'vite-task.json':
        '{ "tasks": { "show": { "command": "printenv NAME", "env": ["NAME"] } } }\n',
    });
    const run = await workspace.vt(['run', 'show'], { env: { NAME: 'x' } });
    assert.equal(
      run.stderr,
      `warning[older-form]: task "show" has "env" directly on it, the older form
  at vite-task.json:1:14
  1 | { "tasks": { "show": { "command": "printenv NAME", "env": ["NAME"] } } }
    |              ~~~~~~
help: move these fields into "cache": { … } of the task; both forms work
`,
    );
    assert.deepEqual([run.code, run.stdout], [0, '$ printenv NAME\nx\n']);
  });
});

describe('vt run', () => {
  const files = {
    'package.json': '{}',
    'vite-task.json': JSON.stringify({
      tasks: {
        both: 'cat a.txt && cat b.txt',
        below: { command: 'cat c.txt', cwd: 'sub' },
        off: { command: 'cat a.txt', cache: false },
        fail: "sh -c 'cat a.txt; exit 3' && cat b.txt",
        signal: "sh -c 'kill -TERM $$'",
      },
    }),
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'sub/c.txt': 'c\n',
  };

  it('caches each part of `a && b` by itself', async (t) => {
    const workspace = new Workspace(t, files);
    const run = async (): Promise<string> =>
      steadyText((await workspace.vt(['run', 'both'])).stdout);
    const summary = (hits: string): string =>
      `\n---\nvt run: ${hits} cache hit, 2/2 successful. (Run \`vt run --last-details\` for full details)\n`.replace(
        ' cache hit',
        ` cache hit (${String((Number(hits[0]) / 2) * 100)}%)`,
      );
    assert.equal(await run(), `$ cat a.txt\na\n\n$ cat b.txt\nb\n${summary('0/2')}`);
    assert.equal(
      await run(),
      `$ cat a.txt ◉ cache hit, replaying\na\n\n$ cat b.txt ◉ cache hit, replaying\nb\n${summary('2/2')}`,
    );
    workspace.write({ 'b.txt': 'new\n' });
    assert.equal(
      await run(),
      `$ cat a.txt ◉ cache hit, replaying\na\n\n$ cat b.txt ○ cache miss: 'b.txt' modified, executing\nnew\n${summary('1/2')}`,
    );
  });

  it('shows where a task runs, and one line for one hit', async (t) => {
    const workspace = new Workspace(t, files);
    const first = await workspace.vt(['run', 'below'], { cwd: 'sub' });
    assert.equal(first.stdout, '~/sub$ cat c.txt\nc\n');
    const second = await workspace.vt(['run', 'below']);
    assert.equal(
      steadyText(second.stdout),
      '~/sub$ cat c.txt ◉ cache hit, replaying\nc\n\n---\nvt run: cache hit.\n',
    );
    assert.equal(first.stderr + second.stderr, '');
  });

  it('says when caching is off, by configuration and by flag', async (t) => {
    const workspace = new Workspace(t, files);
    for (const args of [['off'], ['--no-cache', 'below'], ['--cache', 'off']]) {
      const runs = [await workspace.vt(['run', ...args]), await workspace.vt(['run', ...args])];
      for (const run of runs) assert.match(run.stdout, /^\S+ cat .\.txt ⊘ cache disabled\n.\n$/);
    }
  });

  it('does not keep a failing command, ends with its exit code and runs nothing after it', async (t) => {
    const workspace = new Workspace(t, files);
    const line = "$ sh -c 'cat a.txt; exit 3'\na\n";
    const summary =
      '\n---\nvt run: 0/2 cache hit (0%), 0/2 successful. (Run `vt run --last-details` for full details)\n';
    for (let time = 0; time < 2; time++) {
      const run = await workspace.vt(['run', 'fail']);
      assert.deepEqual([run.code, run.stdout, run.stderr], [3, line + summary, '']);
    }
    assert.equal(
      steadyText((await workspace.vt(['run', '--last-details'])).stdout),
      `[1] fail: $ sh -c 'cat a.txt; exit 3'
    cache miss: nothing was stored yet
    exited with 3 in …
[2] fail (2): $ cat b.txt
    not run: what came before it failed
`,
    );
    const killed = await workspace.vt(['run', 'signal']);
    assert.deepEqual([killed.code, killed.signal], [128 + 15, null]);
  });

  it('before any run has no details', async (t) => {
    const run = await new Workspace(t).vt(['run', '--last-details']);
    assert.deepEqual(
      [run.code, run.stdout],
      [0, 'No previous run summary found. Run a task first to generate a summary.\n'],
    );
  });

  it('caches scripts of package.json only when asked to', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "scripts": { "show": "cat a.txt" } }',
      'a.txt': 'a\n',
    });
    const run = async (...args: string[]): Promise<string> =>
      steadyText((await workspace.vt(['run', ...args, 'show'])).stdout);
    assert.equal(await run(), '$ cat a.txt ⊘ cache disabled\na\n');
    assert.equal(await run('--cache'), '$ cat a.txt\na\n');
    const hit = '$ cat a.txt ◉ cache hit, replaying\na\n\n---\nvt run: cache hit.\n';
    assert.equal(await run('--cache'), hit);
    assert.equal(await run(), '$ cat a.txt ⊘ cache disabled\na\n');
    workspace.write({ 'vite-task.json': '{ "cache": { "scripts": true } }' });
    assert.equal(await run(), hit);
  });
});

describe('vt exec', () => {
  it('says what it did on stderr only, and nothing with -q', async (t) => {
    const workspace = new Workspace(t, { 'a.txt': 'a\n' });
    const exec = async (...args: string[]): Promise<string[]> => {
      const run = await workspace.vt(['exec', ...args, '--', 'cat', 'a.txt']);
      return [run.stdout, steadyText(run.stderr)];
    };
    assert.deepEqual(await exec(), ['a\n', '']);
    assert.deepEqual(await exec(), ['a\n', '$ cat a.txt ◉ cache hit, replaying\n']);
    assert.deepEqual(await exec('-q'), ['a\n', '']);
    assert.deepEqual(await exec('-v'), [
      'a\n',
      '$ cat a.txt ◉ cache hit, replaying\n[1] cat a.txt: $ cat a.txt\n    cache hit: output replayed\n    time: …\n',
    ]);
    workspace.write({ 'a.txt': 'b\n' });
    assert.deepEqual(await exec(), [
      'b\n',
      "$ cat a.txt ○ cache miss: 'a.txt' modified, executing\n",
    ]);
    assert.deepEqual(await exec('--no-cache'), ['b\n', '$ cat a.txt ⊘ cache disabled\n']);
  });
});

describe('vt cache clean', () => {
  it('forgets everything, and says where', async (t) => {
    const workspace = new Workspace(t, { 'package.json': '{}', 'a.txt': 'a\n' });
    const place = workspace.path('node_modules/.cache/vt');
    const clean = async (): Promise<string> => (await workspace.vt(['cache', 'clean'])).all;
    const exec = ['exec', '--', 'cat', 'a.txt'];
    await workspace.vt(exec);
    assert.match((await workspace.vt(exec)).stderr, /cache hit/);
    assert.equal(await clean(), `vt: removed what was stored in ${place}\n`);
    assert.equal(await clean(), `vt: nothing was stored in ${place}\n`);
    assert.equal((await workspace.vt(exec)).stderr, '', 'a first run again');
  });
});
