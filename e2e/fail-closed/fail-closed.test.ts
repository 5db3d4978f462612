import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from '../harness/commanded-program.js';
import { steadyText } from '../harness/steady-text.js';
import { projectRoot, vtPath, Workspace, type Finished } from '../harness/workspace.js';

/**
 * Whatever keeps a task from being observed in full: it ends as it would without vt, nothing of it is
 * kept, and one line says which process it was and why. (Processes that outlive their task, and a
 * vt without its native part, are in results.test.ts.)
 */

const files = { 'package.json': '{}', 'a.txt': 'a\n', 'dir/b.txt': 'b\n' };
const isRoot = process.getuid?.() === 0;
const onlyRoot = isRoot ? false : 'only root may do it';
const compiler = spawnSync('cc', ['--version']).error ? 'no C compiler (cc)' : false;
const noFuse = onlyRoot || (existsSync('/dev/fuse') ? false : 'no FUSE');
const noStrace = spawnSync('strace', ['-V']).error ? 'no strace' : false;
const i386 = ['-m32', '-nostdlib', '-static'];
let odd = '';

/** Why no program of an i386 can be built or run here. */
function noI386(): string | false {
  if (process.arch !== 'x64') return 'not x86-64';
  const place = mkdtempSync(path.join(os.tmpdir(), 'vt-i386-'));
  const program = path.join(place, 'program');
  const input = '.globl _start\n_start: movl $1, %eax; movl $0, %ebx; int $0x80\n';
  spawnSync('cc', [...i386, '-o', program, '-xassembler', '-'], { input });
  const { status } = spawnSync(program);
  rmSync(place, { recursive: true });
  return status === 0 ? false : 'no programs of an i386 here';
}

/** Runs a command twice by itself and twice by vt: the same ending each time, and `line` from vt. */
async function expectUntracked(
  workspace: Workspace,
  command: readonly string[],
  line: string,
  { below = [], env = {} }: { below?: readonly string[]; env?: Record<string, string> } = {},
): Promise<void> {
  const bare = await workspace.run([...below, ...command], { env });
  for (let time = 0; time < 2; time++) {
    const vt = [process.execPath, vtPath, 'exec', '--', ...command];
    const run = await workspace.run([...below, ...vt], { env });
    assert.deepEqual(
      [run.code, run.signal, run.stdout, steadyText(run.stderr)],
      [bare.code, bare.signal, bare.stdout, `${bare.stderr}vt: not cached: ${line}\n`],
    );
  }
}

