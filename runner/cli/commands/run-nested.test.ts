import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { PlanRig } from '../plan-rig.js';

type Scripts = Record<string, string>;

/** Packages `a` and `b` (which needs `a`) beside the root, each with these scripts. */
function workspace(
  t: TestContext,
  root: Scripts,
  a: Scripts = { build: 'make-a' },
  b: Scripts = { build: 'make-b' },
): PlanRig {
  return new PlanRig(t, {
    'package.json': { name: 'root', scripts: root, workspaces: ['*'] },
    'a/package.json': { name: 'a', scripts: a },
    'b/package.json': { name: 'b', scripts: b, dependencies: { a: '*' } },
  });
}

/** One package with these tasks. */
function single(t: TestContext, tasks: Record<string, unknown>, scripts: Scripts = {}): PlanRig {
  return new PlanRig(t, { 'package.json': { name: 'p', scripts }, 'vite-task.json': { tasks } });
}

describe('vt run in a command', () => {
  it('becomes part of the plan, in its place between other commands', async (t) => {
    const rig = single(t, {
      ci: 'vt run lint && A=1 vt run test --watch && echo done',
      lint: { command: 'eslint', dependsOn: ['gen'] },
      gen: 'gen',
      test: ['unit', 'e2e'],
    });
    assert.deepEqual(await rig.commands('ci now'), [
      'p#gen: gen',
      'p#lint: eslint',
      'p#test: unit',
      'p#test (2): e2e --watch',
      'p#ci (3): echo done now',
    ]);
    assert.deepEqual(await rig.graph('ci'), [
      'p#gen',
      'p#lint < p#gen',
      'p#test < p#lint',
      'p#test (2) < p#test',
      'p#ci (3) < p#test (2)',
    ]);
    const outcome = await rig.outcome('ci');
    assert.ok(outcome.kind === 'planned');
    assert.deepEqual(
      outcome.plan.steps.map(({ planned }) => planned?.envSource.get('A')),
      [undefined, undefined, '1', '1', undefined],
    );
  });

  it('gets the arguments when it is the last command', async (t) => {
    const rig = single(t, { outer: 'vt run inner a', inner: 'x' });
    assert.deepEqual(await rig.commands('outer b'), ['p#inner: x a b']);
  });

  it('is planned with its own flags, through any number of levels', async (t) => {
    const rig = workspace(t, {
      all: 'vt run deep',
      deep: 'vt run -F b... build && vt run -w last',
      last: 'l',
    });
    assert.deepEqual(await rig.graph('all'), [
      'a#build',
      'b#build < a#build',
      'root#last < a#build, b#build',
    ]);
  });

  it('looks for tasks where the command runs', async (t) => {
    const rig = new PlanRig(t, {
      'package.json': { name: 'root', workspaces: ['*', 'a/inner'] },
      'a/package.json': { name: 'a', scripts: { x: 'ax' } },
      'a/vite-task.json': {
        tasks: {
          here: { command: 'vt run x', cwd: 'src' },
          there: { command: 'vt run x', cwd: 'inner' },
          below: { command: 'vt run -F ./inner x' },
        },
      },
      'a/src/file': '',
      'a/inner/package.json': { name: 'inner', scripts: { x: 'ix' } },
    });
    assert.deepEqual(await rig.commands('a#here'), ['a#x: ax']);
    assert.deepEqual(await rig.commands('there', 'a'), ['inner#x: ix']);
    assert.deepEqual(await rig.commands('a#below'), ['inner#x: ix']);
  });

  it('inherits --cache and --no-cache, unless it has its own', async (t) => {
    const rig = single(
      t,
      { plain: 'vt run s', cached: 'vt run --cache s', un: 'vt run --no-cache inner', inner: 'x' },
      { s: 'script' },
    );
    const why = async (args: string): Promise<unknown> => {
      const outcome = await rig.outcome(args);
      return outcome.kind === 'planned'
        ? (outcome.plan.steps[0]?.planned?.execution.uncachedBecause ?? 'cached')
        : outcome;
    };
    assert.equal(await why('plain'), 'script-default');
    assert.equal(await why('--cache plain'), 'cached');
    assert.equal(await why('--no-cache cached'), 'cached');
    assert.equal(await why('un'), 'flag');
    assert.equal(await why('--cache un'), 'flag');
  });

  it('has its place in the limit of the outer run, and one of its own if it says so', async (t) => {
    const rig = single(t, {
      all: 'vt run one && vt run --concurrency-limit 2 two && VP_RUN_CONCURRENCY_LIMIT=3 vt run three',
      beside: 'vt run --parallel one',
      ...{ one: '1', two: '2', three: '3' },
    });
    const pools = async (args: string): Promise<unknown> => {
      const outcome = await rig.outcome(args);
      assert.ok(outcome.kind === 'planned');
      const { steps, pools } = outcome.plan;
      return steps.flatMap(({ planned, pool }) =>
        planned === undefined ? [] : [[planned.execution.command, pools[pool]]],
      );
    };
    assert.deepEqual(await pools('all'), [
      ['1', { limit: 4, within: undefined }],
      ['2', { limit: 2, within: 0 }],
      ['3', { limit: 3, within: 0 }],
    ]);
    assert.deepEqual(await pools('--concurrency-limit 1 beside'), [
      ['1', { limit: Infinity, within: undefined }],
    ]);
  });

  it('stays a process where a plan cannot replace it', async (t) => {
    const rig = single(t, {
      a: 'vt run --help',
      b: 'vt run --no-such-flag x',
      c: 'vt run x | cat',
      d: 'vt run --last-details',
      e: 'cd src && vt run x',
      f: 'vt exec -- x',
      g: 'vt run --dry-run x',
      h: 'vt run --json x',
      i: 'VP_RUN_CONCURRENCY_LIMIT=none vt run x',
    });
    for (const task of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) {
      assert.equal((await rig.commands(task)).length, 1, task);
    }
  });

  it('is refused when it names what is not there, at the command', async (t) => {
    const rig = single(t, { outer: 'x && vt run inenr', inner: 'x' });
    const outcome = await rig.outcome('outer');
    assert.ok(outcome.kind === 'refused');
    const [problem] = outcome.problems;
    assert.ok(problem?.kind === 'unknown-task' && problem.at !== undefined);
    assert.deepEqual(
      [
        problem.nearest,
        problem.at.text.slice(problem.at.offset, problem.at.offset + problem.at.length),
      ],
      ['inner', '"x && vt run inenr"'],
    );
  });

  it('has hooks of scripts too', async (t) => {
    const rig = single(t, {}, { prebuild: 'vt run gen', gen: 'g', build: 'b', postbuild: 'p' });
    assert.deepEqual(await rig.graph('build'), [
      'p#gen',
      'p#build < p#gen',
      'p#postbuild < p#build',
    ]);
  });
});

