import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ignoredFromMessage, ignoredToMessage } from './ignored-codec.js';
import type { Ignored, IgnoredBy, IgnoredPart } from './ignored.js';
import { workspacePath } from './testing/test-workspace.js';

const path = workspacePath('node_modules/.vite');
const rules: IgnoredBy[] = [
  { kind: 'report', path, speaker: 2 },
  { kind: 'report', path, speaker: -1, label: 'vite' },
  { kind: 'excluded', glob: 'logs/**' },
  { kind: 'not-named' },
  { kind: 'version-control', path: workspacePath('.git') },
  { kind: 'cache-tag', path: workspacePath('target') },
  { kind: 'own-cache', path: workspacePath('node_modules/.cache/vt') },
  { kind: 'package-manager' },
];

it('what was ignored is read as it was written', () => {
  for (const part of ['reads', 'contents', 'writes'] satisfies IgnoredPart[]) {
    for (const by of rules) {
      const ignored: Ignored = { part, by, paths: [{ path, process: 1 }], more: 3 };
      assert.deepEqual(ignoredFromMessage(ignoredToMessage(ignored)), ignored);
    }
  }
});
