import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { contentDigest } from './content-digest.js';
import type { FileCrew } from './file-crew.js';
import { fileIdentity, lstatOrAbsent } from './file-identity.js';
import { FileMemo } from './file-memo.js';
import { takeFileStamp } from './file-stamp.js';

// Shows: key.unchanged, key.racy

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vt-memo-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('a stamp lies strictly after what was written before and not after what is written later', (t) => {
  const place = directory(t);
  const ctime = (name: string) => statSync(join(place, name), { bigint: true }).ctimeNs;
  for (let round = 0; round < 100; round++) {
    writeFileSync(join(place, 'before'), `${round}`);
    const stamp = takeFileStamp(place);
    writeFileSync(join(place, 'after'), `${round}`);
    assert.ok(ctime('before') < stamp, 'earlier changes are earlier');
    assert.ok(ctime('after') >= stamp, 'later changes are not');
  }
});

test('a file as old as the clock is not remembered, an older one is', async (t) => {
  const place = directory(t);
  const path = join(place, 'file');
  writeFileSync(path, 'one');
  const memo = new FileMemo(place);
  const now = () => lstatOrAbsent(path)!;
  await memo.digest(path, now());
  assert.equal(memo.recall(now()), contentDigest('one'), 'settled before the clock was read');

  writeFileSync(path, 'two');
  const read = await memo.digest(path, now());
  assert.ok('digest' in read && read.digest === contentDigest('two'));
  assert.equal(memo.recall(now()), undefined, 'changed since the clock was read: racy');

  memo.tick();
  await memo.digest(path, now());
  assert.equal(memo.recall(now()), contentDigest('two'));
});

test('an mtime in the future is never trusted', async (t) => {
  const place = directory(t);
  const path = join(place, 'file');
  writeFileSync(path, 'one');
  utimesSync(path, 4_000_000_000, 4_000_000_000);
  const memo = new FileMemo(place);
  await memo.digest(path, lstatOrAbsent(path)!);
  assert.equal(memo.recall(lstatOrAbsent(path)!), undefined);
});

test('what cannot be digested is told, not thrown', async (t) => {
  const place = directory(t);
  const memo = new FileMemo(place);
  const stat = lstatOrAbsent(place)!;
  assert.deepEqual(await memo.digest(place, stat), { failure: 'not-a-file' });
  assert.deepEqual(await memo.digest(join(place, 'none'), stat), { failure: 'ENOENT' });
});

test('files digested at once are judged by the clock of before, whatever other tasks do meanwhile', async (t) => {
  const place = directory(t);
  const path = join(place, 'file');
  writeFileSync(path, 'one');
  let change = (): void => undefined;
  const memo: FileMemo = new FileMemo(place, () => crew as unknown as FileCrew);
  /** As another task's store comes between. */
  const crew = {
    digest: async (): Promise<readonly unknown[]> => {
      await Promise.resolve();
      memo.tick();
      change();
      const stat = lstatOrAbsent(path)!;
      const { mtimeNs, ctimeNs } = stat;
      const digest = contentDigest('any');
      return [
        { digest, sum: 1n, holdsText: false, identity: fileIdentity(stat), mtimeNs, ctimeNs },
      ];
    },
  };
  const digestAll = () => memo.digestAll([{ path, stat: lstatOrAbsent(path)! }]);
  await digestAll();
  assert.equal(memo.recall(lstatOrAbsent(path)!), contentDigest('any'));
  change = () => {
    writeFileSync(path, 'three');
  };
  utimesSync(path, 1, 1);
  await digestAll();
  assert.equal(memo.recall(lstatOrAbsent(path)!), undefined, 'changed after the clock was read');
});
