import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { client, expectConformance, lacking } from './conformance-rig.js';

// Every client of the channel is put through what proto/PROTOCOL.md demands of clients: those that need
// not be built.

test('the Node client conforms', () => {
  expectConformance(
    [process.execPath, client('node/conformance/driver.mjs')],
    ['takes a new name in the child of a fork, and its parent keeps its own'],
  );
});

test('the Python client conforms, and speaks in the bytes of the vectors', () => {
  expectConformance(['python3', client('python/conformance/driver.py')]);
  const vectors = spawnSync('python3', [client('python/tests/test_wire.py')], { encoding: 'utf8' });
  assert.equal(vectors.status, 0, vectors.stderr);
});

for (const shell of [['dash'], ['bash'], ['busybox', 'sh']] as const) {
  test(`the sh client conforms in ${shell[0]}`, { skip: lacking(shell[0]) }, () => {
    expectConformance(
      [...shell, client('sh/conformance/driver.sh')],
      ['may be used by many threads at once'],
    );
  });
}
