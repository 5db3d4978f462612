import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { client } from './conformance-rig.js';

/**
 * Bad replies, and requests of any bytes, for the C client, which decodes and encodes by itself; found by
 * coverage: libFuzzer, with sanitizers. The same inputs in each run: `VT_FUZZ_RUNS` and `VT_FUZZ_SEED` make it longer and other.
 */

const RUNS = Number(process.env['VT_FUZZ_RUNS'] ?? 60_000);
const SEED = Number(process.env['VT_FUZZ_SEED'] ?? 1);

const scratch = mkdtempSync(path.join(os.tmpdir(), 'vt-c-client-fuzz-'));
after(() => {
  rmSync(scratch, { recursive: true });
});

const flags = ['-std=c11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
const sanitizers = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];

function whyNot(): string | false {
  const input = 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d == 0 && n < 0; }';
  const args = ['-xc', '-', ...sanitizers, '-o', '/dev/null'];
  const built = spawnSync('clang', args, { input, encoding: 'utf8' });
  if (built.error) return 'no clang';
  return built.status !== 0 && 'clang has no libFuzzer (Debian: libclang-rt-14-dev)';
}

test(
  'any bytes from a runner do the C client no harm, and its frames are as they are to be',
  { skip: whyNot(), timeout: Math.max(120_000, RUNS) },
  () => {
    const program = path.join(scratch, 'fuzz');
    const built = spawnSync(
      'clang',
      [...flags, ...sanitizers, client('c/conformance/fuzz.c'), '-o', program],
      { encoding: 'utf8' },
    );
    assert.equal(built.status, 0, built.stderr);

    const corpus = path.join(scratch, 'corpus');
    mkdirSync(corpus);
    const vectors = JSON.parse(
      readFileSync(client('../proto/vectors/replies.json'), 'utf8'),
    ) as readonly { readonly hex: string; readonly json: { readonly sequence?: number } }[];
    for (const [index, { hex, json }] of vectors.entries()) {
      // It is wanted as each kind of answer.
      const heads = [0, 1, 2, 3, 4].map((wanted) => Buffer.from([0, wanted, json.sequence ?? 0]));
      for (const [kind, head] of heads.entries()) {
        const seed = Buffer.concat([head, Buffer.from(hex, 'hex')]);
        writeFileSync(path.join(corpus, `reply-${index}-${kind}`), seed);
      }
    }
    const mark = [0x0d, 0xf6, 0x76, 0x74, 0xf7];
    const request = Buffer.from([1, 1, 2, 3, 4, 5, 6, 7, 8, 0x2f, ...mark, 0x61]);
    writeFileSync(path.join(corpus, 'request'), request);
    writeFileSync(
      path.join(corpus, 'long-request'),
      Buffer.concat([request, Buffer.alloc(1500, 'x')]),
    );

    const args = [`-seed=${SEED}`, `-runs=${RUNS}`, '-max_len=2000', '-print_final_stats=1'];
    const ran = spawnSync(program, [...args, `-artifact_prefix=${scratch}/bad-`, corpus], {
      cwd: scratch,
      env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const bad = readdirSync(scratch).filter((name) => name.startsWith('bad-'));
    const inputs = bad.map((name) => readFileSync(path.join(scratch, name)).toString('base64'));
    assert.deepEqual(inputs, [], ran.stderr.slice(-6000));
    assert.equal(ran.status, 0, ran.stderr.slice(-6000));
    const executed = /number_of_executed_units: (\d+)/.exec(ran.stderr)?.[1];
    assert.ok(Number(executed) >= RUNS, `${executed} inputs`);
  },
);
