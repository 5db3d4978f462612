import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import { expandGlobs } from './expand-globs.js';

function tree(t: TestContext, files: readonly string[]): AbsolutePath {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-globs-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  }
  return root as AbsolutePath;
}

const files = [
  'a.ts',
  '.env',
  'src/b.ts',
  'src/.hidden/c.ts',
  'src/gen/d.ts',
  'node_modules/x/e.ts',
];

describe('expandGlobs', () => {
  it('finds files at any depth, dotfiles too, sorted, not in node_modules', (t) => {
    const root = tree(t, files);
    assert.deepEqual(expandGlobs(root, ['**'], []), [
      '.env',
      'a.ts',
      'src/.hidden/c.ts',
      'src/b.ts',
      'src/gen/d.ts',
    ]);
    assert.deepEqual(expandGlobs(root, ['{a,src/b}.ts'], []), ['a.ts', 'src/b.ts']);
  });

  it('enters node_modules when a glob names it', (t) => {
    const root = tree(t, files);
    assert.deepEqual(expandGlobs(root, ['node_modules/**'], []), ['node_modules/x/e.ts']);
    assert.deepEqual(expandGlobs(root, ['**/node_modules/**/*.ts'], []), ['node_modules/x/e.ts']);
    assert.deepEqual(expandGlobs(root, ['node_modules/x/e.ts'], []), ['node_modules/x/e.ts']);
  });

  it('leaves out what is excluded', (t) => {
    const root = tree(t, files);
    assert.deepEqual(expandGlobs(root, ['src/**'], ['src/gen/**', '**/.hidden/*']), ['src/b.ts']);
    assert.deepEqual(expandGlobs(root, ['src/b.ts'], ['src/**']), []);
  });

  it('finds nothing where nothing is', (t) => {
    const root = tree(t, files);
    assert.deepEqual(expandGlobs(root, ['none/**', 'a.ts/**', 'nothing.ts'], []), ['a.ts']);
    assert.deepEqual(expandGlobs(root, [], []), []);
  });

  it('follows symlinks, and never in a circle', (t) => {
    const root = tree(t, files);
    symlinkSync('../src', path.join(root, 'src/self'));
    symlinkSync('src', path.join(root, 'link'));
    symlinkSync('nowhere', path.join(root, 'broken.ts'));
    symlinkSync('../a.ts', path.join(root, 'src/alias.ts'));
    assert.deepEqual(expandGlobs(root, ['link/*.ts', '*.ts', 'src/*.ts'], []), [
      'a.ts',
      'link/alias.ts',
      'link/b.ts',
      'src/alias.ts',
      'src/b.ts',
    ]);
    assert.deepEqual(expandGlobs(root, ['src/**/b.ts'], []), ['src/b.ts']);
  });
});
