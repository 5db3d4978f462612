import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CliRig, code } from '../cli-rig.js';

describe('vt report', () => {
  const rows: [string[], (root: string) => unknown][] = [
    [['ignore-input', 'a/../b'], (root) => ({ kind: 'ignore-input', path: `${root}/b` })],
    [['ignore-output', '/x/'], () => ({ kind: 'ignore-output', path: '/x' })],
    [['disable-cache'], () => ({ kind: 'disable-cache' })],
    [['disable-cache', 'because'], () => ({ kind: 'disable-cache', reason: 'because' })],
    [['get-env', 'A'], () => ({ kind: 'get-env', name: 'A', tracked: true })],
    [['get-env', '--untracked', 'A'], () => ({ kind: 'get-env', name: 'A', tracked: false })],
    [['get-envs', 'A_*'], () => ({ kind: 'get-envs', pattern: { glob: 'A_*' }, tracked: true })],
    [
      ['get-envs', '--prefix', 'A_', '--untracked'],
      () => ({ kind: 'get-envs', pattern: { prefix: 'A_' }, tracked: false }),
    ],
    [
      ['get-envs', '--prefix='],
      () => ({ kind: 'get-envs', pattern: { prefix: '' }, tracked: true }),
    ],
    [
      ['depend-on-glob', 'a*', '--exclude', 'ab', '--label', 'x'],
      () => ({ kind: 'depend-on-glob', include: ['a*'], exclude: ['ab'], label: 'x' }),
    ],
    [['depend-on-exists', 'a'], (root) => ({ kind: 'depend-on-exists', path: `${root}/a` })],
    [
      ['depend-on-json', 'a', '/b'],
      (root) => ({ kind: 'depend-on-json', path: `${root}/a`, pointer: '/b' }),
    ],
    [
      ['declare-complete', '--input', 'a', '--input', '/b', '--output', 'c'],
      (root) => ({
        kind: 'declare-complete',
        inputs: [`${root}/a`, '/b'],
        outputs: [`${root}/c`],
      }),
    ],
  ];
  for (const [argv, expected] of rows) {
    it(`sends: vt report ${argv.join(' ')}`, async (t) => {
      const rig = new CliRig(t);
      assert.deepEqual(await rig.vt('report', ...argv), code(3));
      assert.deepEqual(rig.reports, [expected(rig.root)]);
    });
  }
});
