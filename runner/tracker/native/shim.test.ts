import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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

  const node = (script: string): string[] => [process.execPath, '-e', script];
  // Of new files git cannot be sure by their times, and so does now this, now that.
  const programs: Record<string, readonly string[]> = {
    find: ['sh', '-c', 'find . -type f -exec cat {} + >/dev/null; find -L dir/.. -name x'],
    grep: ['grep', '-r', 'nothing', '.', 'none'],
    ls: ['ls', '-laR', '.', 'link'],
    cp: ['sh', '-c', 'cp -r dir copy; cp -p file copy/; mv copy moved; rm -r moved'],
    tar: ['sh', '-c', 'tar -cf t.tar dir link && tar -xf t.tar -C empty && cat empty/dir/inner'],
    git: [
      'sh',
      '-c',
      'find . -exec touch -h -d 2001-01-01 {} +; git init -q && git add -A && git status --porcelain && git grep -q z',
    ],
    gcc: [
      'sh',
      '-c',
      'echo "#include \\"h.h\\"" >m.c; echo "int i;" >dir/h.h; gcc -Idir/../dir -c m.c',
    ],
    python3: [
      'python3',
      '-c',
      'import os; print([d for d in os.walk(".")], os.path.realpath("link"))',
    ],
    perl: [
      'perl',
      '-e',
      'opendir(D, "dir"); readdir(D); open(F, ">", "new"); -e "none"; stat("link")',
    ],
    'node, in one thread': node(`const fs = require('node:fs');
      for (let i = 0; i < 30; i++) fs.existsSync('no' + i);
      fs.readdirSync('.', { recursive: true }); fs.realpathSync('link'); fs.realpathSync.native('dir/../link');
      fs.writeFileSync('new', fs.readFileSync('file')); fs.opendirSync('dir').closeSync();
      process.chdir('dir'); fs.readFileSync('inner'); fs.statSync('../other'); fs.appendFileSync('inner', 'x');
      fs.renameSync('inner', 'outer'); fs.cpSync('outer', 'again'); fs.rmSync('outer');`),
    'node, in many': node(`const fs = require('node:fs/promises');
      const names = Array.from({ length: 40 }, (_, i) => 'f' + i);
      Promise.all(names.map((name) => fs.writeFile(name, name)))
        .then(() => Promise.all(names.map((name) => fs.readFile(name))))
        .then(() => Promise.all([fs.readdir('dir'), fs.stat('none').catch(() => {}), fs.realpath('link')]));`),
  };
  for (const [name, program] of Object.entries(programs)) {
    const [command = ''] = name.split(',');
    const absent = spawnSync(command, ['--version']).error ? `no ${command}` : false;
    test(`${name} leaves the same as without it`, { skip: absent }, async () => {
      rig.fresh();
      const alone = await launch(program, false);
      rig.fresh();
      const helped = await launch(program, true);
      // Names made up anew in each run.
      const plain = (run: Launched): string[] =>
        [
          ...new Set(
            touched(run).map((line) => line.replace(/(tmp_obj_|\/cc|\.git\/t)\w+/g, '$1')),
          ),
        ].sort();
      assert.deepEqual(plain(helped), plain(alone));
      assert.deepEqual(helped.control.slice(1), alone.control.slice(1));
      assert.equal(helped.header.incomplete, 0);
    });
  }

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

  test('does nothing where what should lead it to the log does not', () => {
    rig.fresh();
    const words = ['', 'x', '0'.repeat(16), 'f'.repeat(16), `${'f'.repeat(16)}/proc/1/fd`];
    for (const word of [...words, `${'f'.repeat(16)}/dev/null:/nowhere`, 'f'.repeat(10_000)]) {
      const env = { ...process.env, LD_PRELOAD: shim, VT_TRACE: word };
      const run = spawnSync('cat', ['file', 'file', 'file', 'file', 'none'], {
        cwd: rig.workspace,
        env: { ...env, LC_ALL: 'C.UTF-8' },
        encoding: 'utf8',
      });
      assert.deepEqual([run.status, run.stdout], [1, 'xxxx'], word);
    }
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
