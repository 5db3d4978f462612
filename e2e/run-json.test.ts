import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { mistakes, type Schema } from './harness/json-schema.js';
import { projectRoot, Workspace, type RunOptions } from './harness/workspace.js';

const schema = JSON.parse(
  readFileSync(path.join(projectRoot, 'docs/run.schema.json'), 'utf8'),
) as Schema;

type Event = Readonly<Record<string, unknown>> & { readonly event: string };

/** Every line, each as docs/run.schema.json says. */
function eventsOf(stdout: string): Event[] {
  assert.ok(stdout.endsWith('\n'));
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Event;
      assert.deepEqual(mistakes(event, schema), [], line);
      return event;
    });
}

async function run(
  workspace: Workspace,
  args: readonly string[],
  expected = 0,
  options: RunOptions = {},
): Promise<Event[]> {
  const { code, stdout } = await workspace.vt(['run', '--json', ...args], options);
  assert.equal(code, expected, stdout);
  return eventsOf(stdout);
}

/** Without what differs from run to run. */
function steady(events: readonly Event[]): unknown[] {
  return events.map(({ at, ...event }) => {
    assert.equal(typeof at, 'number');
    const { entry, milliseconds, savedMilliseconds, ...rest } = event;
    if (milliseconds !== undefined) assert.equal(typeof milliseconds, 'number');
    if (savedMilliseconds !== undefined) assert.equal(typeof savedMilliseconds, 'number');
    if (entry === undefined) return rest;
    if (entry !== null) assert.match(entry as string, /^[0-9a-f]{32}$/);
    return { ...rest, isStored: entry !== null };
  });
}

function workspaceOf(t: TestContext, app: Readonly<Record<string, unknown>>): Workspace {
  return new Workspace(t, {
    'package.json': '{ "name": "root", "workspaces": ["p/*"] }',
    'p/lib/package.json': '{ "name": "lib", "version": "1.0.0" }',
    'p/lib/vite-task.json': '{ "tasks": { "build": "cat a.txt" } }',
    'p/lib/a.txt': 'é\n',
    'p/app/package.json':
      '{ "name": "app", "version": "1.0.0", "dependencies": { "lib": "workspace:*" } }',
    'p/app/vite-task.json': JSON.stringify({ tasks: app }),
  });
}

const cwd = (workspace: Workspace, name: string): string => workspace.path('p', name);
const stepDefaults = { follows: [], pool: 0, continues: false };

describe('vt run --json', () => {
  it('says what is planned, what happens and what came of it', async (t) => {
    const workspace = workspaceOf(t, {
      build: { command: 'sh -c \'printf "\\377"; exit 3\'', cache: false },
    });
    const first = await run(workspace, ['-r', 'build'], 3);
    const planned = {
      event: 'planned',
      version: 1,
      workspaceRoot: workspace.root,
      tasks: [
        { name: 'lib#build', package: 'p/lib' },
        { name: 'app#build', package: 'p/app' },
      ],
      steps: [
        {
          ...{ step: 0, task: 0, command: 'cat a.txt', cwd: cwd(workspace, 'lib') },
          ...{ isCached: true, needs: [], ...stepDefaults },
        },
        {
          ...{ step: 1, task: 1, command: 'sh -c \'printf "\\377"; exit 3\'' },
          ...{ cwd: cwd(workspace, 'app'), isCached: false, needs: [0], ...stepDefaults },
        },
      ],
      pools: [{ limit: 4, within: null }],
      warnings: [],
    };
    const succeeded = { kind: 'exited', code: 0 };
    const nothing = { notCached: null, stopped: null, restored: null };
    const rest = [
      {
        event: 'began',
        step: 1,
        cache: {
          status: 'disabled',
          reason: { kind: 'configuration' },
          text: 'by the configuration',
        },
      },
      { event: 'wrote', step: 1, stream: 'stdout', base64: '/w==' },
      {
        ...{ event: 'ended', step: 1, succeeded: false, exitCode: 3, cache: 'disabled' },
        ...{ ending: { kind: 'exited', code: 3 }, ...nothing, isStored: false },
      },
    ];
    const finished = { event: 'finished', exitCode: 3, commands: 2, succeeded: 1 };
    const failed = { firstFailure: 1, stopped: { kind: 'failure' } };
    assert.deepEqual(steady(first), [
      planned,
      { event: 'began', step: 0, cache: { status: 'first-run', reason: null, text: null } },
      { event: 'wrote', step: 0, stream: 'stdout', text: 'é\n' },
      {
        ...{ event: 'ended', step: 0, succeeded: true, exitCode: 0, ending: succeeded },
        ...{ cache: 'first-run', ...nothing, isStored: true },
      },
      ...rest,
      { ...finished, hits: 0, ...failed },
    ]);
    const second = await run(workspace, ['-r', 'build'], 3);
    assert.deepEqual(steady(second), [
      planned,
      { event: 'began', step: 0, cache: { status: 'hit', reason: null, text: null } },
      { event: 'wrote', step: 0, stream: 'stdout', text: 'é\n' },
      {
        ...{ event: 'ended', step: 0, succeeded: true, exitCode: 0, ending: succeeded },
        ...{ cache: 'hit', ...nothing, restored: { written: 0, unchanged: 0 }, isStored: true },
      },
      ...rest,
      { ...finished, hits: 1, ...failed },
    ]);
  });

  it('says why something missed, was not kept or not run', async (t) => {
    const workspace = workspaceOf(t, {
      build: 'cat none',
      after: { command: 'x', dependsOn: ['build'] },
    });
    await run(workspace, ['lib#build']);
    workspace.write({ 'p/lib/a.txt': 'b\n' });
    const [, began] = await run(workspace, ['lib#build']);
    assert.deepEqual(began?.['cache'], {
      status: 'miss',
      reason: { kind: 'modified', path: 'p/lib/a.txt' },
      text: "'p/lib/a.txt' modified",
    });
    const failing = await run(workspace, ['app#after'], 1);
    assert.deepEqual(
      failing.filter(({ event }) => event === 'notRun').map(({ because }) => because),
      [{ kind: 'needs-failed', failed: 0 }],
    );
    workspace.write({
      'p/app/vite-task.json': JSON.stringify({ tasks: { build: "sh -c 'kill -9 $$'" } }),
    });
    const killed = await run(workspace, ['app#build'], 137);
    const ended = killed.find(({ event }) => event === 'ended');
    assert.deepEqual(ended?.['ending'], { kind: 'killed', signal: 'SIGKILL' });
    assert.equal(ended['exitCode'], 137);
  });

  it('says the end of an interrupted run, and what it stopped', async (t) => {
    const workspace = workspaceOf(t, {});
    const program = await CommandedProgram.listen(t, workspace);
    workspace.write({
      'p/app/vite-task.json': JSON.stringify({
        tasks: { serve: [program.command.join(' '), 'touch ran'] },
      }),
    });
    const started = workspace.startVt(['run', '--json', 'app#serve']);
    assert.match(await program.said(started), /^ready/);
    started.child.kill('SIGINT');
    assert.equal(await program.said(started), 'SIGINT 1');
    program.tell('exit 0');
    const { code, stdout } = await started.finished;
    assert.equal(code, 130);
    const events = eventsOf(stdout);
    const stopped = { kind: 'signal', signal: 'SIGINT' };
    assert.deepEqual(
      events.flatMap(({ event, because, stopped: told }) =>
        event === 'notRun' ? [because] : event === 'ended' || event === 'finished' ? [told] : [],
      ),
      [{ kind: 'stopped', reason: stopped }, stopped, stopped],
    );
  });

  it('says what is wrong with what was asked for', async (t) => {
    const workspace = workspaceOf(t, { build: { command: 'x', dependsOn: ['biuld'] } });
    const events = await run(workspace, ['app#build'], 1);
    assert.deepEqual(steady(events), [
      {
        event: 'refused',
        version: 1,
        problems: [
          {
            severity: 'error',
            code: 'unknown-dependency',
            title: 'task "app#build" depends on "biuld", which does not exist',
            places: [{ file: workspace.path('p/app/vite-task.json'), line: 1, column: 47 }],
            facts: [],
            help: 'did you mean "build"?',
          },
        ],
      },
    ]);
  });

  it('is nothing but JSON in a terminal, and in GitHub Actions', async (t) => {
    const workspace = workspaceOf(t, { build: 'echo app' });
    for (const options of [{ terminal: true }, { env: { GITHUB_ACTIONS: 'true' } }]) {
      const events = await run(workspace, ['-r', 'build'], 0, options);
      assert.equal(events.at(-1)?.event, 'finished');
    }
  });
});

