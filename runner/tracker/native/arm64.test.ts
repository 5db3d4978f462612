import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  exportsOf,
  launcherSources,
  NativeRig,
  missing,
  shimSources,
  sources,
} from './test/rig.js';

const cross = 'aarch64-linux-gnu-gcc';
const emulator = 'qemu-aarch64';

function absent(program: string): string | false {
  return spawnSync(program, ['--version']).error ? `no ${program}` : false;
}

const noCross = missing || absent(cross);

/** What can be told of the native part for arm64 on a machine that is none. */
describe('the native part for arm64', { skip: noCross }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig(cross);
  });
  after(() => {
    rig.dispose();
  });

  test('compiles and links, the shim with the same functions', () => {
    rig.build('vt-launch', launcherSources());
    const shared = ['-shared', '-fPIC', '-fvisibility=hidden'];
    const arm = exportsOf(rig.build('shim-arm.so', shimSources(), shared), 'aarch64-linux-gnu-nm');
    const here = exportsOf(path.resolve(sources, '../../../dist/native/libvt-shim.so'), 'nm');
    // libuv and Rust make raw calls through syscall() on x86-64 only; the filter sees them anyway.
    assert.deepEqual(
      arm,
      here.filter((name) => name !== 'syscall'),
    );
  });

  test('a log written by it is read here', { skip: absent(emulator) }, () => {
    const program = rig.build('overflow', ['test/overflow.c', 'log.c', 'keys.c'], ['-static']);
    const run = spawnSync(emulator, [program, rig.trace], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.equal(String(rig.readTrace().records.length), run.stdout.trim());
  });

  test(
    'runs tasks under an emulator, which lets nothing be observed',
    { skip: absent(emulator) },
    () => {
      const launcher = rig.build('vt-launch-static', launcherSources(), ['-static']);
      rig.fresh();
      const command = ['--control', '2', '--trace', rig.trace, '--', 'cat', 'file'];
      const run = spawnSync(emulator, [launcher, ...command], {
        cwd: rig.workspace,
        encoding: 'utf8',
        timeout: 60_000,
        killSignal: 'SIGKILL',
      });
      assert.equal(run.stdout, 'x');
      assert.match(
        run.stderr,
        /^\{"untracked":"no-listener"\}\n\{"started":\d+,"supervisor":\d+\}\n\{"exited":\{"code":0\}\}\n\{"quiet":true\}\n$/,
      );
      fs.rmSync(rig.trace);
    },
  );
});

/** The numbers of calls.c stand there as numbers: some are newer than the headers of the machine. */
describe('the table of system calls', { skip: missing }, () => {
  const table = fs.readFileSync(path.join(sources, 'calls.c'), 'utf8');
  const rows = [...table.matchAll(/[({](\d+) \/\* (\w+) \*\//g)];
  const split = table.indexOf('#elif defined __aarch64__');
  const common = table.indexOf('#endif', split);

  function check(compiler: string, of: (at: number) => boolean): void {
    const asserted = rows.filter(({ index }) => of(index));
    assert.ok(asserted.length > 50, `only ${asserted.length} rows`);
    const checks = asserted.map(
      ([, number, name]) =>
        `#ifdef SYS_${name}\n_Static_assert(SYS_${name} == ${number}, "${name}");\nint known_${name};\n#endif\n`,
    );
    const rig = new NativeRig(compiler);
    try {
      const input = `#include <sys/syscall.h>\n${checks.join('')}`;
      const object = rig.file('numbers.o');
      const args = ['-x', 'c', '-c', '-', '-o', object];
      const built = spawnSync(compiler, args, { input, encoding: 'utf8' });
      assert.equal(built.status, 0, built.stderr);
      const known = exportsOf(object, compiler.replace(/cc$|gcc$/, 'nm'), ['-g']);
      // Headers of 2022 know all calls up to 451.
      assert.ok(
        known.length > asserted.length - 10,
        `${known.length} of ${asserted.length} checked`,
      );
    } finally {
      rig.dispose();
    }
  }

  test('has the numbers of x86-64', { skip: process.arch !== 'x64' && 'another machine' }, () => {
    check('gcc', (at) => at < split || at > common);
  });

  test('has the numbers of arm64', { skip: noCross }, () => {
    check(cross, (at) => at > split);
  });
});
