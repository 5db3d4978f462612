import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, PathKind, Request } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { EnvSource } from '../../plan/execution.js';
import type { ChannelFailure, Speaker } from './channel-record.js';
import { environment } from './channel-rig.js';
import { TaskReports } from './task-reports.js';
import type { WorkspaceAnswers } from './workspace-answers.js';

const first: Speaker = { pid: 1 };
const second: Speaker = { pid: 2 };

/** A workspace `/w` with one JSON file in it. */
const answers: WorkspaceAnswers = {
  glob: (directory, include) =>
    directory.startsWith('/w') ? include.map((glob) => `${glob}.ts`) : undefined,
  kind: (path) => (path === '/w/a.json' ? PathKind.FILE : PathKind.ABSENT),
  json: (path, pointer) => (path === '/w/a.json' && pointer === '/a' ? '1' : undefined),
};

function reports(source: EnvSource) {
  const failures: ChannelFailure[] = [];
  const log = new TaskReports(source, answers, '/ipc', (failure) => failures.push(failure));
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

const bytes = (text: string) => Buffer.from(text).toString('base64');

test('a question for files is answered, and kept once for each process with its first moment', () => {
  const { log, say, failures } = reports(environment({}));
  const ask = (since?: string) =>
    say({ dependOnGlob: { directory: bytes('/w/./src'), include: ['x'], exclude: ['y'], since } });
  const paths = [new Uint8Array(Buffer.from('x.ts'))];
  assert.deepEqual(ask(), { $case: 'dependOnGlob', value: { paths } });
  ask('since-1');
  ask('since-2');
  say({ dependOnExists: { path: bytes('/w/none'), since: 'since-3' } }, second);
  const exists = say({ dependOnExists: { path: bytes('/w/a.json') }, label: 'plugin x' });
  assert.deepEqual(exists, { $case: 'dependOnExists', value: { kind: PathKind.FILE } });
  const json = say({ dependOnJson: { path: bytes('/w/a.json'), pointer: '/a' } });
  const value = new Uint8Array(Buffer.from('1'));
  assert.deepEqual(json, { $case: 'dependOnJson', value: { value } });
  const none = say({ dependOnJson: { path: bytes('/w/a.json'), pointer: '/b' } });
  assert.deepEqual(none, { $case: 'dependOnJson', value: { value: undefined } });
  assert.deepEqual(log.record().queries, [
    {
      kind: 'glob',
      directory: '/w/src',
      include: ['x'],
      exclude: ['y'],
      matches: ['x.ts'],
      speaker: first,
      since: '/ipc/since-1',
    },
    { kind: 'exists', path: '/w/none', speaker: second, since: '/ipc/since-3' },
    { kind: 'exists', path: '/w/a.json', speaker: { pid: 1, label: 'plugin x' } },
    { kind: 'json', path: '/w/a.json', pointer: '/a', speaker: first },
    { kind: 'json', path: '/w/a.json', pointer: '/b', speaker: first },
  ]);
  assert.deepEqual(failures, []);
});

test('what is declared complete is kept, cleaned and sorted', () => {
  const { log, say } = reports(environment({}));
  const said = { inputs: ['/w/b', '/w/./a', '/w/b'].map(bytes), outputs: [bytes('/w/out/')] };
  for (const speaker of [first, second, second]) say({ declareComplete: said }, speaker);
  say({ declareComplete: { ...said, process: 7 } }, second);
  const complete = { inputs: ['/w/a', '/w/b'], outputs: ['/w/out'] };
  assert.deepEqual(log.record().complete, [
    { speaker: first, pid: 1, ...complete },
    { speaker: second, pid: 2, ...complete },
    { speaker: second, pid: 7, ...complete },
  ]);
});

for (const [name, request, detail] of [
  [
    'globs outside',
    { dependOnGlob: { directory: bytes('/etc'), include: ['*'] } },
    'globs in /etc, outside the workspace',
  ],
  ['no glob', { dependOnGlob: { directory: bytes('/w') } }, 'a question for files has no glob'],
  [
    'a glob that leads up',
    { dependOnGlob: { directory: bytes('/w'), include: ['a/../../*'] } },
    'a glob is to stay below its directory',
  ],
  [
    'a relative path',
    { dependOnExists: { path: bytes('a') } },
    'the reported path "a" is not absolute',
  ],
  ['no pointer', { dependOnJson: { path: bytes('/w/a'), pointer: 'a' } }, '"a" is no JSON pointer'],
  [
    'no moment',
    { dependOnExists: { path: bytes('/w/a'), since: '../q' } },
    '"../q" is no moment of a question',
  ],
  [
    'a declaration of a relative path',
    { declareComplete: { outputs: [bytes('o')] } },
    'the reported path "o" is not absolute',
  ],
] as const) {
  test(`refused, and the run is not kept: ${name}`, () => {
    const { log, say, failures } = reports(environment({}));
    const code = ErrorCode.INVALID_ARGUMENT;
    assert.deepEqual(say(request), { $case: 'error', value: { code, message: detail } });
    assert.deepEqual(failures, [{ kind: 'undeliverable', speaker: first, detail }]);
    assert.deepEqual([log.record().queries, log.record().complete], [[], []]);
  });
}

test('what is kept is bounded, whatever is sent: more is refused, and the run is not kept', () => {
  const { log, say, failures } = reports(environment({}));
  const long = 'x'.repeat(60_000);
  for (let n = 0; n < 400; n++) {
    say({ getEnv: { name: `${long}${n}`, tracked: true } });
    say({ getEnvs: { prefix: `${long}${n}`, tracked: true } });
    say({ ignoreInput: path(`/w/${long}${n}`) });
    say({ dependOnExists: { path: bytes(`/w/${long}${n}`) } });
    say({ dependOnGlob: { directory: bytes('/w'), include: [`${long}${n}`] } });
    say({ declareComplete: { inputs: [bytes(`/w/${long}${n}`)] } });
  }
  const { env, envQueries, ignoredInputs, queries, complete } = log.record();
  const kept = [env, envQueries, ignoredInputs, queries, complete].flat().length;
  assert.ok(kept > 500 && kept < (64 << 20) / 60_000, String(kept));
  const detail = 'more was said than the 64 MiB that are kept of one task';
  assert.deepEqual(failures[0], { kind: 'undeliverable', speaker: first, detail });
  const code = ErrorCode.INTERNAL;
  assert.deepEqual(say({ getEnv: { name: 'B' } }), {
    $case: 'error',
    value: { code, message: detail },
  });
});
