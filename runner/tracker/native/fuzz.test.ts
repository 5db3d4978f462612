import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { RUNS, runFuzzer, whyNoFuzzer } from './test/lib-fuzzer.js';
import { NativeRig, launcherSources, missing, sanitizers, sources } from './test/rig.js';

/**
 * Bad input to all that reads what a task controls, in the launcher, and to what the shim says to the
 * runner and hears from it, found by coverage: libFuzzer.
 * A bounded number of inputs, the same in each run. `VT_FUZZ_RUNS` and `VT_FUZZ_SEED` make it longer
 * and other: `VT_FUZZ_RUNS=50000000 VT_FUZZ_SEED=7 node --test build/runner/tracker/native/fuzz.test.js`.
 */

/** The flags for clang's fuzzer and sanitizers. */
const flags = [
  ...sanitizers.map((flag) => flag.replace('=address', '=fuzzer,address')),
  '-pthread',
];

const whyNot = (): string | false => (missing !== false ? missing : whyNoFuzzer(flags));

/** The fuzzing program of test/NAME.c with these files of the native part. */
function build(rig: NativeRig, name: string, files: readonly string[]): string {
  const program = rig.file(name);
  const args = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', ...flags];
  const built = spawnSync('clang', [...args, ...files, `test/${name}.c`, '-o', program], {
    cwd: sources,
    encoding: 'utf8',
  });
  assert.equal(built.status, 0, built.stderr);
  return program;
}

/** As `runFuzzer`, with a file for the log. */
function run(rig: NativeRig, program: string, seeds: readonly Buffer[], longest: number): void {
  const env = { VT_FUZZ_LOG: rig.file('log'), ASAN_OPTIONS: 'detect_leaks=0' };
  runFuzzer(program, rig.directory, seeds, longest, env);
}

describe('what a task controls', { skip: whyNot() }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
  });
  after(() => {
    rig.dispose();
  });
  const timeout = Math.max(120_000, RUNS);

  test('does no harm to the launcher', { timeout }, () => {
    const fuzz = build(
      rig,
      'fuzz',
      launcherSources().filter((name) => name !== 'launch.c'),
    );
    // One input of each kind to start from; the first byte says which.
    const elf = fs.readFileSync(process.execPath).subarray(0, 1024);
    const seeds = [
      Buffer.from('\0--control\n3\n--trace\n/t\n--grace\n5\n--\ntrue'),
      Buffer.concat([Buffer.from([1]), elf]),
      Buffer.from('\x01#!/bin/sh -e\n'),
      Buffer.from('\x02/proc/self/fd/0/x'),
      Buffer.from('\x02/proc/self/cwd/../a'),
      Buffer.concat([Buffer.from([3]), Buffer.alloc(40, 'x')]),
      Buffer.from('\x04a "name"\n\x7f'),
      Buffer.concat([Buffer.from([5]), Buffer.alloc(200, 0xff)]),
    ];
    run(rig, fuzz, seeds, 1400);
  });

  test('and what the shim and the runner say to each other, none to either', { timeout }, () => {
    const fuzz = build(rig, 'fuzz-env', ['env-message.c']);
    const reply = [0x08, 1, 0x2a, 5, 0x0a, 3, 0x61, 0x62, 0x63];
    const seeds = [
      Buffer.concat([Buffer.alloc(13), Buffer.from('API_URL')]),
      Buffer.from([1, ...reply]),
      Buffer.from([1, reply.length, ...reply]),
    ];
    run(rig, fuzz, seeds, 600);
  });
});
