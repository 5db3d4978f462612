import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PathAccess, TaskTrace } from '../task-trace.js';
import { parseStrace, pathOfDescriptor, unquote, type StracedCall } from './strace-log.js';
import type { ToolWorkspace } from './tool-workspace.js';
import type { Command } from './traced-run.js';

/** Something strace saw: a third opinion, by ptrace, which shows the arguments and results of calls. */
interface StraceFact {
  /** Physical. */
  readonly path: string;
  readonly what: 'absent' | 'seen' | 'content' | 'listed' | 'written';
  readonly call: StracedCall;
}

export const strace: { readonly missing: string | false } = { missing: whyNot() };

function whyNot(): string | false {
  const { error, status } = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']);
  return error ? 'no strace' : status === 0 ? false : 'strace may not trace here';
}

const traced = '%file,fchdir,getdents,getdents64,clone,clone3,fork,vfork,fchmod,fchown,futimesat';

/** Runs a command untracked, in a workspace made anew, and tells what it did, in order. */
export function runUnderStrace(workspace: ToolWorkspace, { argv, env }: Command): StraceFact[] {
  workspace.plantAnew();
  const logs = mkdtempSync(join(workspace.place, 'strace-'));
  const options = [
    '-ff',
    '-ttt',
    '-y',
    '-s',
    '4096',
    '-e',
    `trace=${traced}`,
    '-o',
    join(logs, 'p'),
  ];
  const { status, stderr } = spawnSync('strace', [...options, '--', ...argv], {
    cwd: workspace.root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`strace ${argv.join(' ')}: ${status} ${String(stderr)}`);
  const calls = readdirSync(logs)
    .flatMap((file) => {
      const pid = Number(file.slice(file.lastIndexOf('.') + 1));
      return parseStrace(pid, readFileSync(join(logs, file), 'utf8'));
    })
    .sort((a, b) => a.time - b.time);
  rmSync(logs, { recursive: true });
  return factsOf(calls, workspace.root);
}

function factsOf(calls: readonly StracedCall[], root: string): StraceFact[] {
  const directories = new Map<number, string>();
  const facts: StraceFact[] = [];
  for (const call of calls) {
    const { pid, name, args, result } = call;
    const cwd = directories.get(pid) ?? root;
    const absolute = (path: string, from = cwd): string =>
      path.startsWith('/') ? path : `${from}/${path}`;
    const at = (dir: number, path: number): string | undefined => {
      const text = unquote(args[path]);
      return text === undefined ? undefined : absolute(text, pathOfDescriptor(args[dir]));
    };
    const add = (what: StraceFact['what'], path: string | undefined, follow = true): void => {
      const physical = path === undefined ? undefined : locate(path, follow);
      if (physical?.startsWith(`${root}/`)) facts.push({ path: physical, what, call });
    };
    const follows = !args.some((arg) => arg.includes('NOFOLLOW'));
    const look = (path: string | undefined, follow = true): void => {
      if (result >= 0) add('seen', path, follow);
      else if (call.errno === 'ENOENT') add('absent', path, follow);
    };
    switch (name) {
      case 'clone':
      case 'clone3':
      case 'fork':
      case 'vfork':
        if (result > 0 && !directories.has(result)) directories.set(result, cwd);
        break;
      case 'chdir':
        if (result === 0) directories.set(pid, realpathSync(absolute(unquote(args[0]) ?? '.')));
        look(absolute(unquote(args[0]) ?? '.'));
        break;
      case 'fchdir':
        if (result === 0) directories.set(pid, pathOfDescriptor(args[0]) ?? cwd);
        break;
      case 'open':
      case 'openat': {
        const path = name === 'open' ? absolute(unquote(args[0]) ?? '.') : at(0, 1);
        const flags = args[name === 'open' ? 1 : 2] ?? '';
        if (result < 0 || /O_PATH|O_DIRECTORY/.test(flags)) look(path);
        else if (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(flags)) add('written', path);
        else add('content', path);
        break;
      }
      case 'getdents':
      case 'getdents64':
        if (result >= 0) add('listed', pathOfDescriptor(args[0]));
        break;
      case 'execve':
        if (result === 0) add('content', absolute(unquote(args[0]) ?? '.'));
        else look(absolute(unquote(args[0]) ?? '.'));
        break;
      case 'stat':
      case 'access':
        look(absolute(unquote(args[0]) ?? '.'));
        break;
      case 'lstat':
      case 'readlink':
        look(absolute(unquote(args[0]) ?? '.'), false);
        break;
      case 'newfstatat':
      case 'faccessat':
      case 'faccessat2':
      case 'statx':
        if (unquote(args[1]) !== '') look(at(0, 1), follows);
        break;
      case 'readlinkat':
        if (unquote(args[1]) !== '') look(at(0, 1), false);
        break;
      case 'unlink':
      case 'rmdir':
      case 'mkdir':
        if (result === 0) add('written', absolute(unquote(args[0]) ?? '.'), false);
        break;
      case 'unlinkat':
      case 'mkdirat':
        if (result === 0) add('written', at(0, 1), false);
        break;
      case 'rename':
        if (result === 0) add('written', absolute(unquote(args[0]) ?? '.'), false);
        if (result === 0) add('written', absolute(unquote(args[1]) ?? '.'), false);
        break;
      case 'renameat':
      case 'renameat2':
        if (result === 0) add('written', at(0, 1), false);
        if (result === 0) add('written', at(2, 3), false);
        break;
      case 'link':
      case 'symlink':
        if (result === 0) add('written', absolute(unquote(args[1]) ?? '.'), false);
        break;
      case 'linkat':
        if (result === 0) add('written', at(2, 3), false);
        break;
      case 'symlinkat':
        if (result === 0) add('written', at(1, 2), false);
        break;
      case 'chmod':
      case 'truncate':
        if (result === 0) add('written', absolute(unquote(args[0]) ?? '.'));
        break;
      case 'fchmodat':
      case 'utimensat':
        if (result < 0) break;
        add('written', args[1] === 'NULL' ? pathOfDescriptor(args[0]) : at(0, 1), follows);
        break;
      case 'fchmod':
        if (result === 0) add('written', pathOfDescriptor(args[0]));
        break;
    }
  }
  return facts;
}

/** Where a path leads now, after the run: through what is left of its directories. */
function locate(path: string, follow: boolean): string {
  const clean = path.replace(/\/+$/, '') || '/';
  if (follow) {
    try {
      return realpathSync(clean);
    } catch {
      // Nothing there, or a dangling link.
    }
    try {
      return locate(resolve(dirname(clean), readlinkSync(clean)), true);
    } catch {
      // No link either.
    }
  }
  const name = basename(clean);
  if (clean === '/' || name === '..' || name === '.') return clean;
  return join(locate(dirname(clean), true), name);
}

/** What strace saw and the trace does not have, one line each. */
export function missedByStrace(
  facts: readonly StraceFact[],
  trace: TaskTrace,
  root: string,
): string[] {
  const accesses = new Map<string, PathAccess>(
    trace.accesses.map((access) => [access.path, access]),
  );
  const missed = new Set<string>();
  for (const { path, what, call } of facts) {
    if (!isIn(accesses.get(path), what)) {
      missed.add(
        `${path.slice(root.length + 1)}: ${what}, by ${call.name}(${call.args.join(', ')})`,
      );
    }
  }
  return [...missed];
}

function isIn(access: PathAccess | undefined, what: StraceFact['what']): boolean {
  if (access === undefined) return false;
  // What the task made or removed says nothing of what was there before.
  if (access.written !== undefined) return true;
  switch (what) {
    case 'absent':
      return access.before === 'absent';
    case 'seen':
      return access.before !== 'absent';
    case 'content':
      return access.contentRead !== undefined || access.before === 'directory';
    case 'listed':
      return access.listed !== undefined;
    case 'written':
      return false;
  }
}
