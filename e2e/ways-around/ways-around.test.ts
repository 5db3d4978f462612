import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { steadyText } from '../harness/steady-text.js';
import { projectRoot, Workspace } from '../harness/workspace.js';

/**
 * Files that a task reaches in ways that are easily overlooked: once they have changed, no result of
 * before is used, be it that they were seen or that the run was not kept.
 */

const compiler = spawnSync('cc', ['--version']).error ? 'no C compiler (cc)' : false;
const ambiguous = /^vt: not cached: file tracking incomplete: where a path led cannot be told/m;

/** Runs a command until its result is kept or refused, changes something, and runs it again. */
async function expectSeen(
  workspace: Workspace,
  argv: readonly string[],
  change: () => void,
  outputs: readonly [before: string, after: string],
  told: RegExp,
): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const run = await workspace.vt(['exec', '--', ...argv]);
    assert.equal(run.stdout.split('\n').at(-2), outputs[0], steadyText(run.all));
  }
  change();
  const run = await workspace.vt(['exec', '--', ...argv]);
  assert.match(run.stderr, told);
  assert.equal(run.stdout.split('\n').at(-2), outputs[1]);
}

describe('names of the same file by way of /proc', () => {
  for (const [what, argv] of [
    ['two slashes', ['cat', '/proc//self/cwd/a.txt']],
    ['a dot', ['cat', '/proc/./self/cwd/a.txt']],
    ['two dots', ['cat', '/proc/self/../self/cwd/a.txt']],
    ['two dots in a process', ['cat', '/proc/self/ns/../cwd/a.txt']],
    ['from the root', ['cat', '../../../../../../proc/self/cwd/a.txt']],
    ['a thread', ['sh', '-c', 'read line </proc/self/task/$$/cwd/a.txt; echo "$line"']],
    [
      'from the directory of a thread',
      ['sh', '-c', 'cd /proc/$$/task/$$; read x <root/$0; echo $x', '…'],
    ],
  ] as const) {
    it(what, async (t) => {
      const workspace = new Workspace(t, { 'package.json': '{}', 'a.txt': 'one\n' });
      await expectSeen(
        workspace,
        argv.map((word) => (word === '…' ? workspace.path('a.txt') : word)),
        () => workspace.write({ 'a.txt': 'two\n' }),
        ['one', 'two'],
        ambiguous,
      );
    });
  }
});

/** Why nothing can be put into /dev/shm; false where it can. */
function noSharedMemory(): string | false {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return false;
  } catch {
    return '/dev/shm is not there or may not be written';
  }
}

it('a workspace in /dev/shm, named oddly', { skip: noSharedMemory() }, async (t) => {
  const root = realpathSync(mkdtempSync('/dev/shm/vt-around-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const workspace = new Workspace(t);
  const file = path.join(root, 'a.txt');
  const write = (text: string): void => {
    workspace.write({ [path.relative(workspace.root, file)]: text });
  };
  write('one\n');
  workspace.write({ [path.relative(workspace.root, path.join(root, 'package.json'))]: '{}' });
  const cwd = path.relative(workspace.root, root);
  const vt = (): ReturnType<Workspace['vt']> =>
    workspace.vt(['exec', '--', 'cat', `/dev//shm/${path.basename(root)}/a.txt`], { cwd });
  assert.equal((await vt()).stdout, 'one\n');
  assert.match((await vt()).stderr, /cache hit, replaying\n$/);
  write('two\n');
  const run = await vt();
  assert.equal(run.stdout, 'two\n');
  assert.match(run.stderr, /cache miss: 'a.txt' modified, executing\n$/);
});

describe('programs', { skip: compiler }, () => {
  let place: string;
  let around: string;

  function build(source: string, name: string, flags: readonly string[] = []): string {
    const built = path.join(place, name);
    const args = ['-xc', '-', '-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-o', built];
    execFileSync('cc', [...args, ...flags], { input: source });
    return built;
  }

  function says(word: string, name: string): string {
    const source = `#include <stdio.h>\nint main(void) { puts("${word}"); return 0; }\n`;
    return build(source, name, ['-static']);
  }

  function workspaceWith(t: TestContext): Workspace {
    const workspace = new Workspace(t, { 'package.json': '{}' });
    copyFileSync(says('one', 'one'), workspace.path('needed'));
    return workspace;
  }

  before(() => {
    place = mkdtempSync(path.join(os.tmpdir(), 'vt-around-'));
    around = path.join(place, 'around');
    const source = path.join(projectRoot, 'e2e/ways-around/around.c');
    const flags = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror'];
    execFileSync('cc', [...flags, source, '-o', around]);
  });
  after(() => {
    rmSync(place, { recursive: true });
  });

  it('the loader that a program names', async (t) => {
    const workspace = workspaceWith(t);
    const loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'];
    copyFileSync(
      loaders.find((name) => existsSync(name))!,
      workspace.path('needed'),
    );
    const flag = `-Wl,--dynamic-linker=${workspace.path('needed')}`;
    const source = '#include <stdio.h>\nint main(void) { puts("one"); return 0; }\n';
    await expectSeen(
      workspace,
      [build(source, 'program', [flag])],
      () => {
        appendFileSync(workspace.path('needed'), 'more');
      },
      ['one', 'one'],
      /cache miss: 'needed' modified, executing\n$/,
    );
  });

  it('the interpreter of a script that is in memory only', async (t) => {
    const workspace = workspaceWith(t);
    await expectSeen(
      workspace,
      [around, 'memory-script', workspace.path('needed')],
      () => {
        copyFileSync(says('two', 'two'), workspace.path('needed'));
      },
      ['one', 'two'],
      /cache miss: 'needed' modified, executing\n$/,
    );
  });

  it('a name in another directory than that of the parent, whose memory is shared', async (t) => {
    const files = { 'package.json': '{}', 'f.txt': 'elsewhere\n', 'sub/f.txt': '1\n' };
    const workspace = new Workspace(t, files);
    await expectSeen(
      workspace,
      [around, 'borrowed-memory', 'sub', 'f.txt'],
      () => workspace.write({ 'sub/f.txt': '123\n' }),
      ['2', '4'],
      /cache miss: 'sub\/f.txt' modified, executing\n$/,
    );
  });
});
