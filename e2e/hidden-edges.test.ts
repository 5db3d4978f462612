import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { Workspace, type Finished } from './harness/workspace.js';

// Shows: run.hidden-edges

/** Tasks that meet in files, as the stored results show it. */
const hidden = `warning[hidden-edge]: "app#build" reads packages/lib/dist.txt, which "lib#build" writes, and nothing says that it comes after it
help: add "lib#build" to "dependsOn" of "app#build", or make its package depend on the other
`;

function workspaceOf(
  t: TestContext,
  app: object,
  manifest: object = {},
  lib: object = { build: 'cp src.txt dist.txt' },
): Workspace {
  return new Workspace(t, {
    'package.json': '{ "name": "root", "workspaces": ["packages/*"] }',
    'packages/lib/package.json': '{ "name": "lib", "version": "1.0.0" }',
    'packages/lib/vite-task.json': JSON.stringify({ tasks: lib }),
    'packages/lib/src.txt': 'source\n',
    'packages/app/package.json': JSON.stringify({ name: 'app', ...manifest }),
    'packages/app/vite-task.json': JSON.stringify({ tasks: app }),
  });
}

const reads = { build: 'sh -c "cat ../lib/dist.txt > out.txt"' };

async function run(workspace: Workspace, ...args: string[]): Promise<Finished> {
  return workspace.vt(['run', ...args]);
}

function told({ code, stderr }: Finished): readonly [number | null, string] {
  return [code, stderr];
}

describe('a task that reads what another one writes', () => {
  it('is told of, with both tasks and the file, when it is run and when it is replayed', async (t) => {
    const workspace = workspaceOf(t, reads);
    assert.deepEqual(told(await run(workspace, 'lib#build')), [0, '']);
    // The other one is known by its stored result.
    assert.deepEqual(told(await run(workspace, 'app#build')), [0, hidden]);
    const both = await run(workspace, '-r', 'build');
    assert.deepEqual(told(both), [0, hidden]);
    const again = await run(workspace, '-r', 'build');
    assert.match(again.stdout, /vt run: 2\/2 cache hit/);
    assert.deepEqual(told(again), [0, hidden]);
  });

  it('is told of when only the configuration has changed, though all of it is replayed as before', async (t) => {
    const inOrder = { build: { command: reads.build, dependsOn: ['lib#build'] } };
    const workspace = workspaceOf(t, inOrder);
    const apart = workspace.path('node_modules/.cache/vt/v3/found-apart');
    // The first two may have something to do, the next ones replay both.
    for (let time = 0; time < 4; time++) {
      assert.deepEqual(told(await run(workspace, '-r', 'build')), [0, '']);
    }
    assert.ok(existsSync(apart), 'the check was spared');
    workspace.write({ 'packages/app/vite-task.json': JSON.stringify({ tasks: reads }) });
    const again = await run(workspace, '-r', 'build');
    assert.match(again.stdout, /vt run: 2\/2 cache hit/);
    assert.deepEqual(told(again), [0, hidden]);
  });

  it('fails the run with --strict, after all of it was run', async (t) => {
    const workspace = workspaceOf(t, reads);
    await run(workspace, 'lib#build');
    const error = hidden.replace('warning', 'error');
    assert.deepEqual(told(await run(workspace, '--strict', 'app#build')), [1, error]);
    assert.equal(workspace.read('packages/app/out.txt'), 'source\n');
    const hit = await run(workspace, '--strict', 'app#build');
    assert.match(hit.stdout, /◉ cache hit/);
    assert.deepEqual(told(hit), [1, error]);
    assert.deepEqual(told(await run(workspace, '--strict', 'lib#build')), [0, '']);
  });

  it('names more files, and says it in JSON', async (t) => {
    const workspace = workspaceOf(
      t,
      { build: 'sh -c "cat ../lib/o/* > out.txt"' },
      {},
      { build: "sh -c 'mkdir -p o; for i in 1 2 3 4 5 6; do echo $i > o/$i; done'" },
    );
    await run(workspace, 'lib#build');
    const { stderr } = await run(workspace, 'app#build');
    assert.match(
      stderr,
      /reads packages\/lib\/o\/1, .*\n {2}also: packages\/lib\/o\/2, packages\/lib\/o\/3, packages\/lib\/o\/4, and 2 more\n/,
    );
    const json = await run(workspace, '--json', '-r', 'build');
    assert.match(
      json.stdout,
      /"event":"warned","at":\d+,"message":"\\"app#build\\" reads packages\/lib\/o\/1/,
    );
  });

  for (const [name, app, manifest] of [
    ['dependsOn', { build: { command: reads.build, dependsOn: ['lib#build'] } }, {}],
    [
      'dependsOn, over another task',
      {
        build: { command: reads.build, dependsOn: ['prepare'] },
        prepare: { dependsOn: ['lib#build'] },
      },
      {},
    ],
    ['its package needs the other', reads, { dependencies: { lib: '1.0.0' } }],
  ] as const) {
    it(`is as it should be when something says so: ${name}`, async (t) => {
      const workspace = workspaceOf(t, app, manifest);
      await run(workspace, 'lib#build');
      assert.deepEqual(told(await run(workspace, '--strict', 'app#build')), [0, '']);
      assert.deepEqual(told(await run(workspace, '--strict', '-r', 'build')), [0, '']);
      const unordered = await run(workspace, '--strict', '--ignore-depends-on', 'app#build');
      assert.deepEqual(told(unordered), [0, '']);
    });
  }

  it('may be ordered by a command with both', async (t) => {
    const workspace = workspaceOf(t, {
      ...reads,
      all: 'vt run lib#build && vt run build',
    });
    assert.deepEqual(told(await run(workspace, '--strict', 'app#all')), [0, '']);
  });

  it('may read what another command of itself wrote', async (t) => {
    const workspace = workspaceOf(t, {
      build: ['sh -c "echo a > a.txt"', 'sh -c "cat a.txt > b.txt; echo more >> a.txt"'],
    });
    assert.deepEqual(told(await run(workspace, '--strict', 'app#build')), [0, '']);
  });

  it('says nothing of tasks that are no more', async (t) => {
    const workspace = workspaceOf(t, reads);
    await run(workspace, 'lib#build');
    workspace.write({ 'packages/lib/vite-task.json': '{ "tasks": {} }' });
    assert.deepEqual(told(await run(workspace, '--strict', 'app#build')), [0, '']);
  });
});