describe('vt run --dry-run', () => {
  const files = { build: 'cp ../lib/a.txt b.txt', last: 'echo last' };

  it('says what a run would find, and does nothing', async (t) => {
    const workspace = workspaceOf(t, files);
    const dry = async (): Promise<string> => {
      const { code, stdout, stderr } = await workspace.vt(['run', '--dry-run', '-r', 'build']);
      assert.deepEqual([code, stderr], [0, '']);
      return stdout;
    };
    assert.equal(
      await dry(),
      `~/p/lib$ cat a.txt ○ cache miss: nothing is stored
~/p/app$ cp ../lib/a.txt b.txt ○ cache miss: nothing is stored (before lib#build did anything)

---
vt run: 0/2 cache hit (0%), nothing was run.
`,
    );
    assert.equal(workspace.exists('node_modules'), false, 'no cache was made');
    await run(workspace, ['-r', 'build']);
    workspace.remove('p/app/b.txt');
    assert.equal(
      await dry(),
      `~/p/lib$ cat a.txt ◉ cache hit
~/p/app$ cp ../lib/a.txt b.txt ◉ cache hit, 1 output to put in place

---
vt run: cache hit, nothing was run.
`,
    );
    assert.equal(workspace.exists('p/app/b.txt'), false);
    workspace.write({ 'p/lib/a.txt': 'new\n' });
    const before = workspace.snapshot('.');
    assert.equal(
      await dry(),
      `~/p/lib$ cat a.txt ○ cache miss: 'p/lib/a.txt' modified
~/p/app$ cp ../lib/a.txt b.txt ○ cache miss: 'p/lib/a.txt' modified (before lib#build did anything)

---
vt run: 0/2 cache hit (0%), nothing was run.
`,
    );
    assert.deepEqual(workspace.snapshot('.'), before);
  });

  it('in JSON', async (t) => {
    const workspace = workspaceOf(t, files);
    await run(workspace, ['-r', 'build']);
    workspace.remove('p/app/b.txt');
    const hit = { status: 'hit', reason: null, text: null };
    const [, ...events] = steady(await run(workspace, ['--dry-run', '-r', 'build']));
    assert.deepEqual(events, [
      {
        ...{ event: 'predicted', step: 0, cache: hit, after: [] },
        restore: { restored: [], removed: [], unchanged: 0 },
      },
      {
        ...{ event: 'predicted', step: 1, cache: hit, after: [] },
        restore: { restored: ['p/app/b.txt'], removed: [], unchanged: 0 },
      },
      {
        ...{ event: 'finished', exitCode: 0, commands: 2, hits: 2, succeeded: 0 },
        ...{ firstFailure: null, stopped: null },
      },
    ]);
  });
});
