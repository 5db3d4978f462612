import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { conformance } from './conformance-rig.js';

// That `vt conformance` finds out what is no client.

test('a driver that does not do as told is found out', () => {
  const echo = ['sh', '-c', 'while read -r line; do echo ok; done'];
  const { conforms = [], fails = [] } = conformance(echo);
  assert.deepEqual(conforms, ['says who it is first, if it does']);
  assert.ok(fails.length > 20);
});

test('a driver that cannot be started is no conforming client', () => {
  const { conforms } = conformance([path.join(os.tmpdir(), 'no-such-driver')]);
  assert.equal(conforms, undefined);
});
