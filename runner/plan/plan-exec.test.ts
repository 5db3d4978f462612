import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { locate } from '../workspace/find-workspace.js';
import { planExec } from './plan-exec.js';
import type { ExecRequest } from './plan-exec.js';
import type { Execution } from './execution.js';
import type { PlanOutcome } from './plan.js';

function directory(t: TestContext): string {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-exec-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  return root;
}

function plan(
  cwd: string,
  request: Partial<ExecRequest>,
  env: Record<string, string> = {},
): PlanOutcome {
  return planExec(
    {
      argv: ['ls'],
      input: [],
      output: [],
      env: [],
      autoEnv: false,
      untrackedEnv: [],
      optOut: true,
      notSecret: [],
      cache: true,
      name: undefined,
      ...request,
    },
    { location: locate(cwd, []), env: { PATH: '/usr/bin:/bin', ...env }, capture: 'pipes' },
  );
}

function only(outcome: PlanOutcome): Execution {
  assert.ok(outcome.kind === 'planned');
  const execution = outcome.plan.steps[0]?.planned?.execution;
  assert.ok(execution !== undefined);
  return execution;
}

describe('planExec', () => {
  it('takes the command as it is, with no PATH and no colours of its own', (t) => {
    const root = directory(t);
    const execution = only(
      plan(root, { argv: ['sh', '-c', 'echo $X', ''] }, { SECRET: 's', LC_ALL: 'C' }),
    );
    assert.deepEqual(
      [execution.task, execution.command, execution.argv, execution.env],
      [
        "sh -c 'echo $X' ''",
        "sh -c 'echo $X' ''",
        ['sh', '-c', 'echo $X', ''],
        { PATH: '/usr/bin:/bin', LC_ALL: 'C', VP_RUN: '1' },
      ],
    );
    assert.deepEqual(
      execution.cache?.key.env.map(({ name }) => name),
      ['LC_ALL'],
    );
    assert.match(execution.cache.key.program, /^\/(usr\/)?bin\/sh$/);
  });

  it('names a program that is nowhere as it is written', (t) => {
    const execution = only(plan(directory(t), { argv: ['no-such-program', 'x'] }));
    assert.deepEqual(execution.argv, ['no-such-program', 'x']);
    assert.equal(execution.cache?.key.program, 'no-such-program');
  });

  it('reads globs relative to its directory, with auto, none and exclusions', (t) => {
    const root = directory(t);
    mkdirSync(path.join(root, '.git'));
    const sub = path.join(root, 'sub');
    mkdirSync(sub);
    const input = (...values: string[]): unknown => only(plan(sub, { input: values })).cache?.input;
    assert.deepEqual(input(), { auto: true, include: [], exclude: [] });
    assert.deepEqual(input('a/', '../b'), { auto: false, include: ['b', 'sub/a/**'], exclude: [] });
    assert.deepEqual(input('!*.log'), { auto: true, include: [], exclude: ['sub/*.log'] });
    assert.deepEqual(input('auto', 'a'), { auto: true, include: ['sub/a'], exclude: [] });
    assert.deepEqual(input('none'), { auto: false, include: [], exclude: [] });
    assert.deepEqual(input('./auto'), { auto: false, include: ['sub/auto'], exclude: [] });
  });

  it('passes what is asked for, under its name', (t) => {
    const execution = only(
      plan(
        directory(t),
        { env: ['A'], untrackedEnv: ['B', 'C_*'], name: 'job' },
        { A: '1', B: '2', C_X: '3', D: '4' },
      ),
    );
    assert.equal(execution.task, 'job');
    assert.deepEqual(
      [execution.env.A, execution.env.B, execution.env.C_X, execution.env.D],
      ['1', '2', '3', undefined],
    );
    assert.deepEqual(execution.cache?.key.untrackedEnv, ['B', 'C_*']);
  });

  it('runs plainly without the cache', (t) => {
    const execution = only(plan(directory(t), { cache: false }, { D: '4' }));
    assert.deepEqual(
      [execution.cache, execution.uncachedBecause, execution.env.D],
      [undefined, 'flag', '4'],
    );
  });

  it('refuses globs that lead out or are broken', (t) => {
    const outcome = plan(directory(t), { input: ['../x', 'a{b'], output: ['['] });
    assert.ok(outcome.kind === 'refused');
    assert.deepEqual(
      outcome.problems.map(({ kind }) => kind),
      ['pattern-outside-workspace', 'bad-glob', 'bad-glob'],
    );
  });
});
