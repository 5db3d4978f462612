import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type * as Sqlite from 'sqlite3';
import type { AbsolutePath } from './brands.js';
import { cacheLayout } from './cache-directory.js';
import { cleanCache } from './clean-cache.js';
import { BlobStore } from './blob-store.js';
import type { Cache } from './stored-run.js';
import { TestWorkspace, digestOf, on, testKey } from './testing/test-workspace.js';

const SECRET = 'correct horse battery staple';

/** A workspace with one stored result: reads src/a, wrote out and its transcript. */
async function stored(t: TestContext): Promise<{ workspace: TestWorkspace; cache: Cache }> {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', 'source');
  const cache = workspace.openCache();
  await store(workspace, cache);
  return { workspace, cache };
}

async function store(workspace: TestWorkspace, cache: Cache) {
  workspace.variables.set('APP_SECRET', SECRET);
  const run = workspace.run(() => {
    workspace.write('out', 'output');
    return {
      key: keyWithSecret(),
      dependencies: [
        on.content('src/a'),
        on.env('APP_SECRET', SECRET),
        on.envPrefix('APP_', { APP_SECRET: SECRET }),
      ],
      outputs: [{ path: 'out', existedBefore: false }],
      transcript: [{ stream: 'stdout', bytes: Buffer.from('text') }],
    };
  });
  return cache.store(run, workspace);
}

function keyWithSecret() {
  return testKey({ env: [{ name: 'APP_SECRET', valueDigest: digestOf(SECRET) }] });
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? [path, ...filesBelow(path)] : [path];
  });
}

/** Damages and expects that the result is found damaged and dropped, and can be stored again. */
async function expectDamaged(
  t: TestContext,
  damage: (workspace: TestWorkspace, database: (sql: string) => Promise<void>) => unknown,
  detail: RegExp,
): Promise<void> {
  const { workspace, cache } = await stored(t);
  await cache.close();
  workspace.remove('out');
  await damage(workspace, (sql) => runSql(workspace, sql));
  const before = workspace.tree();
  const other = workspace.openCache();
  const lookup = await other.lookup('app#build', keyWithSecret(), workspace);
  const outcome = lookup.kind === 'hit' ? await other.restore(lookup, workspace) : lookup;
  const reason = 'reason' in outcome ? outcome.reason : undefined;
  assert.ok(reason?.kind === 'entry-damaged', JSON.stringify(outcome));
  assert.match(reason.detail, detail);
  assert.deepEqual(workspace.tree(), before);
  assert.deepEqual(workspace.warnings, []);
  const again = await other.lookup('app#build', keyWithSecret(), workspace);
  assert.deepEqual(again, { kind: 'first-run' }, 'it has been dropped');
  assert.equal((await store(workspace, other)).kind, 'stored');
  workspace.remove('out');
  assert.equal((await workspace.replay(other, keyWithSecret())).kind, 'hit');
  assert.equal(workspace.read('out'), 'output');
}

/** Runs a statement as another process would that is not vt. */
async function runSql(workspace: TestWorkspace, sql: string): Promise<void> {
  const sqlite3 = createRequire(import.meta.url)('sqlite3') as typeof Sqlite;
  const database: Sqlite.Database = new sqlite3.Database(
    cacheLayout(workspace.cacheDirectory).index,
  );
  await new Promise<void>((resolve, reject) =>
    database.exec(sql, (error) => (error ? reject(error) : resolve())),
  );
  await new Promise((resolve) => database.close(resolve));
}

function blobPath(workspace: TestWorkspace, text: string): string {
  return new BlobStore(cacheLayout(workspace.cacheDirectory)).path(digestOf(text));
}

const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes[0]! ^= 1;
  writeFileSync(path, bytes);
};

test('a missing, truncated or flipped output blob', async (t) => {
  await expectDamaged(
    t,
    (w) => unlinkSync(blobPath(w, 'output')),
    /^blob [0-9a-f]{64} is missing$/,
  );
  await expectDamaged(t, (w) => truncateSync(blobPath(w, 'output'), 3), /has other bytes$/);
  await expectDamaged(t, (w) => flip(blobPath(w, 'output')), /has other bytes$/);
});

test('a missing or flipped transcript', async (t) => {
  const transcriptPath = (w: TestWorkspace) =>
    filesBelow(cacheLayout(w.cacheDirectory).blobs).find(
      (path) => statSync(path).isFile() && path !== blobPath(w, 'output'),
    )!;
  await expectDamaged(t, (w) => unlinkSync(transcriptPath(w)), /is missing$/);
  await expectDamaged(t, (w) => flip(transcriptPath(w)), /has other bytes$/);
});

