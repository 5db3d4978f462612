import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import { endingExitCode } from './ending-exit-code.js';
import { runInherited } from './run-inherited.js';

let scratch: string;
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vt-inherited-'));
});
after(() => {
  rmSync(scratch, { recursive: true });
});

const env = { PATH: process.env['PATH'] ?? '' };

/** Runs a command in a runner of its own, so that what it inherits can be looked at. */
function inherited(
  argv: readonly string[],
  input = '',
): { out: string; err: string; ending: unknown } {
  const module = new URL('./run-inherited.js', import.meta.url).href;
  const program = `
    import { writeSync } from 'node:fs';
    import { runInherited } from ${JSON.stringify(module)};
    const env = { PATH: process.env.PATH, ONLY: 'this' };
    const task = runInherited({ argv: ${JSON.stringify(argv)}, cwd: '/usr', env });
    writeSync(3, JSON.stringify(await task.ended));`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    input,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  return {
    out: result.stdout,
    err: result.stderr,
    ending: JSON.parse(result.output[3] ?? ''),
  };
}

test('stdin, stdout, stderr, environment and directory are the given ones', () => {
  const script = 'cat; echo err >&2; pwd; echo $ONLY ${HOME-unset}; exit 9';
  const { out, err, ending } = inherited(['sh', '-c', script], 'typed\n');
  assert.equal(out, 'typed\n/usr\nthis unset\n');
  assert.equal(err, 'err\n');
  assert.deepEqual(ending, { kind: 'exited', code: 9 });
});

test('it stays in the process group of the runner', () => {
  const group = 'cut -d " " -f 5 /proc/$$/stat; cut -d " " -f 5 /proc/$PPID/stat';
  const [own, parents] = inherited(['sh', '-c', group]).out.trim().split('\n');
  assert.equal(own, parents);
});

test('a signal ends it by name', () => {
  assert.deepEqual(inherited(['sh', '-c', 'kill -SEGV $$']).ending, {
    kind: 'killed',
    signal: 'SIGSEGV',
  });
});

test('a program that is not there or not executable', async () => {
  const file = join(scratch, 'plain');
  writeFileSync(file, '');
  chmodSync(file, 0o644);
  for (const [program, errno, code] of [
    ['vt-no-such-program', 'ENOENT', 127],
    [file, 'EACCES', 126],
    [join(file, 'below'), 'ENOTDIR', 127],
    ['', 'ENOENT', 127],
  ] as const) {
    const task = runInherited({ argv: [program], cwd: scratch as AbsolutePath, env });
    const ending = await task.ended;
    assert.deepEqual(ending, { kind: 'not-started', errno, path: program });
    assert.equal(endingExitCode(ending), code);
    assert.equal(task.pid, undefined);
    task.signal('SIGTERM');
  }
});

test('a working directory that is not there', async () => {
  const cwd = join(scratch, 'gone') as AbsolutePath;
  const ending = await runInherited({ argv: ['true'], cwd, env }).ended;
  assert.deepEqual(ending, { kind: 'not-started', errno: 'ENOENT', path: cwd });
});

test('a signal can be sent, and is nothing once it has ended', async () => {
  const task = runInherited({ argv: ['sleep', '1000'], cwd: scratch as AbsolutePath, env });
  task.signal('SIGTERM');
  assert.deepEqual(await task.ended, { kind: 'killed', signal: 'SIGTERM' });
  task.signal('SIGTERM');
});
