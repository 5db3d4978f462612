import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { defaultNames } from './default-names.js';

it('the list in docs/configuration.md is the list', () => {
  const file = path.join(import.meta.dirname, '../../../../docs/configuration.md');
  const [, section = ''] = readFileSync(file, 'utf8').split('### Passed by default, untracked\n');
  const [, list = ''] = section.split('```');
  assert.deepEqual(list.trim().split(/\s+/), defaultNames);
});
