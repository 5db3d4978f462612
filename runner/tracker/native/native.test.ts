import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = findRoot(import.meta.dirname);
const native = path.join(root, 'dist/native');
const sources = path.join(root, 'runner/tracker/native');
const compiler = process.env['CC'] ?? 'cc';
const missing = whyNot();

function findRoot(from: string): string {
  return fs.existsSync(path.join(from, 'tsconfig.base.json')) ? from : findRoot(path.dirname(from));
}

function whyNot(): string | false {
  if (process.platform !== 'linux')
    return `the native tracker exists for Linux only, not ${process.platform}`;
  if (!fs.existsSync(path.join(native, 'vt-launch'))) return 'dist/native/vt-launch is not built';
  if (spawnSync(compiler, ['--version']).error)
    return `no C compiler ('${compiler}') for the test programs`;
  return false;
}

interface TraceRecord {
  readonly op: string;
  readonly pid: number;
  readonly seq: number;
  readonly flags: number;
  readonly aux: number;
  readonly before: string;
  readonly before2: string;
  readonly path: string;
  readonly path2?: string;
}

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly control: readonly Record<string, unknown>[];
  readonly header: { readonly incomplete: number; readonly finished: number };
  readonly records: readonly TraceRecord[];
}

const NOFOLLOW = 1;
const FOLLOW2 = 4;

let tools = '';
let where = '';

function build(name: string, source: string, flags: readonly string[] = []): void {
  const built = spawnSync(
    compiler,
    [
      '-std=c11',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      ...flags,
      source,
      '-o',
      path.join(tools, name),
      '-pthread',
    ],
    { encoding: 'utf8' },
  );
  assert.equal(built.status, 0, built.stderr);
}

