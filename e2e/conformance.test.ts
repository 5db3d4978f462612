import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { projectRoot, vtPath } from './harness/workspace.js';

// Every client of the channel is put through what proto/PROTOCOL.md demands of clients.

const scratch = mkdtempSync(path.join(os.tmpdir(), 'vt-clients-'));
after(() => {
  rmSync(scratch, { recursive: true });
});

const client = (...names: string[]) => path.join(projectRoot, 'client', ...names);

/** Findings of `vt conformance`, by kind. */
function conformance(driver: readonly string[]): Record<string, string[]> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [vtPath, 'conformance', '--json', '--', ...driver],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  assert.equal(stderr, '');
  const found: Record<string, string[]> = {};
  for (const line of stdout.trim().split('\n')) {
    const finding = JSON.parse(line) as { kind: string; case: string; detail?: string };
    const { kind, detail } = finding;
    (found[kind] ??= []).push(finding.case + (kind === 'fails' ? `: ${detail}` : ''));
  }
  return found;
}

/**
 * Why a client whose language is not on this machine is not tried; false if it is. Where CI says so, all
 * are there or the test fails.
 */
function lacking(...programs: readonly string[]): string | false {
  const isMissing = (name: string) =>
    spawnSync('sh', ['-c', 'command -v -- "$0"', name]).status !== 0;
  const missing = programs.filter(isMissing);
  if (missing.length === 0) return false;
  assert.equal(
    process.env['VT_TEST_EVERYTHING'],
    undefined,
    `not installed: ${missing.join(', ')}`,
  );
  return `not installed: ${missing.join(', ')}`;
}

/** All that is demanded is met, but for what the language does not have. */
function expectConformance(driver: readonly string[], unsupported: readonly string[] = []): void {
  const { conforms = [], ...other } = conformance(driver);
  assert.deepEqual(other, unsupported.length === 0 ? {} : { unsupported });
  const listed = execFileSync(process.execPath, [vtPath, 'conformance', '--list'], {
    encoding: 'utf8',
  });
  assert.equal(conforms.length + unsupported.length, listed.trim().split('\n').length);
}

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

test('the C client conforms', () => {
  const driver = path.join(scratch, 'driver');
  const sources = [client('c/conformance/driver.c'), client('c/vt_client.c')];
  const strict = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread'];
  execFileSync('cc', [...strict, '-o', driver, ...sources]);
  expectConformance([driver]);
});

for (const shell of [['dash'], ['bash'], ['busybox', 'sh']] as const) {
  test(`the sh client conforms in ${shell[0]}`, { skip: lacking(shell[0]) }, () => {
    expectConformance(
      [...shell, client('sh/conformance/driver.sh')],
      ['may be used by many threads at once'],
    );
  });
}

test('a driver that does not do as told is found out', () => {
  const echo = ['sh', '-c', 'while read -r line; do echo ok; done'];
  const { conforms = [], fails = [] } = conformance(echo);
  assert.deepEqual(conforms, ['says who it is first, if it does']);
  assert.ok(fails.length > 20);
});

test('a driver that cannot be started is no conforming client', () => {
  const { conforms } = conformance([path.join(scratch, 'none')]);
  assert.equal(conforms, undefined);
});
