import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Outcome } from '../../execute/outcome.js';
import { CliRig, code } from '../cli-rig.js';
import type { Exit } from '../services.js';

describe('vt exec', () => {
  it('gives everything after the flags to the command', async (t) => {
    const rig = new CliRig(t);
    for (const argv of [
      ['--', 'sh', '-v', '--help', '--'],
      ['sh', '-v', '--help', '--'],
    ]) {
      assert.deepEqual(await rig.vt('exec', ...argv), code(0));
      assert.deepEqual(rig.executions[0]?.argv, ['sh', '-v', '--help', '--']);
    }
    assert.deepEqual([rig.stdout, rig.stderr, rig.closed], ['', '', 2]);
    assert.deepEqual(
      [rig.options?.cacheDirectory, rig.surroundings?.stopping.policy, rig.surroundings?.inherits],
      [path.join(rig.root, '.vt/cache'), 'forward', true],
    );
  });

  it('ends as the command does', async (t) => {
    const rig = new CliRig(t);
    const ends = async (ending: Outcome['ending']): Promise<Exit> => {
      rig.outcomes = { x: { ending } };
      return rig.vt('exec', 'x');
    };
    assert.deepEqual(await ends({ kind: 'exited', code: 42 }), code(42));
    assert.deepEqual(await ends({ kind: 'killed', signal: 'SIGTERM' }), {
      kind: 'signal',
      signal: 'SIGTERM',
    });
    assert.deepEqual(await ends({ kind: 'not-started', errno: 'ENOENT', path: 'x' }), code(127));
    assert.equal(rig.stderr, 'vt: x: command not found\n');
    assert.deepEqual(await ends({ kind: 'not-started', errno: 'EACCES', path: './x' }), code(126));
  });

  it('says hits and misses on stderr, unless it is to be quiet', async (t) => {
    const rig = new CliRig(t);
    rig.outcomes = { x: { status: { kind: 'hit' }, saved: 5 } };
    await rig.vt('exec', 'x');
    assert.deepEqual([rig.stdout, rig.stderr], ['', '$ x ◉ cache hit, replaying\n']);
    await rig.vt('exec', '-q', 'x');
    assert.deepEqual([rig.stdout, rig.stderr], ['', '']);
    await rig.vt('exec', '-v', 'x');
    assert.deepEqual(
      [rig.stdout, rig.stderr],
      [
        '',
        '$ x ◉ cache hit, replaying\n[1] x: $ x\n    cache hit: output replayed\n    time: 10ms, 5ms saved\n',
      ],
    );
  });

  it('passes its flags on', async (t) => {
    const rig = new CliRig(t, { 'sub/file': '' });
    rig.env = { A: '1', B: '2', VT_CACHE_DIR: '/elsewhere' };
    await rig.vt(
      'exec',
      '--cwd=sub',
      '--name',
      'n',
      '--env=A',
      '--untracked-env',
      'B',
      '--input=i',
      '--output',
      '!o',
      'x',
    );
    const [execution] = rig.executions;
    assert.ok(execution?.cache !== undefined);
    assert.deepEqual(
      [
        execution.task,
        execution.cwd,
        execution.env.A,
        execution.env.B,
        execution.cache.input,
        execution.cache.output,
      ],
      [
        'n',
        path.join(rig.root, 'sub'),
        '1',
        '2',
        { auto: false, include: ['i'], exclude: [] },
        { auto: true, include: [], exclude: ['o'] },
      ],
    );
    assert.equal(rig.options?.cacheDirectory, '/elsewhere');
    await rig.vt('exec', '--no-cache', 'x');
    assert.equal(rig.executions[0]?.cache, undefined);
    assert.equal(rig.stderr, '$ x ⊘ cache disabled\n');
  });

  it('works beside a broken package.json', async (t) => {
    const rig = new CliRig(t, { 'package.json': '{' });
    assert.deepEqual(await rig.vt('exec', 'x'), code(0));
    assert.equal(rig.stderr, '');
  });
});