async function launch(
  launcher: string,
  options: readonly string[],
  program: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Run> {
  const trace = path.join(tools, 'trace');
  const child = spawn(
    launcher,
    ['--control', '3', '--trace', trace, ...options, '--', ...program],
    {
      cwd: where,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  const texts = ['', '', ''];
  for (const [index, stream] of [child.stdout, child.stderr, child.stdio[3]].entries()) {
    (stream as NodeJS.ReadableStream).setEncoding('utf8').on('data', (chunk: string) => {
      texts[index] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const [stdout = '', stderr = '', control = ''] = texts;
  assert.equal(code, 0, stderr);
  const dumped = spawnSync(path.join(tools, 'vt-trace-dump'), [trace], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  fs.rmSync(trace);
  assert.equal(dumped.status, 0, dumped.stderr);
  const lines = dumped.stdout.trimEnd().split('\n');
  const [first, ...records] = lines.map((line) => JSON.parse(line) as unknown);
  return {
    stdout,
    stderr,
    control: control
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
    header: (first as { header: Run['header'] }).header,
    records: records as TraceRecord[],
  };
}

/** Records of paths below the working directory, in a short form: `op flags aux before path`. */
function inside(run: Run): string[] {
  const prefix = `${where}/`;
  const short = (name: string): string =>
    name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return run.records
    .filter(
      (record) =>
        record.op !== 'process' && (record.path.startsWith(prefix) || record.path === where),
    )
    .map((record) => {
      const second =
        record.path2 === undefined
          ? ''
          : ` -> ${short(record.path2)}${record.before2 === 'unknown' ? '' : `:${record.before2}`}`;
      const flags = `${record.flags & NOFOLLOW ? ' nofollow' : ''}${record.flags & FOLLOW2 ? ' follow2' : ''}`;
      const aux = record.op !== 'open' && record.aux !== 0 ? ` ${record.aux}` : '';
      const { O_RDWR, O_CREAT, O_APPEND } = fs.constants;
      const write =
        record.op === 'open' &&
        (record.aux & 3) === O_RDWR &&
        record.aux & O_CREAT &&
        record.aux & O_APPEND;
      return `${record.op}${flags}${aux}${write ? ' rw-create-append' : ''} ${short(record.path)}:${record.before}${second}`;
    });
}

/** Call forms: arguments, what the call returns, the records it must leave. */
const forms: Record<
  string,
  readonly [args: readonly string[], outcome: string, ...records: string[]]
> = {
  open: [['file'], 'ok 0', 'open file:file'],
  creat: [['new'], 'ok 0', 'open new:absent'],
  stat: [['file'], 'ok 0', 'stat file:file'],
  lstat: [['link'], 'ok 0', 'stat nofollow link:symlink'],
  access: [['no/such'], 'failed 2', 'stat no/such:absent'],
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
  statx: [['none'], 'failed 2', 'stat none:absent'],
  'statx-fd': [[], 'ok 0', 'open .:directory'],
  'statx-cwd': [[], 'ok 0', 'stat :directory'],
  statfs: [['file'], 'ok 0', 'stat file:file'],
  faccessat: [['file'], 'ok 0', 'stat file:file'],
  faccessat2: [['link'], 'ok 0', 'stat nofollow link:symlink'],
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
  'proc-fd': [['file'], 'ok 0', 'open file:file', 'open file:file'],
  'across-pages': [['file'], 'ok 0', 'open file:file', 'open nofollow file:file'],
  'bad-pointer': [[], 'failed 14'],
  'null-pointer': [[], 'failed 14'],
  'bad-fd': [['file'], 'failed 9'],
  empty: [[], 'failed 2'],
  io_uring: [[], 'failed 38'],
  execve: [['script', 'x'], '', 'exec script:file', 'exec interpreter:symlink'],
};

const onlyOnX64 = new Set(
  (
    'open creat stat lstat access readlink rename unlink rmdir mkdir symlink link mknod chmod chown lchown ' +
    'utime utimes futimesat getdents'
  ).split(' '),
);

describe('the native tracker', { skip: missing }, () => {
  before(() => {
    tools = fs.mkdtempSync(path.join(os.tmpdir(), 'vt-native-'));
    build('vt-trace-dump', path.join(sources, 'test/dump.c'));
    build('forms', path.join(sources, 'test/forms.c'));
    build('forms-static', path.join(sources, 'test/forms.c'), ['-static']);
    const launcher = fs
      .readdirSync(sources)
      .filter((name) => name.endsWith('.c') && !name.startsWith('shim'))
      .map((name) => path.join(sources, name));
    const built = spawnSync(
      compiler,
      [
        '-std=c11',
        '-g',
        '-O1',
        '-fsanitize=address,undefined',
        '-fno-sanitize-recover=all',
        ...launcher,
        '-o',
        path.join(tools, 'vt-launch-checked'),
      ],
      { encoding: 'utf8' },
    );
    assert.equal(built.status, 0, built.stderr);
  });

  after(() => {
    fs.rmSync(tools, { recursive: true, force: true });
  });

  function fresh(): void {
    where = path.join(fs.realpathSync(tools), 'work');
    fs.rmSync(where, { recursive: true, force: true });
    fs.mkdirSync(path.join(where, 'dir'), { recursive: true });
    fs.mkdirSync(path.join(where, 'empty'));
    fs.writeFileSync(path.join(where, 'file'), 'x');
    fs.writeFileSync(path.join(where, 'other'), 'y');
    fs.writeFileSync(path.join(where, 'dir/inner'), 'z');
    fs.symlinkSync('file', path.join(where, 'link'));
    fs.symlinkSync('/bin/sh', path.join(where, 'interpreter'));
    fs.writeFileSync(path.join(where, 'script'), `#!${where}/interpreter\nexit 0\n`, {
      mode: 0o755,
    });
  }

  const launchers = [
    ['plain', () => path.join(native, 'vt-launch'), []],
    ['sanitized', () => path.join(tools, 'vt-launch-checked'), []],
    ['listener fetched by pidfd', () => path.join(native, 'vt-launch'), ['--fetch-listener']],
  ] as const;
  const programs = ['forms', 'forms-static'] as const;

  for (const [kind, launcher, options] of launchers) {
    for (const program of programs) {
      if (kind !== 'plain' && program !== 'forms-static') continue;
      test(`records every form of call exactly (${kind}, ${program})`, async () => {
        for (const [form, [args, outcome, ...expected]] of Object.entries(forms)) {
          if (process.arch !== 'x64' && onlyOnX64.has(form)) continue;
          fresh();
          const run = await launch(launcher(), options, [path.join(tools, program), form, ...args]);
          assert.equal(run.stdout.trimEnd(), outcome, `${form}: ${run.stderr}`);
          assert.deepEqual(run.control.slice(1), [{ exited: { code: 0 } }, { quiet: true }], form);
          const seen = inside(run).map((line) => line.replace(`${where}:`, ':'));
          const found = seen.filter((line) => !line.startsWith('exec ../'));
          assert.deepEqual(form === 'execve' ? found.slice(0, 2) : found, expected, form);
          assert.deepEqual(run.header.finished, 1, form);
          assert.equal(run.header.incomplete, 0, form);
        }
      });
    }
  }
});
