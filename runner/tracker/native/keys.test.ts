import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { NativeRig, missing, sanitizers } from './test/rig.js';

const KIB_OF_ALL_TABLES = 33_316;

describe('the memory of what was recorded', { skip: missing }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.build('keys', ['test/keys.c', 'keys.c'], sanitizers);
    rig.build('keys-fast', ['test/keys.c', 'keys.c'], ['-O2']);
  });
  after(() => {
    rig.dispose();
  });

  function fill(count: number, program = 'keys'): { known: number; wrong: number; kib: number } {
    const run = spawnSync(rig.file(program), [String(count)], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const [known, wrong, kib] = run.stdout.split(' ').map(Number);
    return { known: known!, wrong: wrong!, kib: kib! };
  }

  test('is small for a small task', () => {
    const { known, wrong, kib } = fill(100);
    assert.deepEqual({ known, wrong }, { known: 100, wrong: 0 });
    assert.ok(kib <= 36, `${kib} KiB`);
  });

  test('knows all of a million', () => {
    const { known, wrong } = fill(1_000_000);
    assert.deepEqual({ known, wrong }, { known: 1_000_000, wrong: 0 });
  });

  test('forgets when it is full, and never invents nor grows', () => {
    const { known, wrong, kib } = fill(4_600_000, 'keys-fast');
    assert.equal(wrong, 0);
    assert.ok(known > 4_000_000, `${known} known`);
    assert.ok(kib <= KIB_OF_ALL_TABLES, `${kib} KiB`);
  });

  test('a look is recorded after it was made only if nothing changed meanwhile', () => {
    const parts = ['test/crossing.c', 'touch.c', 'mind.c', 'log.c', 'keys.c'];
    const program = rig.build('crossing', parts, sanitizers);
    const run = spawnSync(program, [rig.trace], { encoding: 'utf8' });
    assert.equal(
      run.stdout.trim(),
      'recorded known recorded crossed crossed recorded crossed known',
      run.stderr,
    );
    const { records } = rig.readTrace();
    assert.deepEqual(
      records.map(({ op, path }) => `${op} ${path}`),
      [
        'stat /none/1',
        'open /none/read',
        'list /none',
        'stat /none/2',
        'open /none/2',
        'stat /none/3',
        'unlink /none/3',
      ],
    );
  });
});
