import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { readTaskTrace } from './load-tracker.js';
import { seededRandom } from './testing/seeded-random.js';
import { TraceBuilder } from './testing/trace-builder.js';
import { TracedWorkspace, untraceable } from './testing/trace-program.js';
import { CHUNK_SIZE, HEADER_SIZE } from './trace-format.js';
import { readTraceBuffer, type TraceLog } from './trace-reader.js';

/**
 * Damaged logs: whatever is done to one, reading it ends, never throws, and either says that it is
 * not complete or gives exactly what the whole log says. `VT_FUZZ_SEED` repeats a run.
 */

const ROUNDS = 4000;
const CHUNK_MEMORY = 16 + 4096;

/** The generator of a run, whose seed is shown with its outcome. */
function randomFor(t: TestContext): (bound: number) => number {
  const given = process.env['VT_FUZZ_SEED'];
  const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
  t.diagnostic(`VT_FUZZ_SEED=${seed}`);
  return seededRandom(seed);
}

/**
 * A copy with random bytes, bits, words or short ranges changed, mostly where data is. Not whole
 * chunks: one that is all zeroes was taken by a process that was killed before it wrote anything.
 */
function damage(bytes: Buffer, random: (bound: number) => number): Buffer {
  const log = Buffer.from(bytes);
  const chunks = Math.floor((log.length - HEADER_SIZE) / CHUNK_SIZE);
  const place = (size: number): number => {
    const inHeader = random(5) === 0 || chunks === 0;
    const start = inHeader ? 0 : HEADER_SIZE + random(chunks) * CHUNK_SIZE;
    return Math.min(start + random(inHeader ? 64 : CHUNK_MEMORY), log.length - size);
  };
  for (let hits = 1 + random(4); hits > 0; hits--) {
    switch (random(6)) {
      case 0:
        log[place(1)] = random(256);
        break;
      case 1: {
        const at = place(1);
        log[at] = log[at]! ^ (1 << random(8));
        break;
      }
      case 2:
        log.writeUInt32LE([0, 1, 8, 0xffffffff, CHUNK_SIZE, random(2 ** 31)][random(6)]!, place(4));
        break;
      case 3:
        log.writeUInt16LE([0, 32, 65535, random(65536)][random(4)]!, place(2));
        break;
      case 4: {
        const [size, from] = [1 + random(24), place(24)];
        log.copyWithin(place(size), from, from + size);
        break;
      }
      default: {
        const [size, from] = [1 + random(16), place(16)];
        log.fill(random(2) * 255, from, from + size);
      }
    }
  }
  return random(8) === 0 ? log.subarray(0, random(log.length)) : log;
}

function expectToldOrSame(whole: TraceLog, log: Buffer): boolean {
  const read = readTraceBuffer(log);
  if (read.incomplete.length > 0) return true;
  assert.deepEqual(read.records, whole.records);
  return false;
}

test('a log of our own making', (t) => {
  const random = randomFor(t);
  const pristine = new TraceBuilder();
  pristine.add({ op: 'PROCESS', path: '/bin/sh', path2: 'sh\0-c\0x' });
  for (let i = 0; i < 200; i++) {
    pristine.add({ op: 'OPEN', path: `/d${i % 7}/f${i}`, before: 'FILE', chunk: i % 3 });
  }
  const bytes = pristine.build();
  const whole = readTraceBuffer(bytes);
  assert.deepEqual([whole.records.length, whole.incomplete], [201, []]);
  let told = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (expectToldOrSame(whole, damage(bytes, random))) told++;
  }
  assert.ok(told > ROUNDS / 2, `only ${told} of ${ROUNDS} damages mattered`);
});

test('noise', (t) => {
  const random = randomFor(t);
  const header = new TraceBuilder().build();
  for (let round = 0; round < 200; round++) {
    const log = Buffer.alloc(HEADER_SIZE + (1 + random(2)) * CHUNK_SIZE);
    for (let at = 0; at < log.length; at += 4) log.writeUInt32LE(random(2 ** 32), at);
    if (random(2) === 0) header.copy(log);
    log.writeBigUInt64LE(BigInt(1 + random(3)), 24);
    assert.ok(readTraceBuffer(log).incomplete.length > 0);
  }
});

describe('the log of a real task', { skip: untraceable() }, () => {
  test('read and classified', (t) => {
    const random = randomFor(t);
    const workspace = new TracedWorkspace();
    try {
      const script =
        'mkdir d; echo x >d/a; ln -s a d/l; cat d/l; mv d e; rm e/a; ls e; test -e no; cp /bin/true e';
      const { accesses, processes, incomplete } = workspace.trace(['sh', '-c', script]);
      assert.deepEqual(incomplete, []);
      const told = (trace: unknown): string => JSON.stringify(trace, bigintsAsText);
      const file = join(workspace.root, '../trace');
      // Sparse, and 16 GiB long.
      const log = Buffer.alloc(HEADER_SIZE + 8 * CHUNK_SIZE);
      const descriptor = openSync(file, 'r');
      readSync(descriptor, log, 0, log.length, 0);
      closeSync(descriptor);
      const whole = readTraceBuffer(log);
      for (let round = 0; round < 400; round++) {
        const damaged = damage(log, random);
        expectToldOrSame(whole, damaged);
        writeFileSync(file, damaged);
        const read = readTaskTrace(file, workspace.root);
        if (read.incomplete.length > 0) continue;
        assert.equal(told(read.accesses), told(accesses));
        assert.equal(told(read.processes), told(processes));
      }
    } finally {
      workspace.dispose();
    }
  });
});

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
