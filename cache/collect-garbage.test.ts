import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type * as Sqlite from 'sqlite3';
import { BlobStore } from './blob-store.js';
import { walkBlobs } from './blob-walk.js';
import { cacheLayout } from './cache-directory.js';
import type { CacheLimits } from './cache-limits.js';
import { DEFAULT_LIMITS } from './cache-limits.js';
import { collectGarbage } from './collect-garbage.js';
import type { Collection } from './collect-garbage.js';
import { FileMemo } from './file-memo.js';
import { IndexDatabase } from './index-database.js';
import { blobsOf, decodeEntry } from './stored-entry.js';
import type { Cache } from './stored-run.js';
import { TestWorkspace, digestOf, on, testKey } from './testing/test-workspace.js';

// Shows: cache.limits

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** A workspace in which a task `name` writes `out/name`, a file of this text. */
class Collecting extends TestWorkspace {
  readonly layout = cacheLayout(this.cacheDirectory);

  async store(cache: Cache, name: string, text: string): Promise<void> {
    const run = this.run(() => {
      this.write(`out/${name}`, text);
      return { task: name, key: testKey({ args: [name] }), outputs: [`out/${name}`] };
    });
    assert.equal((await cache.store(run, this)).kind, 'stored');
  }

  async hits(cache: Cache, name: string): Promise<boolean> {
    rmSync(this.absolute(`out/${name}`), { force: true });
    const lookup = await this.replay(cache, testKey({ args: [name] }), name);
    return lookup.kind === 'hit';
  }

  /** As another process would, at this many milliseconds from now. */
  async collect(limits: Partial<CacheLimits>, later = 0): Promise<Collection> {
    const index = await IndexDatabase.open(this.layout.index, this.layout.temporary);
    const store = {
      layout: this.layout,
      index,
      blobs: new BlobStore(this.layout),
      memo: new FileMemo(this.layout.temporary),
    };
    try {
      return await collectGarbage(store, { ...DEFAULT_LIMITS, ...limits }, Date.now() + later);
    } finally {
      await index.close();
    }
  }

  hasBlob(text: string): boolean {
    return walkBlobs(this.layout.blobs).has(digestOf(text));
  }

  async query<Row>(sql: string): Promise<Row[]> {
    const sqlite3 = createRequire(import.meta.url)('sqlite3') as typeof Sqlite;
    const database: Sqlite.Database = new sqlite3.Database(this.layout.index);
    const rows = await new Promise<Row[]>((resolve, reject) =>
      database.all<Row>(sql, (error, found) => (error ? reject(error) : resolve(found))),
    );
    await new Promise((resolve) => database.close(resolve));
    return rows;
  }
}

const big = (letter: string) => letter.repeat(100_000);

test('the least recently used go until the rest is small enough', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  for (const name of ['a', 'b', 'c']) await workspace.store(cache, name, big(name));
  assert.equal(await workspace.hits(cache, 'a'), true);
  const collection = await workspace.collect({ maxBytes: 250_000 });
  assert.deepEqual(collection.evicted, { age: 0, size: 1, damage: 0 });
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => workspace.hasBlob(big(name))),
    [true, false, true],
  );
  assert.equal(collection.removedBlobs, 1, 'the transcript is that of the others too');
  assert.equal(collection.freedBytes, 100_000);
  assert.equal(collection.remainingEntries, 2);
  assert.equal(await workspace.hits(cache, 'a'), true, 'it was used last');
  assert.equal(await workspace.hits(cache, 'b'), false);
  assert.equal(await workspace.hits(cache, 'c'), true);
});

test('a file that several results share counts once and stays for the last of them', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  for (const name of ['a', 'b', 'c']) await workspace.store(cache, name, big('x'));
  assert.equal((await workspace.collect({ maxBytes: 110_000 })).evicted.size, 0);
  const { evicted, remainingBytes } = await workspace.collect({ maxBytes: 99_999 });
  assert.deepEqual([evicted.size, remainingBytes], [3, 0]);
  await workspace.store(cache, 'a', big('x'));
  await workspace.store(cache, 'b', big('x'));
  await workspace.query(`UPDATE entry SET used = 1 WHERE id = (SELECT min(id) FROM entry)`);
  const { evicted: old, removedBlobs } = await workspace.collect({});
  assert.deepEqual([old.age, removedBlobs], [1, 0]);
  assert.equal(await workspace.hits(cache, 'b'), true);
});

