import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { INCOMPLETE, NativeRig, missing, parseLines, sanitizers } from './test/rig.js';

const behaviour = (checked: boolean) => (): void => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    if (checked) rig.launcher = rig.buildChecked();
  });
  beforeEach(() => {
    rig.fresh();
  });
  after(() => {
    rig.dispose();
  });

  test('tells how the main process ended', async () => {
    const coded = await rig.launch(['sh', '-c', 'exit 7']);
    assert.deepEqual(coded.control.slice(1), [{ exited: { code: 7 } }, { quiet: true }]);
    const killed = await rig.launch([rig.file('forms'), 'killed', 'file']);
    assert.deepEqual(killed.control.slice(1), [{ exited: { signal: 9 } }, { quiet: true }]);
    assert.deepEqual(rig.inside(killed), ['open file:file'], 'what came before SIGKILL is kept');
  });

  test('tells a program that cannot be started from one that ends with 127', async () => {
    const absent = await rig.launch(['no-such-program']);
    assert.deepEqual(absent.control, [
      { notStarted: { errno: 'ENOENT', path: 'no-such-program' } },
    ]);
    const forbidden = await rig.launch([path.join(rig.workspace, 'file')]);
    assert.deepEqual(forbidden.control, [
      { notStarted: { errno: 'EACCES', path: path.join(rig.workspace, 'file') } },
    ]);
    const real = await rig.launch(['sh', '-c', 'exit 127']);
    assert.deepEqual(real.control[1], { exited: { code: 127 } });
  });

  test('records threads under their process', async () => {
    const run = await rig.launch([rig.file('forms'), 'threads', 't']);
    const opened = run.records.filter((record) => record.path.startsWith(`${rig.workspace}/t`));
    assert.equal(opened.length, 8);
    assert.deepEqual(
      new Set(opened.map((record) => record.pid)),
      new Set([run.control[0]?.['started']]),
    );
  });

  test('takes no process for the thread that had its number before', async (t) => {
    const run = await rig.launch([rig.file('forms'), 'number-again', 'file', 'link']);
    const [number, outcome, error] = run.stdout.trim().split(' ');
    if (outcome !== 'ok') {
      assert.equal(Number(error), os.constants.errno.EPERM);
      t.skip('only who may restore processes may choose their numbers');
      return;
    }
    const who = (name: string): unknown =>
      run.records.find(
        ({ op, path: place }) => op === 'open' && place === path.join(rig.workspace, name),
      )?.pid;
    assert.equal(who('file'), run.control[0]?.['started']);
    assert.equal(who('link'), Number(number));
  });

  test('sees through vfork, and says which process did what', async () => {
    const run = await rig.launch([rig.file('forms'), 'vfork', 'file']);
    assert.deepEqual(rig.inside(run), ['open file:file']);
    const open = run.records.find((record) => record.path === path.join(rig.workspace, 'file'));
    const main = run.control[0]?.['started'];
    assert.notEqual(open?.pid, main);
    const who = run.records
      .filter((record) => record.op === 'process' && record.pid === open?.pid)
      .at(-1);
    assert.equal(who?.path2, ['forms', 'openat', 'file'].join('\0'));
    assert.equal(who?.aux, main);
  });

  test('names the main process even if it makes no notified call', async () => {
    const run = await rig.launch([rig.file('forms-static'), 'null-pointer']);
    const who = run.records.find((record) => record.op === 'process');
    assert.equal(who?.pid, run.control[0]?.['started']);
    assert.equal(who?.path2, [rig.file('forms-static'), 'null-pointer'].join('\0'));
  });

  test('what cannot be followed makes the trace incomplete, and the task goes on', async () => {
    const cases = [
      ['chroot', ['dir'], INCOMPLETE.rootChanged, 'ok 0'],
      ['openat2-root', ['file'], INCOMPLETE.rootChanged, 'ok 0'],
      ['handle', [], INCOMPLETE.unnamedFile, 'failed'],
      ...(process.arch === 'x64' ? ([['int80', [], INCOMPLETE.foreignAbi, 'ok 0']] as const) : []),
    ] as const;
    for (const [form, args, bit, outcome] of cases) {
      if (form === 'chroot' && process.getuid?.() !== 0) continue; // only root may; nothing to see
      const run = await rig.launch([rig.file('forms'), form, ...args]);
      assert.ok(run.stdout.startsWith(outcome), `${form}: ${run.stdout}`);
      assert.equal(run.header.incomplete, bit, form);
      const reasons = run.records.filter((record) => record.op === 'incomplete');
      assert.deepEqual(
        reasons.map((record) => [record.pid, record.aux]),
        [[run.control[0]?.['started'], bit]],
      );
    }
  });

  test('what changes where names lead, or reaches files without one, counts whatever becomes of the call', async () => {
    const calls = {
      open_tree: [428, INCOMPLETE.rootChanged],
      move_mount: [429, INCOMPLETE.rootChanged],
      fsopen: [430, INCOMPLETE.rootChanged],
      fsmount: [432, INCOMPLETE.rootChanged],
      fspick: [433, INCOMPLETE.rootChanged],
      pidfd_getfd: [438, INCOMPLETE.unnamedFile],
      mount_setattr: [442, INCOMPLETE.rootChanged],
      open_tree_attr: [467, INCOMPLETE.rootChanged],
    } as const;
    for (const [name, [number, bit]] of Object.entries(calls)) {
      const run = await rig.launch([rig.file('forms'), 'number', String(number)]);
      assert.equal(run.stdout, 'ok 0\n', name);
      assert.equal(run.header.incomplete, bit, name);
      const reasons = run.records.filter((record) => record.op === 'incomplete');
      assert.deepEqual(
        reasons.map((record) => [record.aux, record.path]),
        [[bit, name]],
      );
    }
  });

  test('accounting and swapping to a file count as writing to it, an old library as reading', async () => {
    const { O_APPEND, O_RDWR, O_WRONLY, O_RDONLY } = fs.constants;
    const forms = { acct: O_WRONLY | O_APPEND, swapon: O_RDWR, uselib: O_RDONLY };
    for (const [form, flags] of Object.entries(forms)) {
      if (form === 'uselib' && process.arch !== 'x64') continue; // the call is not there
      const run = await rig.launch([rig.file('forms'), form, 'none']);
      const record = run.records.find(({ path }) => path.endsWith('/none'));
      assert.deepEqual([record?.op, record?.aux], ['open', flags], form);
    }
  });

  test('a trace within a trace runs untracked and says so', async () => {
    const inner = [
      rig.launcher,
      '--control',
      '2',
      '--trace',
      rig.file('inner'),
      '--',
      'echo',
      'in',
    ];
    const run = await rig.launch(inner);
    assert.equal(run.stdout, 'in\n');
    assert.equal(run.header.incomplete, 0);
    assert.deepEqual(parseLines(run.stderr)[0], { untracked: 'listener-busy' });
    fs.rmSync(rig.file('inner'));
  });

  test('is replaced when it is killed in the middle of calls, which the task does not notice', async () => {
    const looks = 'i=0; while [ $i -lt 1000 ]; do test -e no/$i || i=$((i+1)); done';
    const script = `for j in 1 2 3 4; do (${looks}) & done; kill -KILL $PPID; wait; echo done; exit 3`;
    const run = await rig.launch(['sh', '-c', script]);
    assert.equal(run.stdout, 'done\n');
    const [started, ...others] = run.control;
    const { supervisor } = others.shift() ?? {};
    assert.ok(typeof supervisor === 'number' && supervisor !== started?.['supervisor']);
    assert.deepEqual(others, [
      { untracked: 'supervisor-lost' },
      { exited: { code: 3 } },
      { quiet: true },
    ]);
  });

  test('follows a thousand short processes', async () => {
    const loop = 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done';
    const run = await rig.launch(['sh', '-c', loop]);
    assert.deepEqual(run.control.slice(1), [{ exited: { code: 0 } }, { quiet: true }]);
    const programs = run.records.filter(
      (record) => record.op === 'process' && record.path2 === '/bin/true',
    );
    assert.equal(programs.length, 1000);
  });

  test('keeps the order of touches, and records files anew where a name moved', async () => {
    const forms = rig.file('forms');
    const script = [
      'read x <file; rm file; echo >file',
      `${forms} renameat dir moved; ${forms} mkdirat dir; read x <dir/inner`,
      `${forms} renameat moved/inner dir/inner; read x <dir/inner; read x <dir/inner`,
    ].join('; ');
    const run = await rig.launch(['sh', '-c', script]);
    const seen = rig.inside(run).filter((line) => /^(open|rename|unlink|mkdir) /.test(line));
    assert.deepEqual(seen, [
      'open file:file',
      'unlink nofollow file:file',
      'open file:absent',
      'rename nofollow dir:directory -> moved:absent',
      'mkdir nofollow dir:absent',
      'open dir/inner:absent',
      'rename nofollow moved/inner:file -> dir/inner:absent',
      'open dir/inner:file',
    ]);
  });

  test('reports survivors after the grace, serves them, and ends with them', async () => {
    spawnSync('mkfifo', [path.join(rig.workspace, 'go')]);
    const script = '(read x <go; cat file >copy) >/dev/null 2>&1 & exit 0';
    const args = ['--control', '3', '--trace', rig.trace, '--grace', '0', '--', 'sh', '-c', script];
    const child = spawn(rig.launcher, args, {
      cwd: rig.workspace,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close');
    let control = '';
    const survived = new Promise<void>((resolve) => {
      (child.stdio[3] as NodeJS.ReadableStream).on('data', (chunk: Buffer) => {
        control += chunk.toString();
        if (control.includes('survivors')) resolve();
      });
    });
    await survived;
    // Until now the survivor waited; only a served one can write its file.
    fs.writeFileSync(path.join(rig.workspace, 'go'), 'x\n');
    await closed;
    assert.equal(fs.readFileSync(path.join(rig.workspace, 'copy'), 'utf8'), 'x');
    const { header, records } = rig.readTrace();
    assert.equal(header.finished, 0);
    const survivors = parseLines(control).at(-1)?.['survivors'] as number[];
    assert.deepEqual(
      survivors,
      records.filter((record) => record.op === 'survivor').map((record) => record.pid),
    );
    assert.ok(records.some((record) => record.path === path.join(rig.workspace, 'copy')));
  });

  test('outlives the runner', async () => {
    spawnSync('mkfifo', [path.join(rig.workspace, 'go'), path.join(rig.workspace, 'done')]);
    const script = 'read x <go; cat file >done';
    const args = ['--control', '3', '--trace', rig.trace, '--', 'sh', '-c', script];
    const child = spawn(rig.launcher, args, {
      cwd: rig.workspace,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'exit');
    await once(child.stdio[3] as NodeJS.ReadableStream, 'data');
    (child.stdio[3] as unknown as { destroy(): void }).destroy();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) child.kill(signal);
    fs.writeFileSync(path.join(rig.workspace, 'go'), 'x\n');
    assert.equal(fs.readFileSync(path.join(rig.workspace, 'done'), 'utf8'), 'x');
    assert.deepEqual(await ended, [0, null]);
    assert.equal(rig.readTrace().header.finished, 1);
  });

  test('gives the task its stdio, the channel, no other descriptor, and default signals', async () => {
    const fifo = (name: string): string => path.join(rig.workspace, name);
    spawnSync('mkfifo', [fifo('out'), fifo('err'), fifo('channel')]);
    const held = ['out', 'err', 'channel'].map((name) =>
      fs.openSync(fifo(name), fs.constants.O_RDWR | fs.constants.O_NONBLOCK),
    );
    try {
      // The shell reads its status itself: around a fork it blocks all signals for a moment, which
      // a child that looks at its parent may see.
      const script = [
        'readlink /proc/$$/fd/*',
        'while read -r line; do case $line in Sig[BI]*) echo "$line" ;; esac; done </proc/$$/status',
        'echo e >&2',
        'echo c >&3',
      ].join('; ');
      const options = [
        '--stdout',
        fifo('out'),
        '--stderr',
        fifo('err'),
        '--channel',
        fifo('channel'),
      ];
      const run = await rig.launch(['sh', '-c', script], { options });
      const [out, err, channel] = held.map((fd) => {
        const bytes = Buffer.alloc(4096);
        return bytes.toString('utf8', 0, fs.readSync(fd, bytes));
      });
      const none = '0000000000000000';
      assert.equal(
        out,
        `/dev/null\n${fifo('out')}\n${fifo('err')}\n${fifo('channel')}\nSigBlk:\t${none}\nSigIgn:\t${none}\n`,
      );
      assert.equal(err, 'e\n');
      assert.equal(channel, 'c\n');
      assert.equal(run.stdout + run.stderr, '');
      const opened = rig.inside(run).filter((line) => line.startsWith('open'));
      assert.deepEqual(opened, [], 'opens of the launcher are not the task’s');
    } finally {
      for (const fd of held) fs.closeSync(fd);
    }
  });

  test('makes the task the foreground group of a session that the launcher leads', async () => {
    const script = [
      '[ -t 1 ] && [ -t 2 ] && ! [ -t 0 ] && echo terminal',
      'echo controlling >/dev/tty',
      'read -r stat </proc/$PPID/stat; set -- $stat; launcher=$4',
      'read -r stat </proc/$$/stat; set -- $stat',
      '[ "$5 $8" = "$$ $$" ] && [ "$6" = "$launcher" ] && echo leader, session, foreground',
      'kill -INT $$',
    ].join('; ');
    const run = await rig.launch(['sh', '-c', script], {
      launcher: rig.build('terminal', ['test/terminal.c']),
      options: ['--terminal', '@'],
      env: { ...process.env, VT_LAUNCH: rig.launcher },
    });
    assert.equal(run.stdout, 'terminal\r\ncontrolling\r\nleader, session, foreground\r\n');
    assert.deepEqual(run.control.slice(1), [{ exited: { signal: 2 } }, { quiet: true }]);
  });

  test('passes on that its terminal hung up', async () => {
    const run = await rig.launch([rig.file('forms'), 'hang-up'], {
      launcher: rig.build('terminal', ['test/terminal.c']),
      options: ['--terminal', '@'],
      env: { ...process.env, VT_LAUNCH: rig.launcher, VT_HANGUP: '1' },
    });
    assert.deepEqual(run.control.slice(1), [{ exited: { code: 0 } }, { quiet: true }]);
  });

  test('does not hang on a FIFO without a reader', async () => {
    const fifo = path.join(rig.workspace, 'out');
    spawnSync('mkfifo', [fifo]);
    const run = await rig.launch(['true'], { options: ['--stdout', fifo] });
    assert.deepEqual(run.control, [{ notStarted: { errno: 'ENXIO', path: fifo } }]);
  });

  test(
    'works without privileges',
    { skip: process.getuid?.() === 0 ? false : 'not root' },
    async () => {
      const run = await rig.launch([rig.file('forms'), 'openat', 'file'], { uid: 65534 });
      assert.equal(run.stdout, 'ok 0\n');
      assert.deepEqual(rig.inside(run), ['open file:file']);
      assert.equal(run.header.incomplete, 0);
    },
  );

  test('a full log is an overflow, never a failure of the task', () => {
    const program = rig.build(
      'overflow',
      ['test/overflow.c', 'log.c', 'keys.c'],
      checked ? sanitizers : [],
    );
    const result = spawnSync(program, [rig.trace], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    const { header, records } = rig.readTrace();
    assert.equal(header.incomplete, INCOMPLETE.overflow);
    assert.equal(String(records.length), result.stdout.trim(), 'what was accepted is all there');
  });
};

describe('the supervisor', { skip: missing }, behaviour(false));
describe('the supervisor, with sanitizers', { skip: missing }, behaviour(true));