describe('tracking that is not complete', { skip: compiler }, () => {
  let place: string;
  before(() => {
    place = mkdtempSync(path.join(os.tmpdir(), 'vt-odd-'));
    odd = path.join(place, 'odd');
    const source = path.join(projectRoot, 'e2e/fail-closed/odd.c');
    const flags = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror'];
    execFileSync('cc', [...flags, source, '-o', odd]);
  });
  after(() => {
    rmSync(place, { recursive: true });
  });

  it('is no surprise: the test program itself can be tracked', async (t) => {
    const workspace = new Workspace(t, files);
    const run = (): Promise<Finished> => workspace.vt(['exec', '--', odd, 'nothing', 'a.txt']);
    assert.equal((await run()).all, 'a\nnothing: done\n');
    assert.match((await run()).stderr, /cache hit, replaying\n$/);
  });

  for (const [what, line, needs] of [
    ['chroot', 'the file system root or a mount was changed', onlyRoot],
    ['mount', 'the file system root or a mount was changed', onlyRoot],
    ['fuse', 'the file system root or a mount was changed', noFuse],
    ['fsopen', 'the file system root or a mount was changed', false],
    ['by-handle', 'a file may have been reached without its name', false],
    ['take', 'a file may have been reached without its name', false],
    ['fanotify', 'a file may have been reached without its name', false],
    ['subvolume', 'a file may have been reached without its name', false],
    ['unknown', 'a system call that vt does not know was made', false],
    [
      'int80',
      'a system call was made through a foreign ABI',
      process.arch !== 'x64' && 'not x86-64',
    ],
    ['x32', 'a system call was made through a foreign ABI', process.arch !== 'x64' && 'not x86-64'],
  ] as const) {
    it(`by ${what}`, { skip: needs }, async (t) => {
      const workspace = new Workspace(t, files);
      const mounts = what === 'mount' || what === 'fuse';
      const below = mounts ? ['unshare', '--mount'] : [];
      const process = `'${odd} ${what} a.txt' (pid …)`;
      const details: Record<string, string> = {
        fuse: 'mount',
        'by-handle': 'open_by_handle_at',
        take: 'pidfd_getfd',
        fanotify: 'fanotify_init',
        subvolume: 'ioctl',
        unknown: 'number 999',
        int80: 'a call of another architecture or ABI',
        x32: 'a call of another architecture or ABI',
      };
      await expectUntracked(
        workspace,
        [odd, what, 'a.txt'],
        `file tracking incomplete: ${line} in ${process} (${details[what] ?? what})`,
        { below },
      );
    });
  }

  it(
    'names the process that did it, not the one that was started',
    { skip: onlyRoot },
    async (t) => {
      const script = `cat a.txt; ${odd} chroot a.txt; exit 0`;
      await expectUntracked(
        new Workspace(t, files),
        ['sh', '-c', script],
        `file tracking incomplete: the file system root or a mount was changed in '${odd} chroot a.txt' (pid …) (chroot)`,
      );
    },
  );

  it('is no matter of io_uring, which is refused', async (t) => {
    const workspace = new Workspace(t, files);
    const run = (): Promise<Finished> => workspace.vt(['exec', '--', odd, 'io_uring', 'a.txt']);
    assert.equal((await run()).all, 'a\nio_uring: ENOSYS\n');
    assert.match((await run()).stderr, /cache hit, replaying\n$/);
  });

  it('by a tracer that vt keeps calls from', { skip: noStrace }, async (t) => {
    const workspace = new Workspace(t, files);
    const command = ['strace', '-f', '--seccomp-bpf', '-e', 'openat', '-o', 'log', 'cat', 'a.txt'];
    const { code, stdout, stderr } = await workspace.vt(['exec', '--', ...command]);
    assert.deepEqual([code, stdout], [0, 'a\n']);
    assert.match(
      steadyText(stderr),
      /^(?:strace: .*\n)*vt: not cached: file tracking incomplete: system calls were traced in a way that vt disturbs in 'strace .* a\.txt' \(pid …\) \(SECCOMP_RET_TRACE\)(?:, and \d+ more)?\n$/,
    );
  });

  it('by a program for another processor', { skip: noI386() }, async (t) => {
    const workspace = new Workspace(t, files);
    const program = workspace.path('i386');
    const source = `.globl _start
_start: movl $4, %eax; movl $1, %ebx; movl $text, %ecx; movl $3, %edx; int $0x80
        movl $1, %eax; movl $7, %ebx; int $0x80
.data
text: .ascii "hi\\n"
`;
    execFileSync('cc', [...i386, '-o', program, '-xassembler', '-'], { input: source });
    await expectUntracked(
      workspace,
      ['sh', '-c', './i386; echo $?'],
      "file tracking incomplete: a system call was made through a foreign ABI in './i386' (pid …) (a call of another architecture or ABI)",
    );
  });

  it('is no matter of cloning what is open', async (t) => {
    const workspace = new Workspace(t, files);
    const run = (): Promise<Finished> => workspace.vt(['exec', '--', odd, 'clone', 'a.txt']);
    assert.match((await run()).all, /^a\nclone: E\w+\n$/);
    assert.match((await run()).stderr, /cache hit, replaying\n$/);
  });

  it('a socket that is left cannot be kept', async (t) => {
    const workspace = new Workspace(t, files);
    const run = await workspace.vt(['exec', '--', odd, 'bind', 'a.txt']);
    assert.deepEqual(
      [run.stdout, run.stderr],
      [
        'a\nbind: done\n',
        "vt: not cached: output 'socket' cannot be stored (not a file, directory or symlink)\n",
      ],
    );
  });

  describe('where memory cannot be read', () => {
    // As root the supervisor may read everything, unless that is taken away.
    const below = isRoot ? ['setpriv', '--bounding-set=-sys_ptrace'] : [];

    it('of a process that made itself unreadable', async (t) => {
      const program = `'${odd} unreadable a.txt' (pid …)`;
      await expectUntracked(
        new Workspace(t, files),
        [odd, 'unreadable', 'a.txt'],
        `file tracking incomplete: a process's memory could not be read in ${program} (its memory or descriptors may not be read)`,
        { below },
      );
    });

    it('of a program that may be executed, but not read', async (t) => {
      const workspace = new Workspace(t, files);
      cpSync(odd, workspace.path('odd'));
      chmodSync(workspace.path('odd'), 0o111);
      const lost = '--bounding-set=-dac_override,-dac_read_search';
      await expectUntracked(
        workspace,
        ['sh', '-c', './odd nothing a.txt; exit 0'],
        "file tracking incomplete: a process's memory could not be read in 'sh -c ./odd nothing a.txt; exit 0' (pid …) (a program may not be read)",
        { below: isRoot ? ['setpriv', lost] : [] },
      );
    });

    it('of a process in another user’s name', { skip: onlyRoot }, async (t) => {
      const workspace = new Workspace(t, files);
      const command = ['su', 'nobody', '-s', '/bin/sh', '-c', 'id -u; cat /etc/hostname'];
      const bare = await workspace.run([...below, ...command]);
      const run = await workspace.run([
        ...below,
        process.execPath,
        vtPath,
        'exec',
        '--',
        ...command,
      ]);
      assert.deepEqual([run.code, run.stdout], [bare.code, bare.stdout]);
      const [line, ...others] = steadyText(run.stderr).split('\n');
      assert.deepEqual(others, ['']);
      assert.match(
        line ?? '',
        /^vt: not cached: file tracking incomplete: a process's memory could not be read in '.+' \(pid …\) \((its memory or descriptors may not be read|the process cannot be looked at)\)(, and \d+ more)?$/,
      );
    });
  });

  describe('where no listener can be had', () => {
    for (const [how, error] of [
      ['deny', '1'],
      ['deny', '38'],
      ['deny-listener', '1'],
      ['deny-listener', '22'],
    ] as const) {
      it(`(${how} ${error})`, async (t) => {
        await expectUntracked(
          new Workspace(t, files),
          ['sh', '-c', 'cat a.txt dir/b.txt; echo made >c.txt; exit 0'],
          "file tracking incomplete: the kernel refused to let the task be observed: 'sh -c cat a.txt dir/b.txt; echo made >c.txt; exit 0' (pid …)",
          { below: [odd, how, error] },
        );
      });
    }
  });

  it('when the log cannot grow', { skip: onlyRoot }, async (t) => {
    const workspace = new Workspace(t, files);
    mkdirSync(workspace.path('small'));
    const many =
      'i=0; while [ $i -lt 3000 ]; do test -e no/such/name/anywhere/$i; i=$((i+1)); done';
    workspace.write({ 'many.sh': `${many}\ncat a.txt\n` });
    const mount = 'mount -t tmpfs -o size=128k,mode=700 none small && exec "$@"';
    await expectUntracked(
      workspace,
      ['sh', 'many.sh'],
      "file tracking incomplete: the log of file accesses overflowed in 'sh many.sh' (pid …)",
      {
        below: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
        env: { XDG_RUNTIME_DIR: workspace.path('small') },
      },
    );
  });

  describe('when the tracker is killed', () => {
    /** Starts a program that reads a file when it is told to, and finds the tracker's processes. */
    async function started(t: TestContext) {
      const workspace = new Workspace(t, files);
      const program = await CommandedProgram.listen(t, workspace);
      const run = workspace.startVt(['exec', '--', ...program.command]);
      const pid = (await program.said(run)).split(' ')[1] ?? '';
      const supervisor = parentOf(pid);
      const about = `'${program.command.join(' ')}' (pid …)`;
      return { run, program, supervisor, launcher: parentOf(supervisor), about };
    }

    function parentOf(pid: number | string): number {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
    }

    it('the task runs on, as if untracked', async (t) => {
      const { run, program, supervisor, about } = await started(t);
      process.kill(supervisor, 'SIGKILL');
      program.tell('read a.txt');
      assert.equal(await program.said(run), 'read');
      program.tell('exit 0');
      const { code, stdout, stderr } = await run.finished;
      assert.deepEqual(
        [code, stdout, steadyText(stderr)],
        [
          0,
          'a\n',
          `vt: not cached: file tracking incomplete: the tracker was killed, and the task ran on without it: ${about}\n`,
        ],
      );
    });

    it('both processes of it: the task is ended with them', async (t) => {
      const { run, program, supervisor, launcher, about } = await started(t);
      process.kill(launcher, 'SIGKILL');
      process.kill(supervisor, 'SIGKILL');
      const { code, signal, stdout, stderr } = await run.finished;
      await program.gone();
      assert.deepEqual(
        [code, signal, stdout, steadyText(stderr)],
        [
          null,
          'SIGKILL',
          '',
          `vt: not cached: file tracking incomplete: the tracker was killed, and the task with it: ${about}\n`,
        ],
      );
    });
  });
});

