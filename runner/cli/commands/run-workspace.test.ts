import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { PlanRig } from '../plan-rig.js';

type Json = Record<string, unknown>;

/** `core` ← `lib` ← `app`, and `cli`, which needs `core`; lib has no `test`. */
function chain(t: TestContext, root: Json = {}, more: Json = {}): PlanRig {
  const scripts = { build: 'make', test: 'check' };
  return new PlanRig(t, {
    'package.json': { name: 'root', workspaces: ['packages/*'], ...root },
    'packages/app/package.json': {
      name: '@t/app',
      scripts,
      dependencies: { '@t/lib': 'workspace:*' },
    },
    'packages/lib/package.json': {
      name: '@t/lib',
      scripts: { build: 'make' },
      dependencies: { '@t/core': '^1.0.0' },
    },
    'packages/core/package.json': { name: '@t/core', version: '1.2.0', scripts },
    'packages/cli/package.json': {
      name: '@t/cli',
      scripts,
      devDependencies: { '@t/core': 'workspace:^' },
    },
    ...more,
  });
}

describe('the packages that vt run chooses', () => {
  const cases: [args: string, cwd: string, expected: string[]][] = [
    ['build', 'packages/app', ['@t/app#build']],
    ['@t/core#build', '.', ['@t/core#build']],
    [
      '-r build',
      '.',
      [
        '@t/core#build',
        '@t/lib#build < @t/core#build',
        '@t/app#build < @t/lib#build',
        '@t/cli#build < @t/core#build',
      ],
    ],
    ['-r test', '.', ['@t/core#test', '@t/app#test < @t/core#test', '@t/cli#test < @t/core#test']],
    ['-t build', 'packages/lib', ['@t/core#build', '@t/lib#build < @t/core#build']],
    ['-t test', 'packages/lib', ['@t/core#test']],
    ['-t @t/app#test', '.', ['@t/core#test', '@t/app#test < @t/core#test']],
    ['-F @t/app build', '.', ['@t/app#build']],
    ['-F app -F core build', '.', ['@t/core#build', '@t/app#build < @t/core#build']],
    ['-F @t/app... -F !@t/lib build', '.', ['@t/core#build', '@t/app#build < @t/core#build']],
    [
      '-F ...core test',
      '.',
      ['@t/core#test', '@t/app#test < @t/core#test', '@t/cli#test < @t/core#test'],
    ],
    ['-F ./lib build', 'packages', ['@t/lib#build']],
    ['-F . build', 'packages/lib', ['@t/lib#build']],
    ['-r nothing', '.', ['unknown-task']],
    ['-F nobody build', '.', []],
    ['-F nobody --fail-if-no-match build', '.', ['nothing-matched']],
    ['-F app[main] build', '.', ['bad-filter']],
    ['nobody#build', '.', ['unknown-package']],
    ['-w build', 'packages/lib', ['unknown-task']],
  ];
  for (const [args, cwd, expected] of cases) {
    it(`vt run ${args}, in ${cwd}`, async (t) => {
      assert.deepEqual(await chain(t).graph(args, cwd), expected);
    });
  }

  it('include the root, alone with -w or as one more with --filter', async (t) => {
    const rig = chain(t, { scripts: { build: 'all' } });
    assert.deepEqual(await rig.graph('-w build', 'packages/lib'), ['root#build']);
    assert.deepEqual(await rig.graph('-w -F core build', 'packages/lib'), [
      'root#build',
      '@t/core#build',
    ]);
    assert.deepEqual((await rig.graph('-r build')).length, 5);
    assert.deepEqual(await rig.graph('-tw build', 'packages/lib'), ['root#build']);
  });

  it('are warned of when a filter means none', async (t) => {
    assert.deepEqual(await chain(t).warnings('-F nobody -F app build'), ['filter-without-match']);
  });

  it('go by their paths when they have no name, and by their places when they share one', async (t) => {
    const scripts = { build: 'make' };
    const rig = new PlanRig(t, {
      'package.json': { workspaces: ['p/*'], scripts },
      'p/nameless/package.json': { scripts },
      'p/one/package.json': { name: 'one', scripts },
      'examples/one/package.json': { name: 'one', scripts, dependencies: { one: '*' } },
    });
    assert.deepEqual(await rig.graph('p/nameless#build', 'p/one'), ['p/nameless#build']);
    assert.deepEqual(await rig.graph('#build', 'p/one'), ['build']);
    assert.deepEqual(await rig.graph('-r build'), ['build', 'p/nameless#build', 'one#build']);
    const outcome = await rig.outcome('-t build', 'examples/one');
    assert.ok(outcome.kind === 'planned');
    assert.deepEqual(
      outcome.plan.steps.map(({ planned, needs }) => [planned?.execution.cwd, needs]),
      [
        [`${rig.root}/p/one`, []],
        [`${rig.root}/examples/one`, [0]],
      ],
    );
    assert.deepEqual(
      outcome.plan.tasks.map((task) => task.package),
      ['p/one', 'examples/one'],
    );
  });

  it('get the arguments for their last command, and what they wait for gets none', async (t) => {
    const rig = chain(
      t,
      {},
      {
        'packages/app/package.json': { name: '@t/app', dependencies: { '@t/core': '*' } },
        'packages/app/vite-task.json': {
          tasks: { build: { command: 'a && b', dependsOn: ['gen'] }, gen: 'gen' },
        },
      },
    );
    assert.deepEqual(await rig.commands('-t build --x', 'packages/app'), [
      '@t/core#build: make --x',
      '@t/app#gen: gen',
      '@t/app#build: a',
      '@t/app#build (2): b --x',
    ]);
  });

  it('run in their own directory, from anywhere, with their programs first in PATH', async (t) => {
    const rig = chain(t);
    const outcome = await rig.outcome('@t/lib#build', 'packages/app');
    const execution =
      outcome.kind === 'planned' ? outcome.plan.steps[0]?.planned?.execution : undefined;
    assert.equal(execution?.cwd, `${rig.root}/packages/lib`);
    assert.equal(
      execution.env.PATH,
      `${rig.root}/packages/lib/node_modules/.bin:${rig.root}/node_modules/.bin:/usr/bin:/bin`,
    );
    assert.deepEqual(
      [execution.env.INIT_CWD, execution.env.VP_RUN],
      [`${rig.root}/packages/app`, '1'],
    );
  });
});

