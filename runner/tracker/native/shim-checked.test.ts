import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { NativeRig, missing, sanitizers, shimSources } from './test/rig.js';

/**
 * The shim with sanitizers, in a program of many threads that opens, lists, looks, forks, loads
 * libraries and is interrupted by signals all the while. What they find is written to files, also by
 * processes whose end nobody looks at.
 */

const SHIM = 2; // VT_FLAG_SHIM

const compiler = process.env['CC'] ?? 'cc';

/** Where the compiler has a sanitizer's library; undefined when it has none. */
function library(name: string): string | undefined {
  const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
  const file = (stdout ?? '').trim();
  return path.isAbsolute(file) && fs.existsSync(file) ? fs.realpathSync(file) : undefined;
}

describe('the shim, checked', { skip: missing }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.build('stress', ['test/stress.c'], ['-ldl']);
  });
  after(() => {
    rig.dispose();
  });

  function buildShim(name: string, flags: readonly string[]): string {
    return rig.build(name, shimSources(), [
      '-shared',
      '-fPIC',
      '-fvisibility=hidden',
      ...flags,
      '-ldl',
    ]);
  }

  async function check(program: string, shim: string, env: NodeJS.ProcessEnv): Promise<void> {
    rig.fresh();
    const bare = spawnSync(rig.file('stress'), { cwd: rig.workspace, encoding: 'utf8' });
    assert.match(bare.stdout, /^found \d+\n$/);
    rig.fresh();
    const found = rig.file('found');
    const options = `log_path=${found}:exitcode=97`;
    const run = await rig.launch([rig.file(program)], {
      options: ['--shim', shim],
      env: {
        ...process.env,
        ASAN_OPTIONS: `${options}:detect_leaks=0`,
        UBSAN_OPTIONS: `${options}:print_stacktrace=1`,
        // To find names it would look for files, through the shim, in the middle of a call of the shim.
        TSAN_OPTIONS: `${options}:symbolize=0`,
        ...env,
      },
    });
    const reports = fs.readdirSync(rig.directory).filter((name) => name.startsWith('found.'));
    const text = reports.map((name) => fs.readFileSync(rig.file(name), 'utf8')).join('\n');
    for (const name of reports) fs.rmSync(rig.file(name));
    assert.equal(text, '');
    assert.deepEqual(run.control.slice(1), [{ exited: { code: 0 } }, { quiet: true }], run.stderr);
    assert.equal(run.stdout, bare.stdout);
    assert.equal(run.header.incomplete, 0);
    const own = run.records.filter(({ flags }) => flags & SHIM).length;
    assert.ok(own > 500, `${own} records by the shim`);
  }

  test('as it is', async () => {
    await check('stress', buildShim('shim.so', []), {});
  });

  const address = library('libasan.so');
  test(
    'for addresses and undefined behaviour',
    { skip: address === undefined && 'no libasan' },
    async () => {
      // The program has none: the library must be the first one that is loaded.
      await check('stress', buildShim('shim-asan.so', sanitizers), { LD_PRELOAD: address });
    },
  );

  test(
    'for races of threads',
    { skip: library('libtsan.so') === undefined && 'no libtsan' },
    async (t) => {
      const flags = ['-g', '-fsanitize=thread'];
      rig.build('stress-tsan', ['test/stress.c'], [...flags, '-ldl']);
      rig.fresh();
      const alone = spawnSync(rig.file('stress-tsan'), { cwd: rig.workspace, encoding: 'utf8' });
      if (/unexpected memory mapping/.test(alone.stderr)) {
        t.skip('this kernel places programs where the thread sanitizer cannot work');
        return;
      }
      await check('stress-tsan', buildShim('shim-tsan.so', flags), {});
    },
  );
});
