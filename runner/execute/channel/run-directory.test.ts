import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeFifos } from './fifo.js';
import { createRunDirectory, runDirectoryBase, sweepRunDirectories } from './run-directory.js';

async function base(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'vt-sweep-test-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** A pid that was a process and is none any more. */
const deadPid = () => spawnSync('true').pid;

async function runDirectory(base: string, name: string, withFifo = true): Promise<string> {
  const directory = path.join(base, name);
  await mkdir(path.join(directory, 'ipc'), { recursive: true });
  if (!withFifo) return directory;
  const fifo = path.join(directory, 'ipc/q');
  await makeFifos([fifo]);
  await age(fifo, 2);
  return directory;
}

async function age(file: string, minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60 * 1000);
  await utimes(file, then, then);
}

test('a run directory is private and has the runner’s pid in its name', async (t) => {
  const parent = await base(t);
  const directory = createRunDirectory(parent);
  assert.match(path.basename(directory), new RegExp(`^vt-run-${process.pid}-\\w{6}$`));
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.deepEqual(await sweepRunDirectories(parent), []);
});

test('what a dead runner left is removed', async (t) => {
  const parent = await base(t);
  const leftover = await runDirectory(parent, `vt-run-${deadPid()}-abcDEF`);
  await writeFile(path.join(leftover, 'trace'), 'more of the run');
  assert.deepEqual(await sweepRunDirectories(parent), [leftover]);
  assert.deepEqual(await readdir(parent), []);
});

test('what may still be in use is kept', async (t) => {
  const parent = await base(t);
  const dead = deadPid();
  await runDirectory(parent, `vt-run-${process.pid}-abcDEF`);
  await runDirectory(parent, `vt-run-${dead}-toolong`);
  await runDirectory(parent, `vt-run--abcDEF`);
  await runDirectory(parent, `other-${dead}-abcDEF`);
  await writeFile(path.join(parent, `vt-run-${dead}-isfile`), '');
  await runDirectory(parent, `vt-run-${dead}-making`, false);
  // A runner in another container: its pid means nothing here, but it reads.
  const elsewhere = await runDirectory(parent, `vt-run-${dead}-reader`);
  const fifo = path.join(elsewhere, 'ipc/q');
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const before = (await readdir(parent)).sort();
  assert.deepEqual(await sweepRunDirectories(parent), []);
  assert.deepEqual((await readdir(parent)).sort(), before);
  closeSync(reader);
  assert.deepEqual(await sweepRunDirectories(parent), [elsewhere]);
});

test('a request FIFO that its runner may be about to open is kept', async (t) => {
  const parent = await base(t);
  const directory = await runDirectory(parent, `vt-run-${deadPid()}-abcDEF`);
  await age(path.join(directory, 'ipc/q'), 0);
  assert.deepEqual(await sweepRunDirectories(parent), []);
});

test('a directory whose runner died before it made its FIFO goes when it is old', async (t) => {
  const parent = await base(t);
  const half = await runDirectory(parent, `vt-run-${deadPid()}-abcDEF`, false);
  await age(half, 2 * 60);
  assert.deepEqual(await sweepRunDirectories(parent), [half]);
});

test('a base that is not there is swept without a word', async (t) => {
  assert.deepEqual(await sweepRunDirectories(path.join(await base(t), 'none')), []);
});

test('XDG_RUNTIME_DIR is taken only if it is private', async (t) => {
  const directory = await base(t);
  assert.equal(runDirectoryBase({ XDG_RUNTIME_DIR: directory }), directory);
  await chmod(directory, 0o755);
  assert.equal(runDirectoryBase({ XDG_RUNTIME_DIR: directory }), os.tmpdir());
  assert.equal(runDirectoryBase({ XDG_RUNTIME_DIR: 'relative' }), os.tmpdir());
  assert.equal(runDirectoryBase({ XDG_RUNTIME_DIR: '/nonexistent/run' }), os.tmpdir());
  assert.equal(runDirectoryBase({}), os.tmpdir());
});