describe('dependsOn across packages', () => {
  const tasks = (definitions: unknown): Json => ({ tasks: definitions });

  it('names tasks of other packages, and those of direct dependencies', async (t) => {
    const rig = chain(
      t,
      {},
      {
        'packages/app/vite-task.json': tasks({
          named: { command: 'x', dependsOn: ['@t/cli#build', '@t/lib#build'] },
          direct: { command: 'x', dependsOn: [{ task: 'build', from: 'dependencies' }] },
          dev: { command: 'x', dependsOn: [{ task: 'build', from: ['devDependencies'] }] },
          lacking: { command: 'x', dependsOn: [{ task: 'test', from: 'dependencies' }] },
          typo: { command: 'x', dependsOn: [{ task: 'biuld', from: 'dependencies' }] },
          stranger: { command: 'x', dependsOn: ['@t/lbi#build'] },
          'task-typo': { command: 'x', dependsOn: ['@t/lib#biuld'] },
        }),
      },
    );
    const graph = (task: string): Promise<readonly string[]> => rig.graph(task, 'packages/app');
    assert.deepEqual(await graph('named'), [
      '@t/cli#build',
      '@t/lib#build',
      '@t/app#named < @t/cli#build, @t/lib#build',
    ]);
    assert.deepEqual(await graph('direct'), ['@t/lib#build', '@t/app#direct < @t/lib#build']);
    assert.deepEqual(await graph('dev'), ['@t/app#dev']);
    assert.deepEqual(await graph('lacking'), ['@t/app#lacking']);
    assert.deepEqual(await graph('--ignore-depends-on named'), ['@t/app#named']);
    for (const [task, nearest] of [
      ['typo', 'build'],
      ['stranger', '@t/lib#build'],
      ['task-typo', '@t/lib#build'],
    ] as const) {
      const outcome = await rig.outcome(task, 'packages/app');
      assert.ok(outcome.kind === 'refused');
      const [problem] = outcome.problems;
      assert.ok(problem?.kind === 'unknown-dependency');
      assert.equal(problem.nearest, nearest);
    }
  });

  it('comes on top of the order of packages', async (t) => {
    const rig = chain(
      t,
      {},
      {
        'packages/core/package.json': { name: '@t/core', version: '1.2.0' },
        'packages/core/vite-task.json': tasks({
          build: { command: 'x', dependsOn: ['gen', '@t/cli#lint'] },
          gen: 'gen',
        }),
        'packages/cli/vite-task.json': tasks({ lint: 'lint' }),
      },
    );
    assert.deepEqual(await rig.graph('-F app... build'), [
      '@t/core#gen',
      '@t/cli#lint',
      '@t/core#build < @t/cli#lint, @t/core#gen',
      '@t/lib#build < @t/core#build',
      '@t/app#build < @t/lib#build',
    ]);
  });

  it('is refused where it goes round, with every member and why', async (t) => {
    const rig = chain(
      t,
      {},
      {
        'packages/core/package.json': { name: '@t/core', version: '1.2.0' },
        'packages/core/vite-task.json': tasks({
          build: { command: 'x', dependsOn: ['@t/app#build'] },
        }),
      },
    );
    const outcome = await rig.outcome('-r build');
    assert.ok(outcome.kind === 'refused');
    assert.deepEqual(
      outcome.problems.map((problem) =>
        problem.kind === 'dependency-cycle'
          ? problem.members.map((member) => [
              member.task,
              member.because,
              member.at.text.slice(member.at.offset, member.at.offset + member.at.length),
            ])
          : problem,
      ),
      [
        [
          ['@t/core#build', 'depends-on', '"@t/app#build"'],
          ['@t/app#build', 'package', '"workspace:*"'],
          ['@t/lib#build', 'package', '"^1.0.0"'],
        ],
      ],
    );
  });
});

