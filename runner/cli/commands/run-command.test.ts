import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CliRig, code } from '../cli-rig.js';

describe('vt run', () => {
  const files = {
    'package.json': '{ "name": "app", "scripts": { "lint": "eslint" } }',
    'vite-task.json': '{ "tasks": { "build": "a && b | c && d", "one": "a" } }',
  };
  const three = { ...files, 'vite-task.json': '{ "tasks": { "build": ["a", "b", "c"] } }' };

  it('prints a line for each command, and a summary', async (t) => {
    const rig = new CliRig(t, three);
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
    assert.deepEqual([rig.stderr, rig.closed, rig.surroundings?.stopping.policy], ['', 1, 'stop']);
  });

  it('stops at the first failure, with its exit code', async (t) => {
    const rig = new CliRig(t, three);
    rig.outcomes = { b: { ending: { kind: 'killed', signal: 'SIGTERM' } } };
    assert.deepEqual(await rig.vt('run', 'build'), code(143));
    assert.deepEqual(
      rig.executions.map(({ command }) => command),
      ['a', 'b'],
    );
    assert.match(rig.stdout, /vt run: 0\/3 cache hit \(0%\), 1\/3 successful\. /);
  });

  it('ends with 130 when it was interrupted, however the task ended', async (t) => {
    const rig = new CliRig(t, three);
    for (const ending of [
      { kind: 'exited', code: 0 },
      { kind: 'exited', code: 1 },
      { kind: 'killed', signal: 'SIGKILL' },
    ] as const) {
      const stopped = { kind: 'signal', signal: 'SIGINT' } as const;
      rig.outcomes = { b: { stopped, ending } };
      assert.deepEqual(await rig.vt('run', 'build'), code(130));
      assert.equal(rig.executions.length, 2);
    }
  });

  it('says nothing more of a single first run, and what a hit saved', async (t) => {
    const rig = new CliRig(t, files);
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
    const rig = new CliRig(t, files);
    await rig.vt('run', 'one', '--no-cache', '-v', '--', '--help');
    assert.deepEqual(rig.executions[0]?.argv, ['a', '--no-cache', '-v', '--', '--help']);
    assert.ok(rig.executions[0].cache !== undefined);
  });

  it('shows details with -v, and again with --last-details', async (t) => {
    const rig = new CliRig(t, files);
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
    const rig = new CliRig(t, { ...files, 'ipc/q': '' });
    rig.env = { VT_IPC_DIR: path.join(rig.root, 'ipc') };
    await rig.vt('run', 'one');
    assert.equal(rig.executions[0]?.uncachedBecause, 'nested');
    assert.equal(existsSync(path.join(rig.root, 'node_modules')), false);
  });

  it('caches scripts when asked to', async (t) => {
    const rig = new CliRig(t, files);
    await rig.vt('run', 'lint');
    assert.equal(rig.executions[0]?.uncachedBecause, 'script-default');
    await rig.vt('run', '--cache', 'lint');
    assert.ok(rig.executions[0]?.cache !== undefined);
  });

  it('names the nearest task for an unknown one', async (t) => {
    const rig = new CliRig(t, files);
    assert.deepEqual(await rig.vt('run', 'buidl'), code(1));
    assert.equal(
      rig.stderr,
      'error[unknown-task]: Task "buidl" not found.\n  known tasks: build, one, lint\nhelp: did you mean "build"?\n',
    );
  });

  it('shows where the configuration is wrong, and runs nothing', async (t) => {
    const rig = new CliRig(t, {
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
  known fields: command, cwd, dependsOn, cache, env, untrackedEnv, input, output, optOut, notSecret
help: did you mean "command"?
`,
    );
    assert.equal(rig.executions.length, 0);
  });

  it('does not guess a workspace whose package.json is broken', async (t) => {
    const rig = new CliRig(t, { ...files, 'package.json': '{ "workspaces" ["x"] }' });
    assert.deepEqual(await rig.vt('run', 'one'), code(1));
    assert.equal(
      rig.stderr,
      `error[syntax-error]: the file is not valid JSON: expected ":"
  at package.json:1:16
  1 | { "workspaces" ["x"] }
    |                ~
help: correct the JSON; comments and trailing commas are allowed
`,
    );
  });

  it('runs in spite of a warning', async (t) => {
    const rig = new CliRig(t, {
      ...files,
      'vite-task.json': '{"tasks":{"one":{"command":"a","env":[]}}}',
    });
    assert.deepEqual(await rig.vt('run', 'one'), code(0));
    assert.match(rig.stderr, /^warning\[older-form\]/);
    assert.equal(rig.executions.length, 1);
  });
});
