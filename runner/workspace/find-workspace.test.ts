import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from '../../cache/brands.js';
import type { ConfigProblem } from '../config/config-problem.js';
import { cacheDirectory } from './cache-directory.js';
import { locate } from './find-workspace.js';

function tree(t: TestContext, files: Record<string, string>): string {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-workspace-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

function find(root: string, below: string): readonly unknown[] {
  const { workspace, package: home } = locate(path.join(root, below), []);
  return [path.relative(root, workspace.root), workspace.kind, home.path, home.hasManifest];
}

describe('locate', () => {
  it('finds the nearest workspace of pnpm, npm or yarn', (t) => {
    const root = tree(t, {
      'pnpm-workspace.yaml': '',
      'a/package.json': '{}',
      'a/src/x': '',
      'npm/package.json': '{"workspaces":["p/*"]}',
      'npm/p/b/package.json': '{"name":"b"}',
      'yarn/package.json': '{"workspaces":{"packages":["*"]}}',
      'yarn/c/package.json': '{}',
    });
    assert.deepEqual(find(root, 'a/src'), ['', 'members', 'a', true]);
    assert.deepEqual(find(root, 'npm/p/b'), ['npm', 'members', 'p/b', true]);
    assert.deepEqual(find(root, 'yarn/c'), ['yarn', 'members', 'c', true]);
    assert.deepEqual(find(root, '.'), ['', 'members', '', false]);
  });

  it('else the nearest package, else the repository, else the directory', (t) => {
    const root = tree(t, {
      'r/.git/HEAD': '',
      'r/x/y': '',
      'r/p/package.json': '{}',
      'r/p/s/f': '',
      'd/e/f': '',
    });
    assert.deepEqual(find(root, 'r/p/s'), ['r/p', 'package', '', true]);
    assert.deepEqual(find(root, 'r/x'), ['r', 'repository', '', false]);
    assert.deepEqual(find(root, 'd/e'), ['d/e', 'directory', '', false]);
  });

  it('takes a vite-task.json for a package, within the workspace', (t) => {
    const root = tree(t, {
      'alone/vite-task.json': '{}',
      'alone/x/y': '',
      'p/package.json': '{}',
      'p/t/vite-task.json': '{}',
      'p/t/x/y': '',
      'r/.git/HEAD': '',
      'r/t/vite-task.json': '{}',
      'r/t/x/y': '',
      'stranger/vite-task.json': '{}',
      'stranger/r/.git/HEAD': '',
    });
    assert.deepEqual(find(root, 'alone/x'), ['alone', 'directory', '', false]);
    assert.deepEqual(find(root, 'p/t/x'), ['p', 'package', 't', false]);
    assert.deepEqual(find(root, 'r/t/x'), ['r', 'repository', 't', false]);
    assert.deepEqual(find(root, 'stranger/r'), ['stranger/r', 'repository', '', false]);
  });

  it('gives physical paths', (t) => {
    const root = tree(t, { 'p/package.json': '{}', 'p/s/f': '' });
    symlinkSync('p/s', path.join(root, 'link'));
    const { cwd, workspace } = locate(path.join(root, 'link'), []);
    assert.deepEqual([cwd, workspace.root], [path.join(root, 'p/s'), path.join(root, 'p')]);
  });

  it('reports a broken package.json once', (t) => {
    const root = tree(t, { 'package.json': '{', 'p/package.json': '{ "x" }' });
    const problems: ConfigProblem[] = [];
    locate(path.join(root, 'p'), problems);
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['syntax-error'],
    );
  });
});

describe('cacheDirectory', () => {
  it('lies in node_modules of a package, in .vt elsewhere, or where it is told', (t) => {
    const root = tree(t, { 'p/package.json': '{}', 'd/x': '' });
    const at = (below: string, override?: string): string =>
      path.relative(root, cacheDirectory(path.join(root, below) as AbsolutePath, override));
    assert.equal(at('p'), 'p/node_modules/.cache/vt');
    assert.equal(at('d'), 'd/.vt/cache');
    assert.equal(at('p', ''), 'p/node_modules/.cache/vt');
    assert.equal(at('p', '../c'), 'c');
    assert.equal(at('p', path.join(root, 'e')), 'e');
  });

  it('is that of the main worktree in linked ones', (t) => {
    const root = tree(t, { 'main/package.json': '{}', 'main/sub/package.json': '{}' });
    const main = path.join(root, 'main');
    const git = (...args: string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false'];
      execFileSync('git', [...identity, ...args], { cwd: main, stdio: 'pipe' });
    };
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'x');
    git('worktree', 'add', '-q', '../linked');
    const at = (below: string): string =>
      path.relative(root, cacheDirectory(path.join(root, below) as AbsolutePath, undefined));
    assert.equal(at('main'), 'main/node_modules/.cache/vt');
    assert.equal(at('linked'), 'main/node_modules/.cache/vt');
    assert.equal(at('linked/sub'), 'main/sub/node_modules/.cache/vt');
    mkdirSync(path.join(root, 'linked/new'));
    writeFileSync(path.join(root, 'linked/new/package.json'), '{}');
    assert.equal(
      at('linked/new'),
      'linked/new/node_modules/.cache/vt',
      'the main worktree has no such package',
    );
  });
});