describe('packages that need each other', () => {
  const pkg = (name: string, needs: Json = {}): Json => ({
    name,
    scripts: { build: 'make' },
    ...needs,
  });

  it('come together, with a warning, after all and before all that concern any of them', async (t) => {
    const rig = new PlanRig(t, {
      'pnpm-workspace.yaml': 'packages: ["*"]',
      'a/package.json': pkg('a', { dependencies: { b: 'workspace:*', base: 'workspace:*' } }),
      'b/package.json': pkg('b', { dependencies: { a: 'workspace:*' } }),
      'base/package.json': pkg('base'),
      'consumer/package.json': pkg('consumer', { dependencies: { b: 'workspace:*' } }),
    });
    assert.deepEqual(await rig.graph('-r build'), [
      'base#build',
      'a#build < base#build',
      'b#build < base#build',
      'consumer#build < a#build, b#build',
    ]);
    const outcome = await rig.outcome('-r build');
    assert.ok(outcome.kind === 'planned');
    const [warning] = outcome.warnings;
    assert.ok(warning?.kind === 'package-cycle');
    assert.deepEqual(
      warning.members.map((member) => member.package),
      ['a', 'b'],
    );
    assert.deepEqual(await rig.warnings('-F a build'), []);
  });

  it('are put in order by their dependencies alone, if that is enough', async (t) => {
    const rig = new PlanRig(t, {
      'pnpm-workspace.yaml': 'packages: ["*"]',
      'app/package.json': pkg('app', { dependencies: { builder: 'workspace:*' } }),
      'builder/package.json': pkg('builder', { peerDependencies: { app: '*' } }),
      'lib/package.json': pkg('lib', { devDependencies: { kit: 'workspace:*' } }),
      'kit/package.json': pkg('kit', { dependencies: { lib: 'workspace:*' } }),
      'last/package.json': pkg('last', { dependencies: { lib: 'workspace:*' } }),
    });
    assert.deepEqual(await rig.graph('-r build'), [
      'builder#build',
      'app#build < builder#build',
      'lib#build',
      'kit#build < lib#build',
      'last#build < kit#build, lib#build',
    ]);
    assert.deepEqual(await rig.warnings('-r build'), []);
  });
});
