import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tabulateProcesses } from './process-table.js';
import { TraceBuilder } from './testing/trace-builder.js';
import { readTraceBuffer } from './trace-reader.js';

function tabulate(builder: TraceBuilder) {
  const { processes, doer } = tabulateProcesses(readTraceBuffer(builder.build()).records);
  return { processes, doer: [...doer] };
}

test('an exec makes a new entry; touches belong to the image that did them', () => {
  const table = tabulate(
    new TraceBuilder()
      .add({ op: 'PROCESS', path: '/bin/sh', path2: 'sh\0-c\0x', pid: 10, aux: 1 })
      .add({ op: 'STAT', path: '/a', pid: 10 })
      .add({ op: 'PROCESS', path: '/bin/sh', path2: 'sh\0-c\0x', pid: 11, aux: 10 })
      .add({ op: 'STAT', path: '/b', pid: 11 })
      .add({ op: 'PROCESS', path: '/bin/cat', path2: 'cat\0b', pid: 11, aux: 10 })
      .add({ op: 'STAT', path: '/c', pid: 11 }),
  );
  assert.deepEqual(table, {
    processes: [
      { pid: 10, parent: -1, exe: '/bin/sh', argv: ['sh', '-c', 'x'] },
      { pid: 11, parent: 0, exe: '/bin/sh', argv: ['sh', '-c', 'x'] },
      { pid: 11, parent: 0, exe: '/bin/cat', argv: ['cat', 'b'] },
    ],
    doer: [0, 0, 1, 1, 2, 2],
  });
});

test('a parent that execs after the fork stays the parent it was', () => {
  const { processes } = tabulate(
    new TraceBuilder()
      .add({ op: 'PROCESS', path: '/a', pid: 10, aux: 1 })
      .add({ op: 'PROCESS', path: '/a', pid: 11, aux: 10 })
      .add({ op: 'PROCESS', path: '/b', pid: 10, aux: 1 })
      .add({ op: 'PROCESS', path: '/c', pid: 11, aux: 10 }),
  );
  assert.deepEqual(
    processes.map(({ exe, parent }) => [exe, parent]),
    [
      ['/a', -1],
      ['/a', 0],
      ['/b', -1],
      ['/c', 0],
    ],
  );
});

test('a pid that is used again has a new parent', () => {
  const { processes } = tabulate(
    new TraceBuilder()
      .add({ op: 'PROCESS', path: '/main', pid: 10, aux: 1 })
      .add({ op: 'PROCESS', path: '/one', pid: 11, aux: 10 })
      .add({ op: 'PROCESS', path: '/two', pid: 12, aux: 10 })
      .add({ op: 'PROCESS', path: '/three', pid: 11, aux: 12 }),
  );
  assert.deepEqual(processes.at(-1), { pid: 11, parent: 2, exe: '/three', argv: [] });
});

test('the same image announced by shim and supervisor is one', () => {
  const { processes } = tabulate(
    new TraceBuilder()
      .add({ op: 'PROCESS', path: '/a', path2: 'a', pid: 10 })
      .add({ op: 'PROCESS', path: '/a', path2: 'a', pid: 10 }),
  );
  assert.equal(processes.length, 1);
});

test('a record before the first announcement belongs to it; without any, to a nameless process', () => {
  const table = tabulate(
    new TraceBuilder()
      .add({ op: 'STAT', path: '/x', pid: 10 })
      .add({ op: 'PROCESS', path: '/a', path2: 'a', pid: 10 })
      .add({ op: 'STAT', path: '/x', pid: 99 }),
  );
  assert.deepEqual(table, {
    processes: [
      { pid: 10, parent: -1, exe: '/a', argv: ['a'] },
      { pid: 99, parent: -1, exe: '', argv: [] },
    ],
    doer: [0, 0, 1],
  });
});
