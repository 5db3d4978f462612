import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';
import { test } from 'node:test';
import { encodeRequest, MAX_FRAME_BYTES } from '../../../proto/frame.js';
import { FrameSplitter } from '../../../proto/frame-splitter.js';
import { PathKind, Reply, Request, type Frame } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import { RequestAssembler } from '../../../proto/request-assembler.js';
import { environment } from './channel-rig.js';
import { FailureLog } from './failure-log.js';
import { Speakers } from './speakers.js';
import { TaskReports } from './task-reports.js';

/**
 * Anything at all, given to what reads the request FIFO, found by coverage: what reaches a new block
 * of the code is kept and changed further. The inputs are the same in each run with the same seed.
 * `VT_FUZZ_SECONDS=600 VT_FUZZ_SEED=7 node --test build/runner/execute/channel/fuzz.test.js` makes it
 * longer and other.
 */
const SECONDS = Number(process.env['VT_FUZZ_SECONDS'] ?? 0);
const SEED = Number(process.env['VT_FUZZ_SEED'] ?? 1);
const ROUNDS = 400;
/** Inputs between two looks at what was executed. */
const BATCH = 10;
/** Bytes of the heap that all of this may take, whatever was sent. */
const MOST_HEAP = 400 << 20;

const proto = path.resolve(import.meta.dirname, '../../../../proto');

let seed = SEED;
function random(below: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((seed / 0x80000000) * below);
}

/** The runner's end, without its FIFOs. Hears a last request after each input. */
class Target {
  readonly #heard = new Set<string>();
  readonly #failures = new FailureLog();
  readonly #assembler = new RequestAssembler();
  readonly #speakers = new Speakers(() => ['fuzzed']);
  readonly #splitter: FrameSplitter;
  #reports = this.#newReports();
  #inputs = 0;

  constructor() {
    this.#splitter = new FrameSplitter({
      frame: (frame) => {
        this.#hear(frame);
      },
      garbage: (bytes) => {
        assert.ok(bytes > 0);
        this.#failures.add({ kind: 'garbage', bytes });
      },
    });
  }

  feed(input: Uint8Array): void {
    this.#inputs += 1;
    // A task that has said all it may is followed by the next one.
    if (this.#inputs % 5000 === 0) this.#reports = this.#newReports();
    const cut = random(input.length + 1);
    // What was read is only lent.
    const lent = Buffer.alloc(input.length);
    for (const [from, to, emptied] of [
      [0, cut, random(2) === 0],
      [cut, input.length, true],
    ] as const) {
      lent.set(input);
      this.#splitter.push(lent.subarray(from, to), emptied);
      lent.fill(0xaa);
    }
    assert.ok(this.#splitter.pending < 2 * MAX_FRAME_BYTES);
    // Whatever was sent, the next whole request is heard.
    const name = `LAST_${this.#inputs}`;
    const request = Request.fromJSON({ getEnv: { name } });
    const sender = { pid: 1, nonce: 0x10000000 + this.#inputs };
    for (const frame of encodeRequest(sender, 1, 0, request)) this.#splitter.push(frame, true);
    assert.ok(this.#heard.delete(name), 'a whole request was not heard');
    this.#heard.clear();
    this.#failures.list();
    if (this.#inputs % 1000 === 0) {
      this.#reports.record();
      this.#assembler.unfinished();
    }
  }

  #newReports(): TaskReports {
    const answers = {
      glob: (directory: string) => (directory.startsWith('/w') ? ['a.ts'] : undefined),
      kind: () => PathKind.FILE,
      json: () => '1',
    };
    const source = environment({ NODE_ENV: 'x', VITE_A: 'a' });
    return new TaskReports(source, answers, '/ipc', (failure) => {
      this.#failures.add(failure);
    });
  }

  #hear(frame: Frame): void {
    for (const heard of this.#assembler.accept(frame)) {
      if (heard.kind !== 'request') continue;
      const { kind } = heard.request;
      if (kind?.$case === 'hello') this.#speakers.label(heard.sender, kind.value.label);
      if (kind?.$case === 'getEnv') this.#heard.add(kind.value.name);
      const body = this.#reports.handle(heard.request, this.#speakers.of(heard.sender));
      Reply.encode({ sequence: heard.sequence, body }).finish();
    }
  }
}

/** What of the code under test was executed since it was asked last. */
class Coverage {
  readonly #session = new Session();
  readonly #known = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether a block was executed that never was before. */
  grew(): boolean {
    const before = this.#known.size;
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const { url, functions } of taken.result) {
        if (!/\/build\/(?:proto|runner\/execute\/channel)\//.test(url)) continue;
        for (const { functionName, ranges } of functions) {
          for (const { count, startOffset, endOffset } of ranges) {
            if (count > 0) this.#known.add(`${url}:${functionName}:${startOffset}-${endOffset}`);
          }
        }
      }
    });
    return this.#known.size > before;
  }

  get size(): number {
    return this.#known.size;
  }

  close(): void {
    this.#session.disconnect();
  }
}

