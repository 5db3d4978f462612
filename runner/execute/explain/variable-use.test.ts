import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LatestResult } from '../../../cache/explain/explainer.js';
import { digestValue } from '../../plan/env/digest-value.js';
import { variableDependents } from './variable-use.js';

const digest = digestValue('1');
const latest = [
  { task: 'none', result: undefined },
  {
    task: 'app#build',
    result: {
      key: { env: [{ name: 'KEYED', valueDigest: digest }], untrackedEnv: ['FREE_*'] },
      observations: [
        { kind: 'env', observer: 1, name: 'MODE', valueDigest: digest },
        { kind: 'env', observer: 2, name: 'MISSING', valueDigest: null },
        {
          kind: 'env-query',
          observer: 3,
          pattern: { prefix: 'V_' },
          matches: [{ name: 'V_A', valueDigest: digest }],
        },
        { kind: 'env-query', observer: 4, pattern: { glob: '{FREE,V}_?' }, matches: [] },
      ],
    },
  },
] as unknown as LatestResult[];

it('tells how a task has to do with a variable', () => {
  const uses = (name: string, value?: string) =>
    variableDependents(name, value, latest).flatMap((dependent) => {
      assert.equal(dependent.task, 'app#build');
      return dependent.uses;
    });
  const changed = (name: string, now: string) => ({ kind: 'env', name, now });
  assert.deepEqual(uses('KEYED', '1'), [{ kind: 'key' }]);
  assert.deepEqual(uses('MODE', '1'), [{ kind: 'asked', by: 1, change: undefined }]);
  assert.deepEqual(uses('MODE', '2'), [
    { kind: 'asked', by: 1, change: changed('MODE', 'changed') },
  ]);
  assert.deepEqual(uses('MODE'), [{ kind: 'asked', by: 1, change: changed('MODE', 'unset') }]);
  assert.deepEqual(uses('MISSING', ''), [
    { kind: 'asked', by: 2, change: changed('MISSING', 'set') },
  ]);
  assert.deepEqual(
    uses('V_A', '1').map((use) => [use.kind, 'change' in use ? use.change : '']),
    [
      ['queried', undefined],
      ['queried', changed('V_A', 'set')],
    ],
  );
  assert.deepEqual(uses('FREE_A', '1'), [
    { kind: 'queried', pattern: { glob: '{FREE,V}_?' }, by: 4, change: undefined },
    { kind: 'untracked', by: 'configuration' },
  ]);
  assert.deepEqual(uses('CI', '1'), [{ kind: 'untracked', by: 'default' }]);
  assert.deepEqual(uses('OTHER', '1'), []);
});
