import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type * as Sqlite from 'sqlite3';
import { cacheLayout } from './cache-directory.js';
import { TestWorkspace, on, testKey } from './testing/test-workspace.js';

const PROCESS = fileURLToPath(new URL('testing/switching-process.js', import.meta.url));

/** Runs processes at once and adds up what they report. */
async function runAll(argumentLists: readonly string[][]): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  await Promise.all(
    argumentLists.map(
      (args) =>
        new Promise<void>((resolve, reject) => {
          const child = spawn(process.execPath, [PROCESS, ...args], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          let output = '';
          child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
          child.on('error', reject);
          child.on('close', (code) => {
            if (code !== 0) return reject(new Error(`exit code ${code}`));
            for (const line of output.trim().split('\n')) {
              const [count, kind] = line.split(/ (.*)/) as [string, string];
              outcomes.set(kind, (outcomes.get(kind) ?? 0) + Number(count));
            }
            resolve();
          });
        }),
    ),
  );
  return outcomes;
}

test('processes that open a new cache at once and store different results lose nothing', async (t) => {
  const workspace = new TestWorkspace(t);
  const [processes, rounds] = [6, 15];
  const lists = Array.from({ length: processes }, (_, index) => {
    mkdirSync(workspace.absolute(`out${index}`));
    return [workspace.root, workspace.cacheDirectory, String(rounds), '1000000', `out${index}`];
  });
  assert.deepEqual(await runAll(lists), new Map([['stored', processes * rounds]]));
});

test('processes that restore different results of one task never mix them', async (t) => {
  const workspace = new TestWorkspace(t);
  mkdirSync(workspace.absolute('dist'));
  const list = (rounds: number) => [
    workspace.root,
    workspace.cacheDirectory,
    String(rounds),
    '3',
    'dist',
  ];
  assert.deepEqual(
    await runAll([list(9)]),
    new Map([
      ['stored', 3],
      ['restored', 6],
    ]),
  );
  const outcomes = await runAll([list(40), list(40), list(40)]);
  assert.deepEqual(outcomes, new Map([['restored', 120]]));
  const contents = new Set(
    readdirSync(workspace.absolute('dist')).map((n) => workspace.read(`dist/${n}`)),
  );
  assert.equal(contents.size, 1, [...contents].join());
  assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
});

test('calls at once within one process do not disturb each other', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const tasks = Array.from({ length: 20 }, (_, index) => `task${index}`);
  const results = await Promise.all(
    tasks.map(async (task) => {
      const key = testKey({ args: [task] });
      const run = workspace.run(() => {
        workspace.write(`out/${task}`, task);
        return { task, key, outputs: [`out/${task}`], dependencies: [on.absence('none')] };
      });
      const stored = await cache.store(run, workspace);
      workspace.remove(`out/${task}`);
      const lookup = await workspace.replay(cache, key, task);
      return [stored.kind, lookup.kind, workspace.read(`out/${task}`)];
    }),
  );
  assert.deepEqual(
    results,
    tasks.map((task) => ['stored', 'hit', task]),
  );
});

test('a locked index: nothing is kept, results are not restored, one warning', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const makeRun = () =>
    workspace.run(() => {
      workspace.write('out', 'one');
      return { outputs: ['out'] };
    });
  await cache.store(makeRun(), workspace);

  const sqlite3 = createRequire(import.meta.url)('sqlite3') as typeof Sqlite;
  const holder: Sqlite.Database = new sqlite3.Database(cacheLayout(workspace.cacheDirectory).index);
  const execute = (sql: string) =>
    new Promise<void>((resolve, reject) =>
      holder.exec(sql, (error) => (error ? reject(error) : resolve())),
    );
  await execute('BEGIN IMMEDIATE');
  const waiting = workspace.openCache({ lockPatience: 1 });
  workspace.remove('out');
  const lookup = await waiting.lookup('app#build', testKey(), workspace);
  assert.equal(lookup.kind, 'hit', 'readers are not locked out');
  if (lookup.kind === 'hit') {
    const outcome = await waiting.restore(lookup, workspace);
    assert.equal(outcome.kind, 'failed');
  }
  assert.equal(workspace.exists('out'), false);
  assert.equal((await waiting.store(makeRun(), workspace)).kind, 'cache-unusable');
  assert.deepEqual(
    workspace.warnings.map((warning) => warning.kind),
    ['cache-unusable'],
  );
  await execute('COMMIT');
  await new Promise((resolve) => holder.close(resolve));
  assert.equal((await workspace.replay(cache)).kind, 'hit', 'others go on afterwards');
});
