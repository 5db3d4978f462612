import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { EnvSource } from '../../plan/execution.js';
import type { ChannelFailure, Speaker } from './channel-record.js';
import { environment } from './channel-rig.js';
import { TaskReports } from './task-reports.js';

const first: Speaker = { pid: 1 };
const second: Speaker = { pid: 2 };

function reports(source: EnvSource) {
  const failures: ChannelFailure[] = [];
  const log = new TaskReports(source, (failure) => failures.push(failure));
  const say = (request: unknown, speaker = first) => log.handle(Request.fromJSON(request), speaker);
  /** Values as text; null for absent. */
  const ask = (request: unknown, speaker = first): unknown => {
    const answer = say(request, speaker);
    if (answer.$case === 'getEnv') {
      const { value } = answer.value;
      return value === undefined ? null : Buffer.from(value).toString();
    }
    assert.ok(answer.$case === 'getEnvs');
    return Object.fromEntries(
      answer.value.variables.map(({ name, value }) => [name, Buffer.from(value).toString()]),
    );
  };
  return { log, say, ask, failures };
}

const path = (text: string) => ({ path: Buffer.from(text).toString('base64') });

test('paths are cleaned and kept once, with who said them first', () => {
  const { log, say, failures } = reports(environment({}));
  for (const text of ['/w/dist/', '/w/./dist', '/w/src/../dist', '//w//dist']) {
    say({ ignoreInput: path(text) }, text === '/w/dist/' ? first : second);
  }
  say({ ignoreOutput: path('/') }, second);
  const { ignoredInputs, ignoredOutputs } = log.record();
  assert.deepEqual(ignoredInputs, [{ path: '/w/dist', speaker: first }]);
  assert.deepEqual(ignoredOutputs, [{ path: '/', speaker: second }]);
  assert.deepEqual(failures, []);
});

test('the first who disables the cache is the one shown', () => {
  const { log, say } = reports(environment({}));
  assert.equal(log.record().cacheDisabled, undefined);
  say({ disableCache: {} });
  say({ disableCache: { reason: 'later' } }, second);
  assert.deepEqual(log.record().cacheDisabled, { speaker: first });
});

test('a tracked variable is recorded, absent or not; an untracked one is not', () => {
  const { log, ask } = reports(environment({ A: '1', B: '2', EMPTY: '' }));
  assert.equal(ask({ getEnv: { name: 'A', tracked: true } }), '1');
  assert.equal(ask({ getEnv: { name: 'B' } }), '2');
  assert.equal(ask({ getEnv: { name: 'EMPTY', tracked: true } }), '');
  assert.equal(ask({ getEnv: { name: 'NONE', tracked: true } }), null);
  assert.deepEqual(log.record().env, [
    { name: 'A', value: '1', speaker: first },
    { name: 'EMPTY', value: '', speaker: first },
    { name: 'NONE', value: undefined, speaker: first },
  ]);
});

test('asked again tracked, a variable is recorded from then on', () => {
  const { log, ask } = reports(environment({ A: '1' }));
  ask({ getEnv: { name: 'A' } });
  ask({ getEnv: { name: 'A', tracked: true } }, second);
  ask({ getEnv: { name: 'A', tracked: true } }, first);
  assert.deepEqual(log.record().env, [{ name: 'A', value: '1', speaker: second }]);
});

test('what the user leaves untracked is served and never recorded', () => {
  const { log, ask } = reports(environment({ VITE_A: '1', VITE_CI: '2' }, ['VITE_CI']));
  assert.equal(ask({ getEnv: { name: 'VITE_CI', tracked: true } }), '2');
  assert.deepEqual(ask({ getEnvs: { prefix: 'VITE_' } }), { VITE_A: '1', VITE_CI: '2' });
  assert.deepEqual(ask({ getEnvs: { prefix: 'VITE_', tracked: true } }), { VITE_A: '1' });
  const { env, envQueries } = log.record();
  assert.deepEqual(env, []);
  assert.deepEqual(envQueries, [
    { pattern: { prefix: 'VITE_' }, matches: new Map([['VITE_A', '1']]), speaker: first },
  ]);
});

test('the first answer holds for the whole task, however it is asked for', () => {
  const variables: Record<string, string> = { VITE_A: '1' };
  const { log, ask } = reports(environment(variables));
  assert.equal(ask({ getEnv: { name: 'VITE_A', tracked: true } }), '1');
  assert.equal(ask({ getEnv: { name: 'VITE_B', tracked: true } }), null);
  variables['VITE_A'] = 'changed';
  variables['VITE_B'] = 'came';
  variables['VITE_C'] = '3';
  assert.equal(ask({ getEnv: { name: 'VITE_A', tracked: true } }), '1');
  assert.deepEqual(ask({ getEnvs: { prefix: 'VITE_', tracked: true } }), {
    VITE_A: '1',
    VITE_C: '3',
  });
  variables['VITE_C'] = 'changed';
  assert.equal(ask({ getEnv: { name: 'VITE_C' } }), '3');
  assert.deepEqual(ask({ getEnvs: { glob: 'VITE_*', tracked: true } }), {
    VITE_A: '1',
    VITE_C: '3',
  });
  assert.deepEqual(
    log.record().envQueries.map(({ pattern }) => pattern),
    [{ prefix: 'VITE_' }, { glob: 'VITE_*' }],
  );
});

test('matches are sorted by name', () => {
  const { ask } = reports(environment({ b: '1', B: '2', a: '3' }));
  assert.deepEqual(Object.keys(ask({ getEnvs: { prefix: '' } }) as object), ['B', 'a', 'b']);
});

test('what cannot be answered is refused, and no part of the record', () => {
  const source: EnvSource = {
    ...environment({}),
    query: () => {
      throw new Error('unbalanced [');
    },
  };
  const { log, say, failures } = reports(source);
  const requests = [
    { getEnv: { name: '', tracked: true } },
    { getEnv: { name: 'A=B', tracked: true } },
    { getEnvs: { tracked: true } },
    { getEnvs: { glob: '[', tracked: true } },
  ];
  for (const request of requests) {
    const answer = say(request);
    assert.ok(answer.$case === 'error');
    assert.equal(answer.value.code, ErrorCode.INVALID_ARGUMENT);
  }
  assert.deepEqual(
    failures.map((failure) => failure.kind === 'undeliverable' && failure.detail),
    [
      '"" is not the name of a variable',
      '"A=B" is not the name of a variable',
      'a query for variables has no pattern',
      '{"glob":"["}: Error: unbalanced [',
    ],
  );
  const { env, envQueries } = log.record();
  assert.deepEqual([env, envQueries], [[], []]);
});

test('a client is told the version that both speak', () => {
  const { say } = reports(environment({}));
  for (const [theirs, agreed] of [
    [0, 1],
    [1, 1],
    [7, 1],
  ]) {
    assert.deepEqual(say({ hello: { protocolVersion: theirs } }), {
      $case: 'hello',
      value: { protocolVersion: agreed },
    });
  }
});
