import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { NativeRig, missing } from './test/rig.js';

/** Call forms: arguments, what the call returns, the records it must leave. */
const forms: Record<
  string,
  readonly [args: readonly string[], outcome: string, ...records: string[]]
> = {
  open: [['file'], 'ok 0', 'open file:file'],
  creat: [['new'], 'ok 0', 'open new:absent'],
  stat: [['file'], 'ok 0', 'stat file:file'],
  lstat: [['link'], 'ok 0', 'stat nofollow link:symlink'],
  access: [['no/such'], 'failed 2', 'stat 1 no/such:absent'],
  readlink: [['link'], 'ok 0', 'readlink nofollow link:symlink'],
  rename: [['file', 'other'], 'ok 0', 'rename nofollow file:file -> other:file'],
  unlink: [['file'], 'ok 0', 'unlink nofollow file:file'],
  rmdir: [['dir'], 'failed 39', 'unlink nofollow 512 dir:directory'],
  mkdir: [['new'], 'ok 0', 'mkdir nofollow new:absent'],
  symlink: [['new', 'text'], 'ok 0', 'symlink nofollow new:absent -> text'],
  link: [['file', 'new'], 'ok 0', 'link nofollow file:file -> new:absent'],
  mknod: [['new'], 'ok 0', 'mknod nofollow new:absent'],
  chmod: [['file'], 'ok 0', 'attr file:file'],
  chown: [['file'], 'ok 0', 'attr file:file'],
  lchown: [['link'], 'ok 0', 'attr nofollow link:symlink'],
  utime: [['file'], 'ok 0', 'attr file:file'],
  utimes: [['file'], 'ok 0', 'attr file:file'],
  futimesat: [['file'], 'ok 0', 'attr file:file'],
  getdents: [[], 'ok 0', 'open .:directory', 'list :directory'],
  openat: [['file'], 'ok 0', 'open file:file'],
  'openat-dir': [['dir/../file'], 'ok 0', 'open .:directory', 'open dir/../file:file'],
  'openat-write': [['new'], 'ok 0', 'open rw-create-append new:absent'],
  'openat-nofollow': [['link'], 'failed 40', 'open nofollow link:symlink'],
  openat2: [['file'], 'ok 0', 'open file:file'],
  newfstatat: [['link'], 'ok 0', 'stat link:symlink'],
  'newfstatat-nofollow': [['link'], 'ok 0', 'open .:directory', 'stat nofollow link:symlink'],
  fstat: [[], 'ok 0', 'open .:directory'],
  'fstat-name': [['link'], 'ok 0', 'open .:directory', 'stat link:symlink'],
  'fstat-null': [[], 'failed 14', 'open .:directory'],
  'statx-name': [['none'], 'failed 2', 'open .:directory', 'stat none:absent'],
  statx: [['none'], 'failed 2', 'stat none:absent'],
  'statx-fd': [[], 'ok 0', 'open .:directory'],
  'statx-cwd': [[], 'ok 0', 'stat :directory'],
  statfs: [['file'], 'ok 0', 'stat file:file'],
  faccessat: [['file'], 'ok 0', 'stat 1 file:file'],
  faccessat2: [['link'], 'ok 0', 'stat nofollow 1 link:symlink'],
  readlinkat: [['link'], 'ok 0', 'readlink nofollow link:symlink'],
  getdents64: [[], 'ok 0', 'open .:directory', 'list :directory'],
  renameat: [['dir', 'moved'], 'ok 0', 'rename nofollow dir:directory -> moved:absent'],
  renameat2: [
    ['file', 'other'],
    'failed 17',
    'open .:directory',
    'rename nofollow 1 file:file -> other:file',
  ],
  unlinkat: [['link'], 'ok 0', 'unlink nofollow link:symlink'],
  'unlinkat-dir': [['empty'], 'ok 0', 'unlink nofollow 512 empty:directory'],
  mkdirat: [['dir'], 'failed 17', 'mkdir nofollow dir:directory'],
  symlinkat: [['new', '/abs'], 'ok 0', 'symlink nofollow new:absent -> /abs'],
  linkat: [['link', 'new'], 'ok 0', 'link nofollow link:symlink -> new:absent'],
  'linkat-follow': [['link', 'new'], 'ok 0', 'link follow2 link:symlink -> new:absent'],
  truncate: [['file'], 'ok 0', 'truncate file:file'],
  mknodat: [['new'], 'ok 0', 'mknod nofollow new:absent'],
  fchmodat: [['file'], 'ok 0', 'attr file:file'],
  fchmod: [['file'], 'ok 0', 'open file:file', 'attr file:file'],
  fchown: [['file'], 'ok 0', 'open file:file', 'attr file:file'],
  fchownat: [['link'], 'ok 0', 'attr nofollow link:symlink'],
  utimensat: [['file'], 'ok 0', 'attr file:file'],
  futimens: [['file'], 'ok 0', 'open file:file', 'attr file:file'],
  setxattr: [['none'], 'failed 2', 'attr none:absent'],
  lsetxattr: [['none'], 'failed 2', 'attr nofollow none:absent'],
  getxattr: [['none'], 'failed 2', 'xattr none:absent'],
  lgetxattr: [['none'], 'failed 2', 'xattr nofollow none:absent'],
  listxattr: [['none'], 'failed 2', 'xattr none:absent'],
  llistxattr: [['none'], 'failed 2', 'xattr nofollow none:absent'],
  removexattr: [['none'], 'failed 2', 'attr none:absent'],
  lremovexattr: [['none'], 'failed 2', 'attr nofollow none:absent'],
  chdir: [['dir'], 'ok 0', 'chdir dir:directory'],
  'chdir-open': [['dir', '../file'], 'ok 0', 'chdir dir:directory', 'open dir/../file:file'],
  'fchdir-open': [['dir', 'inner'], 'ok 0', 'open dir:directory', 'open dir/inner:file'],
  inotify: [['file'], 'ok 0', 'watch file:file'],
  sendto: [['link'], 'failed 111', 'stat 1 link:symlink'],
  sendmsg: [['none'], 'failed 2', 'stat 1 none:absent'],
  sendmmsg: [['none', 'file'], 'failed 2', 'stat 1 none:absent', 'stat 1 file:file'],
  'send-bad': [['none'], 'failed 14'],
  'send-connected': [['none'], 'ok 0'],
  acct: [['none'], 'ok 0', 'open none:absent'],
  swapon: [['none'], 'ok 0', 'open none:absent'],
  uselib: [['none'], 'ok 0', 'open none:absent'],
  'proc-fd': [['file'], 'ok 0', 'open file:file', 'open file:file'],
  'across-pages': [['file'], 'ok 0', 'open file:file', 'open nofollow file:file'],
  'bad-pointer': [[], 'failed 14'],
  'null-pointer': [[], 'failed 14'],
  'bad-fd': [['file'], 'failed 9'],
  empty: [[], 'failed 2'],
  io_uring: [[], 'failed 38'],
  execve: [['script'], 'ok 0', 'exec script:file', 'exec interpreter:symlink', 'open script:file'],
};

