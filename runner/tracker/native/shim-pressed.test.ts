import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { readTraceFile } from '../trace-reader.js';
import { NativeRig, missing, type Launched } from './test/rig.js';

const SHIM = 2; // VT_FLAG_SHIM
/** As docs/tracking.md has it: what it holds itself, and all of the memory it shares. */
const MOST_KIB = 48 * 1024;

describe('the shim under pressure', { skip: missing }, () => {
  let rig: NativeRig;
  let shim: string;
  before(() => {
    rig = new NativeRig();
    shim = path.join(path.dirname(rig.launcher), 'libvt-shim.so');
    rig.build('pressed', ['test/pressed.c']);
  });
  after(() => {
    rig.dispose();
  });

  function launch(mode: string, withShim: boolean): Promise<Launched> {
    rig.fresh();
    return rig.launch([rig.file('pressed'), mode], withShim ? { options: ['--shim', shim] } : {});
  }

  function touched(run: Launched): string[] {
    return [...new Set(rig.inside(run))].sort();
  }

  async function leavesTheSame(mode: string): Promise<Launched> {
    const alone = await launch(mode, false);
    const helped = await launch(mode, true);
    assert.equal(helped.stdout, alone.stdout);
    assert.deepEqual(touched(helped), touched(alone));
    assert.equal(helped.header.incomplete, 0);
    assert.equal(helped.header.finished, 1);
    return helped;
  }

  test('eight threads that look at once lose nothing and need the supervisor for little', async () => {
    const run = await launch('threads', true);
    const looks = run.records.filter(({ path }) => /\/no-\d-\d+$/.test(path));
    assert.equal(new Set(looks.map(({ path }) => path)).size, 8 * 500);
    assert.ok(looks.every(({ before }) => before === 'absent'));
    const own = looks.filter(({ flags }) => flags & SHIM).length;
    assert.ok(own > 0.9 * looks.length, `${own} of ${looks.length} by the shim`);
    assert.equal(run.header.incomplete, 0);
  });

  test('handlers that look while their program does', async () => {
    const run = await leavesTheSame('handlers');
    assert.ok(touched(run).includes('stat dir/inner:file'));
  });

  test('a child of vfork goes elsewhere, its parent does not', async () => {
    const lines = touched(await leavesTheSame('vfork'));
    for (const line of ['stat dir/inner:file', 'stat other:file', 'stat empty/after:absent'])
      assert.ok(lines.includes(line), `${line} in ${lines.join(', ')}`);
  });

  test('the number of a directory that comes to mean another', async () => {
    const run = await leavesTheSame('same-number');
    for (const name of ['dir/x', 'empty/x', 'made-0/x', 'made-1/x', 'made-2/x'])
      assert.ok(touched(run).includes(`stat ${name}:absent`), name);
  });

  test('a name that AT_EMPTY_PATH means nothing to counts wherever it lies', async () => {
    for (const withShim of [false, true]) {
      const run = await launch('names', withShim);
      assert.equal(run.stdout, '0 -1 -1 0 0\n');
      const looks = touched(run).filter((line) => line.startsWith('stat'));
      assert.deepEqual(looks, [
        'stat file:file',
        'stat nofollow link:symlink',
        'stat none-1:absent',
        'stat none-2:absent',
      ]);
    }
  });

  test('pointers to nowhere and arguments out of range are refused as ever', async () => {
    const run = await leavesTheSame('faults');
    assert.match(run.stdout, /^0 stat\(name, &status\) -1 14$/m);
    assert.match(run.stdout, /^4 stat\(name, &status\) 0 0$/m);
  });

  /** Paths of one task, each recorded once; returns the bytes of the log on disk. */
  async function tracks(count: number, options: readonly string[]): Promise<number> {
    rig.fresh();
    const { stdout } = await rig.run([rig.file('pressed'), 'many', String(count)], { options });
    const supervisorKib = Number(stdout);
    assert.ok(supervisorKib > 0 && supervisorKib < MOST_KIB, `the supervisor took ${stdout} KiB`);
    const bytes = fs.statSync(rig.trace).blocks * 512;
    const { records, incomplete } = readTraceFile(rig.trace);
    fs.rmSync(rig.trace);
    assert.deepEqual(incomplete, []);
    const paths = new Set<string>();
    for (const { path } of records) if (path.includes('/module-')) paths.add(path);
    assert.equal(paths.size, count);
    assert.ok(records.length < count + 1000, `${records.length} records`);
    return bytes;
  }

  test('a million paths, by the shim', async () => {
    const bytes = await tracks(1_000_000, ['--shim', shim]);
    const each = 32 + rig.workspace.length + '/dir/module-0000000.ts'.length + 8;
    assert.ok(bytes < 1.1 * each * 1_000_000, `${bytes} bytes`);
  });

  test('a hundred thousand paths, by the supervisor', async () => {
    await tracks(100_000, []);
  });
});
