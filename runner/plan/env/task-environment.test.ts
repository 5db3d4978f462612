import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { DeclaredEnv } from './declared-env.js';
import { digestValue } from './digest-value.js';
import { COLORS_DIGEST, envKey } from './env-key.js';
import { createEnvSource } from './env-source.js';
import { asksForColors, cachedEnvironment, fullEnvironment } from './task-environment.js';
import type { TaskEnvironmentRequest } from './task-environment.js';

const nothing: DeclaredEnv = { env: [], untrackedEnv: [], assignments: [] };

function request(changes: Partial<TaskEnvironmentRequest>): TaskEnvironmentRequest {
  return {
    runnerEnv: {},
    declared: nothing,
    cwd: '/w/app' as AbsolutePath,
    runnerCwd: '/w/app' as AbsolutePath,
    binDirectories: [],
    isTask: true,
    terminal: false,
    ...changes,
  };
}

it('the digest that is written down is that of 1', () => {
  assert.equal(COLORS_DIGEST, digestValue('1'));
});

describe('the environment of a cached task', () => {
  it('has the defaults, and what is declared, and nothing else', () => {
    const runnerEnv = {
      HOME: '/h',
      PATH: '/bin',
      LANG: 'C',
      'ProgramFiles(x86)': 'p',
      COREPACK_X: '1',
      NPM_TOKEN: 't',
      VP_X: 'x',
      SECRET: 's',
      NODE_ENV: 'n',
      API_A: 'a',
      API_KEY: 'k',
      DEBUG: 'd',
      TERM: 'xterm',
      EMPTY: undefined,
    };
    const declared = {
      env: ['API_*', '!API_KEY'],
      untrackedEnv: ['DEBUG'],
      assignments: [['B', '2']] as const,
    };
    assert.deepEqual(cachedEnvironment(request({ runnerEnv, declared })), {
      HOME: '/h',
      PATH: '/bin',
      LANG: 'C',
      'ProgramFiles(x86)': 'p',
      COREPACK_X: '1',
      NPM_TOKEN: 't',
      VP_X: 'x',
      API_A: 'a',
      DEBUG: 'd',
      B: '2',
      VP_RUN: '1',
      FORCE_COLOR: '1',
      INIT_CWD: '/w/app',
    });
  });

  it('never passes the variables that steer the runner', () => {
    const runnerEnv = {
      VT_CACHE_DIR: 'c',
      VT_IPC_DIR: 'i',
      VP_RUN: '0',
      VP_RUN_NODE_CLIENT_PATH: 'p',
    };
    const declared = { ...nothing, env: ['*'] };
    assert.deepEqual(cachedEnvironment(request({ runnerEnv, declared, isTask: false })), {
      VP_RUN: '1',
    });
    assert.deepEqual(envKey(declared, runnerEnv, false), []);
  });

  it('has TERM and COLORTERM with a terminal, FORCE_COLOR without', () => {
    const runnerEnv = { TERM: 'xterm', COLORTERM: 'truecolor', INIT_CWD: '/from' };
    assert.deepEqual(cachedEnvironment(request({ runnerEnv, terminal: true })), {
      TERM: 'xterm',
      COLORTERM: 'truecolor',
      INIT_CWD: '/from',
      VP_RUN: '1',
    });
    const color = (declared: DeclaredEnv, isTask = true): string | undefined =>
      cachedEnvironment(request({ runnerEnv: { FORCE_COLOR: '3' }, declared, isTask })).FORCE_COLOR;
    assert.equal(color(nothing), '1');
    assert.equal(color({ ...nothing, assignments: [['FORCE_COLOR', '0']] }), '0');
    assert.equal(color({ ...nothing, env: ['FORCE_COLOR'] }), '3');
    assert.equal(color({ ...nothing, assignments: [['NO_COLOR', '1']] }), undefined);
    assert.equal(color(nothing, false), undefined, 'a bare command is not asked for colours');
  });

  it('puts directories of programs before PATH, once', () => {
    const binDirectories = ['/w/app/node_modules/.bin', '/w/node_modules/.bin'] as AbsolutePath[];
    const search = (PATH: string | undefined, declared = nothing): string | undefined =>
      cachedEnvironment(request({ runnerEnv: { PATH }, binDirectories, declared })).PATH;
    assert.equal(search('/bin'), '/w/app/node_modules/.bin:/w/node_modules/.bin:/bin');
    assert.equal(
      search('/a:/w/node_modules/.bin:/b'),
      '/w/app/node_modules/.bin:/w/node_modules/.bin:/a:/b',
    );
    assert.equal(search(undefined), '/w/app/node_modules/.bin:/w/node_modules/.bin');
    assert.equal(search('/bin', { ...nothing, assignments: [['PATH', '/only']] }), '/only');
  });

  it('keeps PWD when it names the directory, through symlinks too, and corrects it otherwise', (t) => {
    const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-pwd-')));
    t.after(() => {
      rmSync(root, { recursive: true });
    });
    symlinkSync(root, path.join(root, 'link'));
    const pwd = (PWD: string): string | undefined =>
      cachedEnvironment(request({ runnerEnv: { PWD }, cwd: root as AbsolutePath })).PWD;
    assert.equal(pwd(root), root);
    assert.equal(pwd(path.join(root, 'link')), path.join(root, 'link'));
    assert.equal(pwd('/'), root);
    assert.equal(pwd('/does/not/exist'), root);
  });
});

