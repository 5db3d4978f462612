import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { viewWorkspace } from './workspace-view.js';

test('the view tells kinds, cache marks and physical paths', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vt-view-'))) as AbsolutePath;
  try {
    mkdirSync(join(root, 'd'));
    symlinkSync('d', join(root, 'l'));
    writeFileSync(join(root, 'f'), '');
    const view = viewWorkspace(root);
    const kind = (path: string) => view.kind(path as WorkspacePath);
    assert.deepEqual(
      [kind(''), kind('d'), kind('l'), kind('f'), kind('f/x'), kind('none')],
      ['directory', 'directory', 'symlink', 'file', 'absent', 'absent'],
    );
    assert.equal(view.physical(join(root, 'l/new/er')), join(root, 'd/new/er'));

    const tagged = () => view.hasCacheTag('d' as WorkspacePath);
    assert.equal(tagged(), false);
    writeFileSync(join(root, 'd/CACHEDIR.TAG'), 'Signature: something else');
    assert.equal(tagged(), false);
    writeFileSync(
      join(root, 'd/CACHEDIR.TAG'),
      'Signature: 8a477f597d28d172789f06886806bc55\n# made by a tool\n',
    );
    assert.equal(tagged(), true);
  } finally {
    rmSync(root, { recursive: true });
  }
});
