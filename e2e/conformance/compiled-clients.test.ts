import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { client, expectConformance, lacking } from './conformance-rig.js';

// Every client of the channel is put through what proto/PROTOCOL.md demands of clients: those that are
// built first. Nothing is fetched for it: libraries are those of the system (Debian's packages).

const scratch = mkdtempSync(path.join(os.tmpdir(), 'vt-clients-'));
after(() => {
  rmSync(scratch, { recursive: true });
});

test('the C client conforms', () => {
  const driver = path.join(scratch, 'driver');
  const sources = [client('c/conformance/driver.c'), client('c/vt_client.c')];
  const strict = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread'];
  execFileSync('cc', [...strict, '-o', driver, ...sources]);
  expectConformance([driver]);
});

/** Where Debian has the sources of crates. */
const crates = '/usr/share/cargo/registry';
const libc = existsSync(crates) && readdirSync(crates).find((name) => name.startsWith('libc-'));

test(
  'the Rust client conforms, and its own tests pass',
  { skip: lacking('cargo', path.join(crates, libc || 'libc-*')) },
  () => {
    const target = path.join(scratch, 'rust');
    const offline = [
      ...['--offline', '--quiet', '--target-dir', target, '--manifest-path'],
      client('rust/Cargo.toml'),
      ...['--config', 'source.crates-io.replace-with="debian"'],
      ...['--config', `source.debian.directory="${crates}"`],
    ];
    const env = { ...process.env, RUSTFLAGS: '-Dwarnings' };
    const tests = spawnSync('cargo', ['test', ...offline], { encoding: 'utf8', env });
    assert.equal(tests.status, 0, tests.stdout + tests.stderr);
    // Tests build examples, too.
    expectConformance([path.join(target, 'debug/examples/conformance')]);
  },
);
