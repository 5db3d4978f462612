import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeAttempt, encodeAttempt } from './attempt-codec.js';
import type { AttemptOutcome, Found } from './attempt.js';
import { DamagedRecord } from './damaged-record.js';
import type { MissReason } from './miss-reason.js';
import { testKey, workspacePath } from './testing/test-workspace.js';

const reasons: { readonly [K in MissReason['kind']]: Extract<MissReason, { kind: K }> } = {
  'env-changed': { kind: 'env-changed', names: ['A', 'B'] },
  'untracked-env-changed': { kind: 'untracked-env-changed' },
  'root-changed': { kind: 'root-changed', path: '/home/me/app' },
  'program-changed': { kind: 'program-changed', path: '/usr/bin/cc' },
  'args-changed': { kind: 'args-changed' },
  'cwd-changed': { kind: 'cwd-changed' },
  'input-config-changed': { kind: 'input-config-changed' },
  'output-config-changed': { kind: 'output-config-changed' },
  'value-changed': { kind: 'value-changed', path: workspacePath('package.json'), pointer: '/a' },
  modified: { kind: 'modified', path: workspacePath('src/a') },
  added: { kind: 'added', name: 'b', dir: workspacePath('') },
  removed: { kind: 'removed', name: 'b', dir: workspacePath('src') },
  'entry-damaged': { kind: 'entry-damaged', detail: 'blob missing' },
  evicted: { kind: 'evicted' },
  'restore-blocked': {
    kind: 'restore-blocked',
    path: workspacePath('dist'),
    obstacle: 'symlink',
  },
};

const founds: Found[] = [
  { kind: 'hit', entry: 'e1' },
  { kind: 'first-run' },
  ...Object.values(reasons).map((reason): Found => ({ kind: 'miss', reason, nearest: 'e0' })),
  { kind: 'miss', reason: { kind: 'args-changed' }, keyBefore: testKey({ args: ['x'] }) },
  { kind: 'miss', reason: { kind: 'program-changed' } },
];

const outcomes: (AttemptOutcome | undefined)[] = [
  undefined,
  { kind: 'stored', entry: 'e2' },
  { kind: 'not-cached', reason: '{"kind":"output-cut-short"}' },
  { kind: 'interrupted' },
  { kind: 'failed', ending: { kind: 'exited', code: 3 } },
  { kind: 'failed', ending: { kind: 'killed', signal: 'SIGTERM' } },
  { kind: 'failed', ending: { kind: 'not-started', errno: 'ENOENT' } },
];

describe('an attempt', () => {
  it('is read as it was written, whatever was found and became of it', () => {
    for (const found of founds) {
      for (const outcome of outcomes) {
        const attempt = { ended: 1_790_000_000_123, duration: 1.5, found, outcome };
        assert.deepEqual(decodeAttempt(encodeAttempt(attempt)), attempt);
        const keyed = { ...attempt, key: testKey() };
        assert.deepEqual(decodeAttempt(encodeAttempt(keyed)), keyed);
      }
    }
  });

  it('cut off anywhere is read as damaged or as less, never as an error of ours', () => {
    const [found] = founds.slice(4);
    const bytes = encodeAttempt({
      ended: 1,
      duration: 2,
      key: testKey(),
      found: found ?? { kind: 'first-run' },
      outcome: outcomes[4],
    });
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeAttempt(bytes.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof DamagedRecord, String(error));
      }
    }
  });
});