/** A copy of vt whose native part a test may damage. */
function copyOfVt(t: TestContext): Workspace {
  const copy = new Workspace(t);
  cpSync(path.dirname(vtPath), copy.path('dist'), { recursive: true });
  symlinkSync(path.join(projectRoot, 'node_modules'), copy.path('node_modules'));
  return copy;
}

describe(
  'a shim that cannot be used',
  { skip: !existsSync(path.join(projectRoot, 'dist/native/libvt-shim.so')) && 'no shim was built' },
  () => {
    const shim = 'dist/native/libvt-shim.so';
    const damages: Record<string, (copy: Workspace) => void> = {
      missing: (copy) => {
        copy.remove(shim);
      },
      empty: (copy) => copy.write({ [shim]: '' }),
      'cut off': (copy) => {
        truncateSync(copy.path(shim), 5000);
      },
      'no library at all': (copy) => copy.write({ [shim]: 'not an ELF file\n'.repeat(100) }),
      'a library of another machine': (copy) => {
        const bytes = readFileSync(copy.path(shim));
        bytes.writeUInt16LE(0xf3, 18); // RISC-V
        writeFileSync(copy.path(shim), bytes);
      },
    };
    for (const [name, damage] of Object.entries(damages)) {
      it(`(${name}) is done without: tracked all the same, only slower`, async (t) => {
        const copy = copyOfVt(t);
        damage(copy);
        const workspace = new Workspace(t, files);
        const argv = ['sh', '-c', 'cat a.txt; echo err >&2; cat dir/b.txt'];
        const run = (): Promise<Finished> =>
          workspace.run([process.execPath, copy.path('dist/vt.cjs'), 'exec', '--', ...argv]);
        assert.deepEqual([(await run()).all], ['a\nb\nerr\n']);
        assert.match((await run()).stderr, /◉ cache hit, replaying\n/);
        workspace.write({ 'dir/b.txt': 'c\n' });
        assert.match((await run()).stderr, /○ cache miss: 'dir\/b.txt' modified, executing\n/);
      });
    }
  },
);

