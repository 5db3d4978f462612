import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSubject } from './task-rig.js';

test('through one pipe, stdout and stderr keep the order in which they were written', async () => {
  const script = 'i=0; while [ $i -lt 200 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done';
  const { ending, stdout, stderr } = await startSubject(['sh', '-c', script], {
    output: 'one-pipe',
  }).outcome();
  assert.deepEqual(ending, { kind: 'exited', code: 0 });
  assert.equal(stderr, '');
  const expected = Array.from({ length: 200 }, (_, index) => `o${index}\ne${index}\n`).join('');
  assert.equal(stdout, expected);
});