describe('the environment of an uncached task', () => {
  it("is the runner's own", () => {
    const runnerEnv = { SECRET: 's', VT_IPC_DIR: 'i', PATH: '/bin', TERM: 'x' };
    const declared = { ...nothing, assignments: [['A', '1']] as const };
    assert.deepEqual(fullEnvironment(request({ runnerEnv, declared })), {
      ...runnerEnv,
      A: '1',
      VP_RUN: '1',
      INIT_CWD: '/w/app',
    });
  });
});

describe('envKey', () => {
  it('holds digests of declared variables and assignments, sorted', () => {
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    const declared = {
      env: ['B', 'A*', 'HOME'],
      untrackedEnv: ['AX'],
      assignments: [
        ['C', '3'],
        ['C', '4'],
      ] as const,
    };
    assert.deepEqual(envKey(declared, { AX: 'x', B: 'b', D: 'd', HOME: '/h', C: '1' }, false), [
      { name: 'AX', valueDigest: sha('x') },
      { name: 'B', valueDigest: sha('b') },
      { name: 'C', valueDigest: sha('4') },
      { name: 'HOME', valueDigest: sha('/h') },
    ]);
  });
});

describe('asksForColors', () => {
  it('is part of the key of a task, with a terminal or without, and not of a bare command', () => {
    const asks = (changes: Partial<TaskEnvironmentRequest>): boolean =>
      asksForColors(request({ runnerEnv: { FORCE_COLOR: '3', NO_COLOR: '1' }, ...changes }));
    assert.equal(asks({}), true);
    assert.equal(asks({ terminal: true }), true);
    assert.equal(asks({ isTask: false }), false);
    assert.equal(asks({ declared: { ...nothing, env: ['FORCE_COLOR'] } }), false);
    assert.equal(asks({ declared: { ...nothing, untrackedEnv: ['NO_COLOR'] } }), false);
    assert.deepEqual(
      envKey(nothing, {}, true).map(({ name }) => name),
      ['FORCE_COLOR'],
    );
  });
});

describe('EnvSource', () => {
  const runnerEnv = {
    VITE_A: 'a',
    VITE_B: 'b',
    NODE_ENV: 'n',
    HOME: '/h',
    DEBUG: 'd',
    VT_X: '1',
    VP_RUN_X: '1',
    VP_RUN: '1',
    NO: undefined,
  };
  const source = createEnvSource(runnerEnv, {
    env: ['NODE_ENV'],
    untrackedEnv: ['DEBUG'],
    assignments: [['VITE_B', 'assigned']],
  });

  it("answers from the runner's environment under the assignments", () => {
    assert.deepEqual(
      ['VITE_A', 'VITE_B', 'NODE_ENV', 'HOME', 'UNSET', 'NO'].map((name) => source.get(name)),
      ['a', 'assigned', 'n', '/h', undefined, undefined],
    );
  });

  it('never serves control variables', () => {
    assert.deepEqual(
      ['VT_X', 'VP_RUN_X', 'VP_RUN'].map((name) => source.get(name)),
      [undefined, undefined, undefined],
    );
    assert.deepEqual([...source.query({ prefix: 'V' }).keys()].sort(), ['VITE_A', 'VITE_B']);
    assert.equal(source.mayTrack('VT_X'), false);
  });

  it('answers queries by prefix, literally, and by glob', () => {
    assert.deepEqual(
      source.query({ glob: 'VITE_*' }),
      new Map([
        ['VITE_A', 'a'],
        ['VITE_B', 'assigned'],
      ]),
    );
    assert.deepEqual(source.query({ glob: 'VITE_[A]' }), new Map([['VITE_A', 'a']]));
    assert.deepEqual(source.query({ prefix: 'VITE_*' }), new Map());
    assert.deepEqual([...source.query({ prefix: '' }).keys()].sort(), [
      'DEBUG',
      'HOME',
      'NODE_ENV',
      'VITE_A',
      'VITE_B',
    ]);
    assert.deepEqual(source.query({ glob: '[' }), new Map());
  });

  it('does not track what the defaults or the user leave untracked', () => {
    assert.deepEqual(
      ['VITE_A', 'UNSET', 'NODE_ENV', 'HOME', 'DEBUG', 'SOME_TOKEN'].map((name) =>
        source.mayTrack(name),
      ),
      [true, true, true, false, false, false],
    );
  });
});