describe(
  'a module for files that cannot be used',
  { skip: !existsSync(path.join(projectRoot, 'dist/native/vt-files.node')) && 'none was built' },
  () => {
    const module = 'dist/native/vt-files.node';
    const damages: Record<string, (copy: Workspace) => void> = {
      missing: (copy) => {
        copy.remove(module);
      },
      'cut off': (copy) => {
        truncateSync(copy.path(module), 9000);
      },
      'no library at all': (copy) => copy.write({ [module]: 'not an ELF file\n'.repeat(100) }),
      'another library': (copy) => {
        copy.copyIn(copy.path('dist/native/libvt-shim.so'), module);
      },
    };
    for (const [name, damage] of Object.entries(damages)) {
      it(`(${name}) is done without: stored and restored all the same`, async (t) => {
        const copy = copyOfVt(t);
        damage(copy);
        const workspace = new Workspace(t, files);
        const argv = ['sh', '-c', 'mkdir out; cat a.txt > out/one; cat dir/b.txt > out/two'];
        const run = (): Promise<Finished> =>
          workspace.run([process.execPath, copy.path('dist/vt.cjs'), 'exec', '--', ...argv]);
        assert.deepEqual([(await run()).all], ['']);
        workspace.remove('out');
        assert.match((await run()).stderr, /◉ cache hit, replaying\n/);
        assert.equal(readFileSync(workspace.path('out/one'), 'utf8'), 'a\n');
        assert.equal(readFileSync(workspace.path('out/two'), 'utf8'), 'b\n');
      });
    }
  },
);

describe('an install without a compiler', () => {
  it('ends well, says what is missing and what to do, and tasks run uncached', async (t) => {
    const copy = copyOfVt(t);
    copy.copyIn(path.join(projectRoot, 'scripts/build-native.mjs'), 'scripts/build-native.mjs');
    copy.copyIn(path.join(projectRoot, 'runner/tracker/native'), 'runner/tracker/native');
    const install = await copy.run([process.execPath, copy.path('scripts/build-native.mjs')], {
      env: { CC: '/no/such/cc' },
    });
    assert.deepEqual(
      [install.code, install.stdout, install.stderr],
      [
        0,
        '',
        `vt: file tracking was not built: no C compiler ('/no/such/cc' could not be run).
    Tasks run as always, but nothing is cached until it is built.
    help: install a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev; Alpine: apk add gcc
          musl-dev linux-headers), then run: npm rebuild vt (in a clone: npm run install)
`,
      ],
    );
    const workspace = new Workspace(t, files);
    const vt = [process.execPath, copy.path('dist/vt.cjs'), 'exec', '--'];
    const run = await workspace.run([...vt, 'sh', '-c', 'cat a.txt; exit 3']);
    assert.deepEqual([run.code, run.stdout, run.stderr], [3, 'a\n', '']);
    const well = await workspace.run([...vt, 'cat', 'a.txt']);
    assert.deepEqual(
      [well.code, well.stdout, well.stderr],
      [
        0,
        'a\n',
        'vt: not cached: file tracking incomplete: the tracker is not built or cannot run here\n',
      ],
    );
  });
});