test('damaged rows of the index', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["UPDATE entry SET body = x'0801'", /^entry [0-9a-f]+ has other bytes$/],
    ['UPDATE entry SET body = substr(body, 2)', /^entry [0-9a-f]+ has other bytes$/],
    ["UPDATE observation_group SET body = x'0801'", /^observation group has other bytes$/],
    ['DELETE FROM observation_group', /^observation group \d+ is missing$/],
    ['UPDATE entry SET groups = substr(groups, 1, 4)', /^entry [0-9a-f]+ has other groups$/],
    ["UPDATE entry SET name = 'x'", /^entry x has other groups$/],
  ];
  for (const [sql, detail] of cases) await expectDamaged(t, (_, database) => database(sql), detail);
});

test('a damaged record of the last run explains nothing and breaks nothing', async (t) => {
  const { workspace, cache } = await stored(t);
  await runSql(workspace, "UPDATE last_run SET key = x'ff', manifest = x'ff'");
  const lookup = await cache.lookup('app#build', testKey(), workspace);
  assert.deepEqual(lookup, { kind: 'first-run' });
  assert.equal((await workspace.replay(cache, keyWithSecret())).kind, 'hit');
});

test('a wrong remembered digest never makes a hit of other content', async (t) => {
  const { workspace, cache } = await stored(t);
  await cache.close();
  await runSql(workspace, `UPDATE file_memo SET digest = '${'0'.repeat(64)}'`);
  const lookup = await workspace.openCache().lookup('app#build', keyWithSecret(), workspace);
  assert.deepEqual(lookup, { kind: 'miss', reason: { kind: 'modified', path: 'src/a' } });
});

test('a restore that the index cannot record is undone', async (t) => {
  const { workspace, cache } = await stored(t);
  workspace.write('out', 'edited');
  await runSql(
    workspace,
    "CREATE TRIGGER refuse BEFORE INSERT ON last_run BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  const lookup = await cache.lookup('app#build', keyWithSecret(), workspace);
  assert.ok(lookup.kind === 'hit');
  assert.equal((await cache.restore(lookup, workspace)).kind, 'failed');
  assert.equal(workspace.read('out'), 'edited');
  assert.equal(workspace.warnings.length, 1);
  assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
});

/** The cache is of no use: nothing is found, nothing is kept, one warning, nothing else. */
async function expectUnusable(
  workspace: TestWorkspace,
  cache: Cache,
  detail: RegExp,
): Promise<void> {
  const lookup = await cache.lookup('app#build', keyWithSecret(), workspace);
  assert.deepEqual(lookup, { kind: 'first-run' });
  assert.equal((await store(workspace, cache)).kind, 'cache-unusable');
  await cache.close();
  assert.deepEqual(
    workspace.warnings.map((warning) => warning.kind),
    ['cache-unusable'],
  );
  assert.match(workspace.warnings[0]!.detail, detail);
  assert.equal(workspace.read('out'), 'output');
}

test('an index that is no database is replaced, with one warning', async (t) => {
  for (const content of ['garbage'.repeat(1000), '', 'SQLite format 3\0'.padEnd(5000, 'x')]) {
    const { workspace, cache } = await stored(t);
    await cache.close();
    const { index } = cacheLayout(workspace.cacheDirectory);
    for (const suffix of ['-wal', '-shm']) rmSync(index + suffix, { force: true });
    writeFileSync(index, content);
    const other = workspace.openCache();
    const lookup = await other.lookup('app#build', keyWithSecret(), workspace);
    assert.deepEqual(lookup, { kind: 'first-run' });
    assert.equal((await store(workspace, other)).kind, 'stored');
    assert.equal((await workspace.replay(other, keyWithSecret())).kind, 'hit');
    assert.deepEqual(
      workspace.warnings.map((warning) => warning.kind),
      ['cache-reset'],
    );
  }
});

test('an index with overwritten pages', async (t) => {
  const { workspace, cache } = await stored(t);
  await cache.close();
  const { index } = cacheLayout(workspace.cacheDirectory);
  const bytes = readFileSync(index);
  bytes.fill(0xa5, 4096);
  writeFileSync(index, bytes);
  const other = workspace.openCache();
  assert.equal((await other.lookup('app#build', keyWithSecret(), workspace)).kind, 'first-run');
  await other.close();
  assert.deepEqual(
    workspace.warnings.map((warning) => warning.kind),
    ['cache-reset'],
  );
  assert.equal((await store(workspace, workspace.openCache())).kind, 'stored');
  assert.equal(workspace.warnings.length, 1);
});

test('a cache directory that cannot be made', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', 'source');
  workspace.write('node_modules', 'a file');
  await expectUnusable(workspace, workspace.openCache(), /ENOTDIR|EEXIST/);
});

