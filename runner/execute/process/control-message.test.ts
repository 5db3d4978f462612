import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseControlMessage } from './control-message.js';

test('every message of the launcher', () => {
  const messages = {
    '{"started":12,"supervisor":11}': { kind: 'started', pid: 12, supervisor: 11 },
    '{"supervisor":10}': { kind: 'supervisor', pid: 10 },
    '{"notStarted":{"errno":"ENOENT","path":"x"}}': {
      kind: 'not-started',
      errno: 'ENOENT',
      path: 'x',
    },
    '{"untracked":"listener-busy"}': { kind: 'untracked', reason: 'listener-busy' },
    '{"exited":{"code":0}}': { kind: 'exited', code: 0 },
    '{"exited":{"signal":9}}': { kind: 'killed', signal: 9 },
    '{"quiet":true}': { kind: 'quiet' },
    '{"survivors":[3,4]}': { kind: 'survivors', pids: [3, 4] },
    '{"survivors":[]}': { kind: 'survivors', pids: [] },
  };
  for (const [line, message] of Object.entries(messages)) {
    assert.deepEqual(parseControlMessage(line), message);
  }
});

test('anything else is no message', () => {
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '1',
    '{"started":"1","supervisor":2}',
    '{"started":1}',
    '{"exited":{}}',
    '{"new":1}',
  ]) {
    assert.equal(parseControlMessage(line), undefined, line);
  }
});