function changed(corpus: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => corpus[random(corpus.length)] ?? new Uint8Array();
  let bytes = Buffer.from(pick());
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const at = random(bytes.length + 1);
    switch (random(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x0d, 0xf6][random(7)] ?? 0;
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(8))]);
        break;
      case 3:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([random(256)]),
          bytes.subarray(at),
        ]);
        break;
      case 4:
        bytes = Buffer.concat([bytes, pick()]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), pick(), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), pick().subarray(random(40))]);
    }
  }
  return bytes.subarray(0, 4096);
}

test(
  `what reads the request FIFO takes anything (seed ${SEED})`,
  { timeout: 180_000 + 2000 * SECONDS },
  (t) => {
    const vectors = JSON.parse(readFileSync(path.join(proto, 'vectors/frames.json'), 'utf8')) as {
      hex: string;
    }[];
    const corpus: Uint8Array[] = vectors.map(({ hex }) => Buffer.from(hex, 'hex'));
    const target = new Target();
    const coverage = new Coverage();
    try {
      for (const input of corpus) target.feed(input);
      coverage.grew();
      const first = coverage.size;
      let inputs = 0;
      const end = performance.now() + 1000 * SECONDS;
      for (let round = 0; round < ROUNDS || performance.now() < end; round += 1) {
        const batch = Array.from({ length: BATCH }, () => changed(corpus));
        for (const input of batch) {
          try {
            target.feed(input);
          } catch (error) {
            throw new Error(`input ${Buffer.from(input).toString('base64')}`, { cause: error });
          }
        }
        inputs += batch.length;
        // Which of them it was shows when they run once more, one by one.
        if (coverage.grew() && corpus.length < 5000) corpus.push(...batch);
        if (round % 50 === 0)
          assert.ok(process.memoryUsage().heapUsed < MOST_HEAP, 'too much is kept');
      }
      t.diagnostic(`${inputs} inputs, ${first} blocks at first, ${coverage.size} at last`);
      assert.ok(coverage.size > first, 'changing inputs has found nothing new');
    } finally {
      coverage.close();
    }
  },
);

test('of senders as many are remembered as there is room for', () => {
  const assembler = new RequestAssembler();
  const sender = (nonce: number) => ({ pid: 1, nonce });
  const chunk = { magic: 0, replyChannel: 0, sequence: 1, more: true };
  const body = { $case: 'chunk', value: new Uint8Array(400) } as const;
  const unfinished: number[] = [];
  for (let nonce = 0; nonce < 100_000; nonce += 1) {
    for (const heard of assembler.accept({ ...chunk, ...sender(nonce), body })) {
      if (heard.kind === 'unfinished') unfinished.push(heard.sender.nonce);
    }
  }
  // Those that were forgotten are told, the first one first; the others are known still.
  assert.equal(unfinished.length, 100_000 - (1 << 16));
  assert.deepEqual(unfinished.slice(0, 3), [0, 1, 2]);
  assert.equal(assembler.unfinished().length, 1 << 16);
});