test('a cache directory where nothing can be made', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', 'source');
  const directory = '/proc/vt-cache' as AbsolutePath;
  await expectUnusable(workspace, workspace.openCache({ directory }), /ENOENT|EROFS|EACCES|EPERM/);
});

test('a blob folder that cannot be written', async (t) => {
  const { workspace, cache } = await stored(t);
  const { blobs } = cacheLayout(workspace.cacheDirectory);
  renameSync(blobs, `${blobs}.away`);
  writeFileSync(blobs, '');
  const outcome = await store(workspace, cache);
  assert.equal(outcome.kind, 'cache-unusable');
  assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
  assert.equal(workspace.warnings.length, 1);
});

test('the cache is removed while it is in use', async (t) => {
  const { workspace, cache } = await stored(t);
  workspace.remove('node_modules');
  const outcome = await store(workspace, cache);
  assert.equal(outcome.kind, 'cache-unusable');
  assert.equal(workspace.warnings.length, 1);
  assert.equal((await store(workspace, workspace.openCache())).kind, 'stored');
});

test('another schema version is left alone', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', 'source');
  const other = join(workspace.cacheDirectory, 'v999');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'index.db'), 'from the future');
  const cache = workspace.openCache();
  assert.equal((await store(workspace, cache)).kind, 'stored');
  assert.equal(readFileSync(join(other, 'index.db'), 'utf8'), 'from the future');
});

test('everything is for the owner alone, and no value of a variable is anywhere', async (t) => {
  for (const umask of [0, 0o077, 0o377]) {
    await t.test(`umask ${umask.toString(8)}`, (t) => expectPrivate(t, umask));
  }
});

async function expectPrivate(t: TestContext, umask: number): Promise<void> {
  const before = process.umask(umask);
  t.after(() => process.umask(before));
  const { workspace, cache } = await stored(t);
  workspace.remove('out');
  workspace.variables.set('APP_OTHER', 'another secret value');
  assert.equal((await cache.lookup('app#build', keyWithSecret(), workspace)).kind, 'miss');
  workspace.variables.delete('APP_OTHER');
  assert.equal((await workspace.replay(cache, keyWithSecret())).kind, 'hit');
  const { store: directory } = cacheLayout(workspace.cacheDirectory);
  const paths = [workspace.cacheDirectory, ...filesBelow(workspace.cacheDirectory)];
  assert.ok(paths.some((path) => path.endsWith('-wal')));
  for (const path of paths) {
    const stat = lstatSync(path);
    assert.equal((stat.mode & 0o777).toString(8), stat.isDirectory() ? '700' : '600', path);
    if (stat.isDirectory()) continue;
    const bytes = readFileSync(path);
    assert.equal(bytes.includes(SECRET), false, path);
    assert.equal(bytes.includes('another secret value'), false, path);
  }
  await cache.close();
  chmodSync(directory, 0o755);
  await workspace.openCache().lookup('app#build', testKey(), workspace);
  assert.equal(lstatSync(directory).mode & 0o777, 0o700);
}

test('cleaning removes what is ours and nothing else', async (t) => {
  const { workspace, cache } = await stored(t);
  await cache.close();
  const root = workspace.cacheDirectory;
  const strangers = ['v9/notes.txt', 'v1.txt', 'data/file'];
  for (const path of strangers) workspace.write(`node_modules/.cache/vt/${path}`, '');
  assert.deepEqual(cleanCache(root), { kind: 'cleaned', stores: 1 });
  const files = filesBelow(root).filter((path) => lstatSync(path).isFile());
  const names = files.map((path) => path.slice(root.length + 1)).sort();
  assert.deepEqual(names, ['.gitignore', ...strangers].sort());
  for (const path of ['v9', 'v1.txt', 'data']) rmSync(join(root, path), { recursive: true });
  assert.deepEqual(cleanCache(root), { kind: 'cleaned', stores: 0 });
  assert.equal(lstatSync(root, { throwIfNoEntry: false }), undefined);
  assert.deepEqual(cleanCache(root), { kind: 'cleaned', stores: 0 });
  workspace.write('file', '');
  const failed = cleanCache(workspace.absolute('file') as AbsolutePath);
  assert.deepEqual(failed, { kind: 'failed', path: workspace.absolute('file'), detail: 'ENOTDIR' });
});