describe('two tasks that write the same file', () => {
  const gen = { gen: 'sh -c "echo x > ../../types.txt"' };

  it('are told of once', async (t) => {
    const workspace = workspaceOf(t, gen, {}, gen);
    const warning = `warning[shared-output]: "app#gen" and "lib#gen" both write types.txt, and nothing says which comes first
help: let one of them write it, or name one in "dependsOn" of the other
`;
    assert.deepEqual(told(await run(workspace, '-r', 'gen')), [0, warning]);
    assert.deepEqual(told(await run(workspace, '-r', 'gen')), [0, warning]);
    // Results of runs that disturbed each other are not kept.
    await run(workspace, 'lib#gen');
    const strict = await run(workspace, '--strict', 'app#gen');
    assert.deepEqual(told(strict), [1, warning.replace('warning', 'error')]);
  });

  it('may make the same directory', async (t) => {
    const into = (name: string): object => ({
      gen: `sh -c "mkdir -p ../../out; echo x > ../../out/${name}"`,
    });
    const workspace = workspaceOf(t, into('a'), {}, into('b'));
    assert.deepEqual(told(await run(workspace, '--strict', '-r', 'gen')), [0, '']);
  });

  it('are as they should be in an order', async (t) => {
    const after = { gen: { command: gen.gen, dependsOn: ['lib#gen'] } };
    const workspace = workspaceOf(t, after, {}, gen);
    assert.deepEqual(told(await run(workspace, '--strict', 'app#gen')), [0, '']);
  });
});
