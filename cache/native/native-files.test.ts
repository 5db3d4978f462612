import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');
const sources = path.join(root, 'cache/native');
const compiler = process.env['CC'] ?? 'cc';
const cross = 'aarch64-linux-gnu-gcc';
const emulator = 'qemu-aarch64';
const strict = ['-std=c11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
const shaFolder = path.join(root, 'runner/tracker/native');
const parts = ['test/files.c', 'crew.c', 'file-job.c', 'sum64.c', path.join(shaFolder, 'sha256.c')];

function absent(program: string): string | false {
  if (process.platform !== 'linux') return `made for Linux only, not ${process.platform}`;
  return spawnSync(program, ['--version']).error ? `no ${program}` : false;
}

/** Known from the specification of XXH64 and the documentation of its implementations. */
const sums = {
  '': 'ef46db3751d8e999',
  a: 'd24ec4f1a98c6e5b',
  abc: '44bc2cf5ad770999',
  'Nobody inspects the spammish repetition': 'fbcea83c8a378bf1',
};

describe('the native part of the cache', { skip: absent(compiler) }, () => {
  let directory: string;
  const at = (name: string) => path.join(directory, name);
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'vt-native-files-'));
    build(compiler, 'files', ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function build(cc: string, name: string, flags: readonly string[]): string {
    const include = ['-I', sources, '-I', shaFolder];
    const args = [...strict, ...flags, ...include, ...parts, '-o', at(name)];
    const built = spawnSync(cc, args, { cwd: sources, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    return at(name);
  }

  const run = (args: readonly string[], program = at('files')) =>
    execFileSync(program, args, { encoding: 'utf8' }).trimEnd().split('\n');
  const sumOf = (bytes: string | Buffer, piece: number, command = [at('files')]) =>
    execFileSync(command[0]!, [...command.slice(1), 'sum', String(piece)], {
      input: bytes,
      encoding: 'utf8',
    }).trim();
  const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  test('sums are those of XXH64, in whatever pieces the bytes come', () => {
    for (const [text, sum] of Object.entries(sums)) {
      for (const piece of [1, 7, 32, 1000]) assert.equal(sumOf(text, piece), sum, text);
    }
    const long = Buffer.from(Array.from({ length: 1000 }, (_, index) => index * 7));
    const sum = sumOf(long, 1000);
    for (const piece of [1, 3, 31, 33, 64, 999]) assert.equal(sumOf(long, piece), sum);
  });

  test('files are digested by several threads, each as it is', () => {
    const files = Array.from({ length: 40 }, (_, index) => {
      const bytes = Buffer.alloc(index * 20_011, index);
      writeFileSync(at(`digest-${index}`), bytes);
      return { name: at(`digest-${index}`), bytes };
    });
    const names = files.map(({ name }) => name);
    const lines = run(['digest', '4', '', ...names, at('not-there'), directory]);
    const expected = files.map(
      ({ bytes }) => `0 0 ${digestOf(bytes)} ${sumOf(bytes, 4096)} ${bytes.length} 0`,
    );
    assert.deepEqual(lines.slice(0, -2), expected);
    assert.match(lines.at(-2)!, /^1 2 /, 'ENOENT of the source');
    assert.match(lines.at(-1)!, /^3 0 /, 'no regular file');
  });

  test('copies are those whose bytes have the size and the sum, with their modes', () => {
    const bytes = Buffer.alloc(300_000, 'copied');
    writeFileSync(at('from'), bytes);
    const sum = sumOf(bytes, 4096);
    const jobs: (readonly [number, string, string, string, string])[] = [
      [300_000, '644', sum, at('from'), at('copy-good')],
      [300_000, '444', sum, at('from'), at('copy-read-only')],
      [300_000, '777', sum, at('from'), at('copy-for-all')],
      [299_999, '644', sum, at('from'), at('copy-shorter')],
      [300_001, '644', sum, at('from'), at('copy-longer')],
      [300_000, '644', 'f'.repeat(16), at('from'), at('copy-other')],
      [300_000, '644', sum, at('from'), at('from')],
      [300_000, '644', sum, at('not-there'), at('copy-of-nothing')],
    ];
    assert.deepEqual(run(['copy', ...jobs.flat().map(String)]), [
      ...['0 0', '0 0', '0 0'],
      ...['4 0', '4 0', '4 0'],
      '2 17', // EEXIST of the target
      '1 2', // ENOENT of the source
    ]);
    for (const name of ['copy-good', 'copy-read-only', 'copy-for-all']) {
      assert.ok(readFileSync(at(name)).equals(bytes), name);
    }
    assert.equal(statSync(at('copy-read-only')).mode & 0o777, 0o444);
    assert.equal(statSync(at('copy-for-all')).mode & 0o777, 0o777, 'whatever the umask');
    assert.ok(!existsSync(at('copy-of-nothing')));
  });

  test('no thread steps on another, as ThreadSanitizer sees it', (t) => {
    const program = at('files-threads');
    const flags = ['-fsanitize=thread', '-I', sources, '-I', shaFolder];
    const args = [...strict, ...flags, ...parts, '-o', program];
    const built = spawnSync(compiler, args, { cwd: sources, encoding: 'utf8' });
    if (built.status !== 0) return t.skip(`no ThreadSanitizer: ${built.stderr.slice(0, 200)}`);
    const names = readdirSync(directory)
      .filter((name) => name.startsWith('digest-'))
      .map(at);
    assert.ok(names.length >= 40);
    assert.equal(run(['digest', '4', 'a text', ...names], program).length, names.length);
  });

  test(
    'for arm64: compiles, as the module too, and sums the same',
    { skip: absent(cross) },
    (t) => {
      const program = build(cross, 'files-arm64', ['-static']);
      const include = path.join(root, 'node_modules/node-api-headers/include');
      const flags = ['-shared', '-fPIC', '-I', include, '-I', sources, '-I', shaFolder];
      const module = ['addon.c', ...parts.slice(1), '-o', at('arm64.node')];
      const built = spawnSync(cross, [...strict, ...flags, ...module], {
        cwd: sources,
        encoding: 'utf8',
      });
      assert.equal(built.status, 0, built.stderr);
      const why = absent(emulator);
      if (why !== false) return t.skip(why);
      for (const [text, sum] of Object.entries(sums)) {
        assert.equal(sumOf(text, 7, [emulator, program]), sum);
      }
    },
  );
});