test('what was not used for too long goes, with all that was kept for it', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  workspace.write('src/a', 'source');
  const run = workspace.run(() => {
    workspace.write('out/old', big('o'));
    return { task: 'old', dependencies: [on.content('src/a')], outputs: ['out/old'] };
  });
  await cache.store(run, workspace);
  await workspace.store(cache, 'young', big('y'));
  await workspace.query(`UPDATE entry SET used = used - ${31 * DAY}000 WHERE body LIKE '%old%'`);
  assert.deepEqual((await workspace.collect({})).evicted, { age: 1, size: 0, damage: 0 });
  assert.equal(workspace.hasBlob(big('o')), false);
  assert.equal(await workspace.hits(cache, 'young'), true);
  assert.deepEqual(await workspace.query('SELECT * FROM observation_group'), []);
  assert.equal((await workspace.query('SELECT * FROM file_memo')).length > 0, true);
  await workspace.collect({}, 31 * DAY);
  assert.deepEqual(await workspace.query('SELECT * FROM file_memo'), []);
  assert.deepEqual(await workspace.query('SELECT * FROM entry'), []);
});

test('damaged records go', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  await workspace.store(cache, 'a', big('a'));
  await workspace.query("UPDATE entry SET body = x'08'");
  assert.deepEqual((await workspace.collect({})).evicted, { age: 0, size: 0, damage: 1 });
  assert.equal(workspace.hasBlob(big('a')), true, 'nothing is known of it for an hour');
  const { removedBlobs } = await workspace.collect({}, 2 * HOUR);
  assert.equal(removedBlobs, 2);
});

test('what no result refers to goes after an hour, and stores of other versions when unused', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  await workspace.store(cache, 'a', 'a');
  const orphan = new BlobStore(workspace.layout).put(Buffer.from('never referred to'));
  const root = workspace.cacheDirectory;
  const there = (paths: readonly string[]) => paths.filter((path) => existsSync(join(root, path)));
  const removable = ['v0.trash-00ff/index.db', 'v1/index.db'];
  const strangers = ['v7/other/file', 'notes'];
  for (const path of [...removable, ...strangers]) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  assert.equal((await workspace.collect({})).removedStores, 0, 'all too young');
  assert.equal(existsSync(new BlobStore(workspace.layout).path(orphan)), true);
  const later = await workspace.collect({}, 2 * HOUR);
  assert.deepEqual([later.removedStores, later.removedBlobs], [1, 1]);
  assert.deepEqual(there(removable), ['v1/index.db'], 'another version is used now and then');
  utimesSync(join(root, 'v1/index.db'), 0, 0);
  utimesSync(join(root, 'v1'), 0, 0);
  assert.equal((await workspace.collect({})).removedStores, 1);
  assert.deepEqual([there(removable), there(strangers)], [[], strangers]);
  assert.equal(await workspace.hits(cache, 'a'), true);
});

test('workspaces that are gone are forgotten', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  await workspace.store(cache, 'a', 'a');
  await workspace.query(
    "INSERT INTO last_run SELECT '../../gone', task, key, manifest, 9, attempt, attempt_checksum FROM last_run",
  );
  await workspace.collect({});
  assert.deepEqual(await workspace.query('SELECT workspace FROM last_run'), [
    { workspace: '../../..' },
  ]);
});

test('a cache that has grown too large is made smaller when it is closed, not by hits', async (t) => {
  const workspace = new Collecting(t);
  const limits = { maxBytes: 320_000, maxAge: Infinity };
  for (const name of ['a', 'b', 'c']) {
    const cache = workspace.openCache({ limits });
    await workspace.store(cache, name, big(name));
    await cache.close();
  }
  const small = { maxBytes: 1, maxAge: Infinity };
  const hitting = workspace.openCache({ limits: small });
  assert.equal(await workspace.hits(hitting, 'a'), true);
  await hitting.close();
  assert.equal((await workspace.query('SELECT id FROM entry')).length, 3);

  const storing = workspace.openCache({ limits });
  await workspace.store(storing, 'd', big('d'));
  assert.equal((await workspace.query('SELECT id FROM entry')).length, 4, 'not before the end');
  await storing.close();
  const found = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => workspace.hits(workspace.openCache(), name)),
  );
  assert.deepEqual(found, [true, false, false, true], 'to nine tenths of the limit');
  const [known] = await workspace.query<{ blob_bytes: number }>('SELECT * FROM housekeeping');
  const sizes = [...walkBlobs(workspace.layout.blobs).values()].map(({ size }) => size);
  assert.equal(
    known?.blob_bytes,
    sizes.reduce((a, b) => a + b),
  );
});