describe('a task that runs itself', () => {
  it('means the other packages, when it asks for several', async (t) => {
    const rig = workspace(t, { build: 'before && vt run -r build && after' });
    const others = ['a#build < root#build', 'b#build < a#build'];
    assert.deepEqual(await rig.graph('build'), [
      'root#build',
      ...others,
      'root#build (3) < a#build, b#build',
    ]);
    // The run that it is part of does that already.
    assert.deepEqual(await rig.graph('-r build'), [
      'root#build',
      'root#build (3) < root#build',
      'a#build',
      'b#build < a#build',
    ]);
    assert.deepEqual(await workspace(t, { build: 'vt run -r build' }).graph('-r build --x'), [
      'a#build',
      'b#build < a#build',
    ]);
  });

  it('still waits for what it depends on', async (t) => {
    const rig = workspace(t, { lint: 'l' });
    rig.write({
      'vite-task.json': { tasks: { build: { command: 'vt run -r build', dependsOn: ['lint'] } } },
    });
    assert.deepEqual(await rig.graph('-r build'), ['root#lint', 'a#build', 'b#build < a#build']);
    assert.deepEqual(await rig.graph('build'), [
      'root#lint',
      'a#build < root#lint',
      'b#build < a#build',
    ]);
  });

  it('is a mistake, when it asks for nothing else', async (t) => {
    assert.deepEqual(await workspace(t, { build: 'vt run build' }).graph('build'), [
      'task-runs-itself',
    ]);
    assert.deepEqual(await workspace(t, {}, { build: 'x && vt run a#build y' }).graph('-r build'), [
      'task-runs-itself',
    ]);
    assert.deepEqual(await single(t, {}, { build: 'x && vt run -r build' }).graph('build'), [
      'p#build',
    ]);
  });

  it('is a circle, when it does so by another', async (t) => {
    const rig = workspace(t, { build: 'vt run -r test', test: 'vt run -r build' });
    const outcome = await rig.outcome('-r build');
    assert.ok(outcome.kind === 'refused');
    const [problem, other] = outcome.problems;
    assert.ok(problem?.kind === 'dependency-cycle' && other === undefined);
    assert.deepEqual(
      problem.members.map(({ task, because }) => [task, because]),
      [
        ['root#build', 'command'],
        ['root#test', 'command'],
      ],
    );
    const mixed = single(t, { a: { command: 'x', dependsOn: ['b'] }, b: 'vt run a' });
    assert.deepEqual(await mixed.graph('a'), ['dependency-cycle']);
    assert.deepEqual(await mixed.graph('b'), ['dependency-cycle']);
  });
});

describe('a task that several runs ask for', () => {
  it('is run once where nothing else has to come before it', async (t) => {
    const rig = single(t, {
      both: { dependsOn: ['one', 'two'] },
      one: 'vt run unit-one',
      two: 'vt run unit-two',
      'unit-one': { command: '1', dependsOn: ['shared'] },
      'unit-two': { command: '2', dependsOn: ['shared'] },
      shared: ['s', 't'],
    });
    assert.deepEqual(await rig.graph('both'), [
      'p#shared',
      'p#shared (2) < p#shared',
      'p#unit-one < p#shared (2)',
      'p#unit-two < p#shared (2)',
    ]);
  });

  it('is run again where it is asked for again, and never twice at once', async (t) => {
    const rig = single(t, {
      twice: 'vt run clean && make && vt run clean',
      both: { dependsOn: ['one', 'two'] },
      one: 'x && vt run shared',
      two: 'y && vt run shared',
      shared: ['s', 't'],
      clean: 'rm',
    });
    assert.deepEqual(await rig.graph('twice'), [
      'p#clean',
      'p#twice (2) < p#clean',
      'p#clean < p#twice (2) ~ p#clean',
    ]);
    assert.deepEqual(await rig.graph('both'), [
      'p#one',
      'p#shared < p#one',
      'p#shared (2) < p#shared',
      'p#two',
      'p#shared < p#two ~ p#shared (2)',
      'p#shared (2) < p#shared',
    ]);
  });
});
