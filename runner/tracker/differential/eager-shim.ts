import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sources } from '../native/test/rig.js';

/**
 * Builds the shim into a directory, but so that it takes over at once: of a short program it would leave
 * much to the filter.
 */
export function buildEagerShim(place: string): string {
  const shim = join(place, 'libvt-shim.so');
  const files = partsOfShim().map((name) => `${name}.c`);
  const flags = ['-std=c11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-DFIRST_CALLS=1u'];
  const compiler = process.env['CC'] ?? 'cc';
  const built = spawnSync(compiler, [...flags, ...files, '-o', shim, '-ldl', '-pthread'], {
    cwd: sources,
    encoding: 'utf8',
  });
  assert.equal(built.status, 0, built.stderr);
  return shim;
}

/** As the build has them. */
function partsOfShim(): string[] {
  const build = readFileSync(join(sources, '../../../scripts/build-native.mjs'), 'utf8');
  const list = /^const shim = \[([^\]]*)\];$/m.exec(build)?.[1];
  assert.ok(list, 'scripts/build-native.mjs lists the parts of the shim');
  return [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name!);
}