const onlyOnX64 = new Set(
  (
    'open creat stat lstat access readlink rename unlink rmdir mkdir symlink link mknod chmod chown lchown ' +
    'utime utimes futimesat getdents uselib'
  ).split(' '),
);

describe('every form of call leaves exactly its records', { skip: missing }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.buildChecked();
  });
  after(() => {
    rig.dispose();
  });

  async function check(
    program: string,
    how: { readonly launcher?: string; readonly options?: readonly string[] },
  ): Promise<void> {
    for (const [form, [args, outcome, ...expected]] of Object.entries(forms)) {
      if (process.arch !== 'x64' && onlyOnX64.has(form)) continue;
      rig.fresh();
      const run = await rig.launch([rig.file(program), form, ...args], how);
      assert.equal(run.stdout.trimEnd(), outcome, `${form}: ${run.stderr}`);
      assert.deepEqual(run.control.slice(1), [{ exited: { code: 0 } }, { quiet: true }], form);
      assert.deepEqual(rig.inside(run), expected, form);
      assert.equal(run.header.finished, 1, form);
      assert.equal(run.header.incomplete, 0, form);
    }
  }

  test('from a dynamic program', () => check('forms', {}));
  test('from a static program', () => check('forms-static', {}));
  test('served by a supervisor with sanitizers', () =>
    check('forms', { launcher: rig.file('vt-launch-checked') }));
  test('with the listener fetched by pidfd', () =>
    check('forms-static', { options: ['--fetch-listener'] }));
});
