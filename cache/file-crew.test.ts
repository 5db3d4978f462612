import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { BlobStore, CopyFailure } from './blob-store.js';
import type { AbsolutePath, Digest } from './brands.js';
import { cacheLayout, makeCacheDirectory } from './cache-directory.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord } from './damaged-record.js';
import { fileCrew } from './file-crew.js';
import { fileIdentity } from './file-identity.js';
import { holdsPath } from './names-root.js';

const crew = fileCrew();
const skip = crew === undefined && 'dist/native/vt-files.node is not built';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'vt-crew-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function storeIn(directory: string, withCrew: boolean): BlobStore {
  const layout = cacheLayout(directory as AbsolutePath);
  makeCacheDirectory(layout);
  return new BlobStore(layout, () => (withCrew ? crew : undefined));
}

test(
  'digests of many files are those of each, with the states they were in',
  { skip },
  async (t) => {
    const directory = scratch(t);
    const names = Array.from({ length: 50 }, (_, index) => join(directory, `file ${index}`));
    names.forEach((name, index) => writeFileSync(name, 'x'.repeat(index * 10_000)));
    const read = await crew!.digest(names);
    names.forEach((name, index) => {
      const file = read[index]!;
      assert.ok('digest' in file);
      assert.equal(file.digest, contentDigest(readFileSync(name)));
      assert.equal(file.identity, fileIdentity(lstatSync(name, { bigint: true })));
    });
  },
);

test('what is no file is not read, and no FIFO waited for', { skip }, async (t) => {
  const directory = scratch(t);
  const at = (name: string) => join(directory, name);
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync('/etc/passwd', at('link'));
  assert.deepEqual(await crew!.digest([at('fifo'), at('link'), at('none'), directory]), [
    { of: 'kind' },
    { of: 'source', code: 'ELOOP' },
    { of: 'source', code: 'ENOENT' },
    { of: 'kind' },
  ]);
});

test('a path in them is found as it is in JavaScript, wherever pieces end', { skip }, async (t) => {
  const directory = scratch(t);
  const text = Buffer.from('/srv/workspace');
  const piece = 1 << 18;
  const places = [0, 1, 1000].flatMap((at) => [
    at,
    piece - 20 + at,
    piece - text.length,
    piece - 1,
  ]);
  const ends = [
    '',
    '/',
    '2',
    '_',
    ' ',
    '\0',
    '/srv/workspace',
    '/srv/workspace2',
    '2/srv/workspace/',
  ];
  const contents = places.flatMap((at) =>
    ends.flatMap((end) =>
      ['', 'x'.repeat(piece)].map((rest) => {
        const tail = rest === '' ? end : `${end} ${rest}`;
        return Buffer.concat([Buffer.alloc(at, '.'), text, Buffer.from(tail)]);
      }),
    ),
  );
  contents.push(Buffer.from('/srv/workspac'), Buffer.alloc(0), Buffer.alloc(3 * piece, text));
  const names = contents.map((bytes, index) => {
    const name = join(directory, String(index));
    writeFileSync(name, bytes);
    return name;
  });
  const read = await crew!.digest(names, text);
  const found = contents.map((bytes) => holdsPath(bytes, text));
  assert.ok(found.includes(true) && found.includes(false));
  assert.deepEqual(
    read.map((file) => 'digest' in file && file.holdsText),
    found,
  );
});

test('names that are not UTF-8', { skip }, async (t) => {
  const directory = scratch(t);
  const name = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
  const from = join(directory, 'from');
  writeFileSync(from, 'text');
  const digest = contentDigest('text');
  const copy = { from, to: name, size: 4n, mode: 0o600, digest };
  assert.deepEqual(await crew!.copy([copy]), [undefined]);
  assert.equal(readFileSync(name, 'utf8'), 'text');
  const [read] = await crew!.digest([`${directory}/\0ff\0fe`]);
  assert.ok(read !== undefined && 'digest' in read && read.digest === digest);
});

/** By what a copy is compared, and by whom. */
const ways = [
  { name: 'in JavaScript, by the digest', withCrew: false, withSum: false },
  { name: 'natively, by the digest', withCrew: true, withSum: false },
  { name: 'natively, by the sum', withCrew: true, withSum: true },
];

for (const { name, withCrew, withSum } of ways) {
  test(`every damage of a blob is found: ${name}`, { skip: withCrew && skip }, async (t) => {
    const directory = scratch(t);
    const blobs = storeIn(join(directory, 'cache'), withCrew);
    const source = join(directory, 'source');
    const bytes = Buffer.from('content of thirty-nine bytes, in a blob');
    writeFileSync(source, bytes);
    const digest = contentDigest(bytes);
    const size = BigInt(bytes.length);
    const [taken] = withSum ? await crew!.digest([source]) : [];
    const sum = taken !== undefined && 'sum' in taken ? taken.sum : undefined;
    assert.equal(sum !== undefined, withSum);
    let count = 0;
    const target = () => join(directory, `target-${count}`);
    const copy = async () => {
      count++;
      await blobs.copyAll([{ digest, sum, size, target: target(), mode: 0o644 }]);
    };
    const put = () => blobs.putFiles([{ path: source, digest, sum, size }]);
    const expectDamage = async (damage: (path: string) => void, detail: RegExp) => {
      await put();
      damage(blobs.path(digest));
      await assert.rejects(copy(), (error) => {
        assert.ok(error instanceof DamagedRecord, String(error));
        assert.match(error.detail, detail);
        return true;
      });
      rmSync(blobs.path(digest), { recursive: true, force: true });
    };

    await put();
    await copy();
    assert.ok(readFileSync(target()).equals(bytes));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      await expectDamage((path) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, damaged);
      }, /has other bytes$/);
    }
    for (let length = 0; length < bytes.length; length++) {
      await expectDamage((path) => truncateSync(path, length), /has other bytes$/);
    }
    await expectDamage((path) => writeFileSync(path, '\0', { flag: 'a' }), /has other bytes$/);
    await expectDamage((path) => rmSync(path), /is missing$/);
    await expectDamage((path) => {
      rmSync(path);
      mkdirSync(path);
    }, /cannot be read: E[A-Z]+$/);
  });

  test(`what is not the blob's fault: ${name}`, { skip: withCrew && skip }, async (t) => {
    const directory = scratch(t);
    const blobs = storeIn(join(directory, 'cache'), withCrew);
    const digest: Digest = blobs.put(Buffer.from('text'));
    for (const [target, code] of [
      [join(directory, 'no/such/directory'), 'ENOENT'],
      [directory, 'EEXIST'],
    ] as const) {
      const copies = [
        { digest, size: 4n, target: join(directory, `good-${code}`), mode: 0o600 },
        { digest, size: 4n, target, mode: 0o600 },
      ];
      await assert.rejects(blobs.copyAll(copies), (error) => {
        assert.ok(error instanceof CopyFailure, String(error));
        assert.equal(error.copy.target, target);
        assert.equal(error.cause.code, code);
        return true;
      });
      assert.ok(blobs.exists(digest));
    }
    assert.ok(existsSync(join(directory, 'good-EEXIST')));
  });
}
