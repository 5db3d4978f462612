import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
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

/** Where Debian has the sources of Go packages. */
const goPackages = '/usr/share/gocode';

test(
  'the Go client conforms, and its own tests pass',
  { skip: lacking('go', path.join(goPackages, 'src/google.golang.org/protobuf')) },
  () => {
    const home = path.join(scratch, 'go');
    const there = path.join(home, 'src/example.org/vt');
    mkdirSync(there, { recursive: true });
    symlinkSync(client('go'), path.join(there, 'client'));
    const gopath = `${home}:${goPackages}`;
    const options = {
      cwd: path.join(there, 'client'),
      env: { ...process.env, PWD: path.join(there, 'client'), GO111MODULE: 'off', GOPATH: gopath },
      encoding: 'utf8',
    } as const;
    const driver = path.join(scratch, 'go-driver');
    for (const args of [
      ['vet', '.', './conformance'],
      ['test', '.'],
      ['build', '-o', driver, './conformance'],
    ]) {
      const { status, stdout, stderr } = spawnSync('go', args, options);
      assert.equal(status, 0, stdout + stderr);
    }
    expectConformance(
      [driver],
      ['takes a new name in the child of a fork, and its parent keeps its own'],
    );
  },
);

test(
  'the generated code of the Go client is fresh',
  { skip: lacking('protoc', 'protoc-gen-go') },
  () => {
    const made = path.join(scratch, 'generated-go');
    mkdirSync(made);
    execFileSync(client('go/generate.sh'), [made]);
    // Its beginning names the versions of the generators.
    const code = (directory: string) =>
      readFileSync(path.join(directory, 'internal/ipcv1/ipc.pb.go'), 'utf8')
        .split('\n')
        .filter((line) => !/^\/\/ \t(?:protoc|protoc-gen-go) +v/.test(line));
    assert.deepEqual(code(made), code(client('go')), 'run client/go/generate.sh');
  },
);

test('the Java client conforms', { skip: lacking('javac', 'java') }, () => {
  const classes = path.join(scratch, 'java');
  const sources = readdirSync(client('java/src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => client('java/src', name));
  const strict = ['-Xlint:all', '-Werror', '--release', '11'];
  execFileSync('javac', [...strict, '-d', classes, ...sources]);
  const driver = path.join(scratch, 'java-driver');
  const main = client('java/conformance/Driver.java');
  execFileSync('javac', [...strict, '-cp', classes, '-d', driver, main]);
  expectConformance(
    // Starts twice as fast.
    ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', `${classes}:${driver}`, 'Driver'],
    [
      'resolves relative paths against its working directory',
      'takes a new name in the child of a fork, and its parent keeps its own',
    ],
  );
});
