import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** A bounded number of inputs, the same in each run; VT_FUZZ_RUNS and VT_FUZZ_SEED make it longer and other. */
export const RUNS = Number(process.env['VT_FUZZ_RUNS'] ?? 60_000);
const SEED = Number(process.env['VT_FUZZ_SEED'] ?? 1);

/** Why clang cannot make a fuzzing program with these flags. */
export function whyNoFuzzer(flags: readonly string[]): string | false {
  const probe = 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d == 0 && n < 0; }';
  const args = ['-xc', '-', ...flags, '-o', '/dev/null'];
  const built = spawnSync('clang', args, { input: probe, encoding: 'utf8' });
  if (built.error) return 'no clang';
  return built.status !== 0 && 'clang has no libFuzzer (Debian: libclang-rt-14-dev)';
}

/**
 * Runs a fuzzing program from these inputs, in a directory that it may write to; what harms is in the message.
 *
 * @param longest bytes of an input
 */
export function runFuzzer(
  program: string,
  directory: string,
  seeds: readonly Uint8Array[],
  longest: number,
  env: Readonly<Record<string, string>> = {},
): void {
  const corpus = `${program}-corpus`;
  fs.mkdirSync(corpus);
  for (const [index, seed] of seeds.entries()) {
    fs.writeFileSync(path.join(corpus, String(index)), seed);
  }
  const args = [`-seed=${SEED}`, `-runs=${RUNS}`, `-max_len=${longest}`, '-print_final_stats=1'];
  const prefix = `-artifact_prefix=${path.join(directory, 'bad-')}`;
  const ran = spawnSync(program, [...args, prefix, corpus], {
    cwd: directory,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const bad = fs.readdirSync(directory).filter((name) => name.startsWith('bad-'));
  const inputs = bad.map((name) => fs.readFileSync(path.join(directory, name)).toString('base64'));
  assert.deepEqual(inputs, [], ran.stderr.slice(-6000));
  assert.equal(ran.status, 0, ran.stderr.slice(-6000));
  const executed = /number_of_executed_units: (\d+)/.exec(ran.stderr)?.[1];
  assert.ok(Number(executed) >= RUNS, `${executed} inputs`);
}
