import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeFifos } from './fifo.js';

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'vt-fifo-test-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}

const ways = { 'by the native module': [], 'by a process': ['none'] } as const;

for (const [way, native] of Object.entries(ways)) {
  test(`${way}: FIFOs that only this user can open, whatever the umask`, async (t) => {
    const directory = folder(t);
    const paths = ['a', 'b é'].map((name) => path.join(directory, name));
    const umask = process.umask(0o777);
    try {
      await makeFifos(paths, ...native);
    } finally {
      process.umask(umask);
    }
    for (const made of paths) {
      const stat = lstatSync(made);
      assert.ok(stat.isFIFO());
      assert.equal(stat.mode & 0o777, 0o600);
    }
  });

  test(`${way}: where one cannot be made that is a system error`, async (t) => {
    const directory = folder(t);
    const paths = ['a', 'none/b', 'c'].map((name) => path.join(directory, name));
    await assert.rejects(
      makeFifos(paths, ...native),
      ({ code, message }: NodeJS.ErrnoException) => {
        assert.match(code ?? '', /^E[A-Z]+$/);
        assert.match(message, /none\/b/);
        return true;
      },
    );
  });
}

test('the native module refuses what cannot be a path', async (t) => {
  const long = path.join(folder(t), 'x'.repeat(5000));
  await assert.rejects(makeFifos([long]), { code: 'ENAMETOOLONG' });
  assert.deepEqual(readdirSync(path.dirname(long)), []);
});
