import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { NativeRig, missing, type Launched } from './test/rig.js';

const SHIM = 2; // VT_FLAG_SHIM

describe('the shim', { skip: missing }, () => {
  let rig: NativeRig;
  let shim: string;
  before(() => {
    rig = new NativeRig();
    shim = path.join(path.dirname(rig.launcher), 'libvt-shim.so');
    assert.ok(existsSync(shim), 'built together with the launcher');
    rig.build('libc-calls', ['test/libc-calls.c'], ['-ldl']);
  });
  after(() => {
    rig.dispose();
  });

  function launch(
    program: readonly string[],
    withShim: boolean,
    env = process.env,
  ): Promise<Launched> {
    return rig.launch(program, { env, ...(withShim ? { options: ['--shim', shim] } : {}) });
  }

  /** Without order and repetition: which process was first is up to the scheduler. */
  function touched(run: Launched): string[] {
    return [...new Set(rig.inside(run))].sort();
  }

  test('changes neither what a program sees nor what the trace holds', async () => {
    const program = [rig.file('libc-calls'), '.'];
    rig.fresh();
    const alone = await launch(program, false);
    rig.fresh();
    const helped = await launch(program, true);
    assert.equal(
      helped.stdout.replace(/ ok \d{3,}/g, ' ok INODE'),
      alone.stdout.replace(/ ok \d{3,}/g, ' ok INODE'),
    );
    assert.match(helped.stdout, /done\n$/);
    assert.deepEqual(touched(helped), touched(alone));
    assert.ok(touched(helped).includes('list dir:directory'));
    assert.equal(helped.header.incomplete, 0);
    assert.equal(helped.header.finished, 1);
    const own = helped.records.filter((record) => record.flags & SHIM);
    assert.ok(own.length > 1000, `the shim recorded ${String(own.length)} touches itself`);
    assert.ok(!alone.records.some((record) => record.flags & SHIM));
  });

  test('introduces every process that it records for', async () => {
    rig.fresh();
    const run = await launch([rig.file('libc-calls'), '.'], true);
    const known = new Set<number>();
    for (const record of run.records) {
      if (record.op === 'process') known.add(record.pid);
      else if (record.flags & SHIM)
        assert.ok(known.has(record.pid), `process ${String(record.pid)}`);
    }
  });

  test('stands behind what the user preloads', async () => {
    rig.fresh();
    const env = { ...process.env, LD_PRELOAD: 'libm.so.6' };
    const run = await launch(['sh', '-c', 'echo "$LD_PRELOAD"'], true, env);
    assert.equal(run.stdout, `libm.so.6:${shim}\n`);
  });

  test('leaves no descriptor in the task', async () => {
    rig.fresh();
    const script =
      'i=0; while [ $i -lt 60 ]; do [ -e no$i ]; i=$((i+1)); done; ls /proc/$$/fd | tr "\\n" " "';
    const run = await launch(['sh', '-c', script], true);
    assert.ok(run.records.some((record) => record.flags & SHIM));
    assert.equal(run.stdout, '0 1 2 ');
  });

  test('gives chunks back, so that many processes take little space', async () => {
    rig.fresh();
    const script =
      'i=0; while [ $i -lt 50 ]; do find /usr/lib -maxdepth 1 >/dev/null; i=$((i+1)); done';
    const run = await launch(['sh', '-c', script], true);
    assert.equal(run.header.incomplete, 0);
    assert.ok(run.header.chunks < 10, `${String(run.header.chunks)} chunks`);
  });
});