test('age is looked at once a day, by one process', async (t) => {
  const workspace = new Collecting(t);
  const storeWith = async (name: string) => {
    const cache = workspace.openCache();
    await workspace.store(cache, name, name);
    await cache.close();
  };
  const entries = async () => (await workspace.query('SELECT id FROM entry')).length;
  await storeWith('a');
  await workspace.query('UPDATE entry SET used = 1');
  await storeWith('b');
  assert.equal(await entries(), 2, 'not yet');
  await workspace.query(`UPDATE housekeeping SET collected = 1, claimed = ${Date.now() - 1000}`);
  await storeWith('c');
  assert.equal(await entries(), 3, 'another process is at it');
  await workspace.query(`UPDATE housekeeping SET claimed = ${Date.now() - HOUR}`);
  await storeWith('d');
  assert.equal(await entries(), 3, 'that process must have died');
  const [state] = await workspace.query<{ claimed: number; collected: number }>(
    'SELECT * FROM housekeeping',
  );
  assert.equal(state?.claimed, 0);
  assert.equal(state.collected > 1, true);
});

test('a result that was removed after it was found is a miss that says so', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  await workspace.store(cache, 'a', big('a'));
  const lookup = await cache.lookup('a', testKey({ args: ['a'] }), workspace);
  assert.ok(lookup.kind === 'hit');
  workspace.remove('out/a');
  await workspace.collect({ maxBytes: 0 });
  assert.deepEqual(await cache.restore(lookup, workspace), {
    kind: 'failed',
    reason: { kind: 'evicted' },
  });
  assert.equal(workspace.exists('out/a'), false);
  assert.deepEqual(workspace.warnings, []);
});

test('processes that store and restore beside processes that collect', async (t) => {
  const workspace = new Collecting(t);
  const cache = workspace.openCache();
  await workspace.store(cache, 'first', 'first');
  const program = (name: string) => fileURLToPath(new URL(`testing/${name}.js`, import.meta.url));
  const start = (name: string, args: readonly string[]) =>
    startProcess(t, [program(name), ...args]);

  const collectors = [1, 2].map(() => start('collecting-process', [workspace.cacheDirectory]));
  await Promise.all(collectors.map((collector) => once(collector.lines, 'line')));
  const switchers = [0, 1, 2].map((number) => {
    const folder = `dist${number}`;
    mkdirSync(workspace.absolute(folder));
    const { root, cacheDirectory } = workspace;
    return start('switching-process', [root, cacheDirectory, '40', '3', folder, 'tell']);
  });
  let rounds = 0;
  for (const { lines } of switchers) {
    lines.on('line', (line) => {
      // Of three results now one goes, now all.
      if (line === 'round' && ++rounds % 5 === 0) {
        collectors[rounds % 2]!.child.stdin.write(`${rounds % 3 === 0 ? 0 : 200}\n`);
      }
    });
  }
  const outcomes = new Map<string, number>();
  for (const switcher of switchers) {
    for (const line of await switcher.output()) {
      if (line === 'round') continue;
      const [count, kind] = line.split(/ (.*)/) as [string, string];
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + Number(count));
    }
  }
  let evicted = 0;
  for (const collector of collectors) {
    collector.child.stdin.end();
    evicted += Number((await collector.output()).at(-1)?.replace('evicted ', ''));
  }
  const expected = ['stored', 'restored', '{"kind":"failed","reason":{"kind":"evicted"}}'];
  assert.deepEqual(
    [...outcomes.keys()].filter((kind) => !expected.includes(kind)),
    [],
  );
  assert.equal(
    [...outcomes.values()].reduce((a, b) => a + b),
    120,
  );
  assert.ok(evicted > 0, 'nothing was evicted meanwhile');
  t.diagnostic(`${JSON.stringify([...outcomes])}, ${evicted} evicted`);
  for (const number of [0, 1, 2]) {
    const texts = new Set(
      readdirSync(workspace.absolute(`dist${number}`)).map((name) =>
        workspace.read(`dist${number}/${name}`),
      ),
    );
    assert.equal(texts.size, 1, 'one whole result');
  }
  for (const { body } of await workspace.query<{ body: Uint8Array }>('SELECT body FROM entry')) {
    const missing = blobsOf(decodeEntry(body)).filter(
      (digest) => !new BlobStore(workspace.layout).exists(digest),
    );
    assert.deepEqual(missing, [], 'every result that is left is whole');
  }
});

/** A process of ours with its lines; killed when the test ends. */
function startProcess(t: TestContext, argv: readonly string[]) {
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  const seen: string[] = [];
  lines.on('line', (line) => seen.push(line));
  const closed = once(lines, 'close');
  return {
    child,
    lines,
    output: async () => {
      await closed;
      const [code] = await ended;
      assert.equal(code, 0);
      return seen;
    },
  };
}
