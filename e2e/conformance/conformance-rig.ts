import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, vtPath } from '../harness/workspace.js';

/** A file of the clients. */
export const client = (...names: string[]) => path.join(projectRoot, 'client', ...names);

/** Findings of `vt conformance`, by kind. */
export function conformance(driver: readonly string[]): Record<string, string[]> {
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

/** All that is demanded is met, but for what the language does not have. */
export function expectConformance(
  driver: readonly string[],
  unsupported: readonly string[] = [],
): void {
  const { conforms = [], ...other } = conformance(driver);
  assert.deepEqual(other, unsupported.length === 0 ? {} : { unsupported });
  const listed = execFileSync(process.execPath, [vtPath, 'conformance', '--list'], {
    encoding: 'utf8',
  });
  assert.equal(conforms.length + unsupported.length, listed.trim().split('\n').length);
}

/**
 * Why a client whose language is not on this machine is not tried; false if it is. Where CI says so, all
 * are there or the test fails.
 *
 * @param needed programs, and absolute paths of files
 */
export function lacking(...needed: readonly string[]): string | false {
  const missing = needed.filter((name) =>
    name.startsWith('/')
      ? !existsSync(name)
      : spawnSync('sh', ['-c', 'command -v -- "$0"', name]).status !== 0,
  );
  if (missing.length === 0) return false;
  const reason = `not installed: ${missing.join(', ')}`;
  assert.equal(process.env['VT_TEST_EVERYTHING'], undefined, reason);
  return reason;
}
