import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { cacheLayout } from './cache-directory.js';
import type { CacheLayout } from './cache-directory.js';
import { keepRepeat, repeatName, repeatedHits } from './repeat-store.js';
import { TestWorkspace } from './testing/test-workspace.js';
import type { TestContext } from 'node:test';

const hit = { workspace: '..', task: 'build', entry: 'e1' };

function layoutIn(t: TestContext): CacheLayout {
  const layout = cacheLayout(new TestWorkspace(t).cacheDirectory);
  mkdirSync(layout.store, { recursive: true });
  return layout;
}

function invocation(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function records(layout: CacheLayout): string[] {
  return readdirSync(layout.repeats).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

describe('records of invocations', () => {
  it('have names that tell nothing: of invocation and salt', (t) => {
    const [one, other] = [layoutIn(t), layoutIn(t)];
    const names = [one, one, other].map((layout) => repeatName(layout, invocation('a')));
    const [first, again, elsewhere] = names.map((name) => basename(name?.file ?? ''));
    assert.match(first ?? '', /^[0-9a-f]{64}$/);
    assert.equal(again, first);
    assert.notEqual(elsewhere, first, 'each cache has a salt of its own');
    assert.deepEqual(names[0]?.key, names[1]?.key);
    assert.notEqual(basename(repeatName(one, invocation('b'))?.file ?? ''), first);
    const salt = join(one.repeats, 'salt');
    assert.equal(readFileSync(salt).length, 32);
    assert.equal(statSync(salt).mode & 0o777, 0o600);
    assert.equal(statSync(one.repeats).mode & 0o777, 0o700);
  });

  it('are not kept where the salt is damaged, or their folder cannot be made', (t) => {
    const layout = layoutIn(t);
    assert.ok(repeatName(layout, invocation('a')));
    writeFileSync(join(layout.repeats, 'salt'), 'short');
    assert.equal(repeatName(layout, invocation('a')), undefined);
    rmSync(layout.repeats, { recursive: true });
    writeFileSync(layout.repeats, 'in the way');
    assert.equal(repeatName(layout, invocation('a')), undefined);
  });

  it('are as many as somebody may use in turns, the oldest go', (t) => {
    const layout = layoutIn(t);
    const keep = (text: string, bytes: Buffer): string => {
      const name = repeatName(layout, invocation(text))!;
      keepRepeat(layout, name, bytes, [hit]);
      return basename(name.file);
    };
    const names = Array.from({ length: 70 }, (_, index) => {
      const name = keep(`${index}`, Buffer.from('record'));
      utimesSync(join(layout.repeats, name), index, index);
      return name;
    });
    const last = keep('last', Buffer.from('record'));
    const kept = records(layout);
    assert.equal(kept.length, 64);
    assert.ok(kept.includes(last));
    for (const name of names.slice(-63)) assert.ok(kept.includes(name));
    assert.equal(
      readdirSync(layout.repeats).length,
      2 * 64 + 1,
      'each with its hits, and the salt',
    );

    keep('large', Buffer.alloc((16 << 20) + 1));
    assert.equal(records(layout).length, 64, 'one that is too large is none');
    for (const text of ['a', 'b', 'c', 'd', 'e']) keep(text, Buffer.alloc(16 << 20));
    assert.ok(records(layout).length <= 4);
  });

  it('tell which hits they stand for', (t) => {
    const layout = layoutIn(t);
    const name = repeatName(layout, invocation('a'))!;
    keepRepeat(layout, name, Buffer.from('record'), [hit, { ...hit, task: 'test' }]);
    const file = basename(name.file);
    assert.deepEqual(repeatedHits(layout, file), [hit, { ...hit, task: 'test' }]);
    writeFileSync(`${name.file}.hits`, '{"cut off');
    assert.deepEqual(repeatedHits(layout, file), []);
    for (const other of ['0'.repeat(64), '../index.db', 'salt']) {
      assert.deepEqual(repeatedHits(layout, other), []);
    }
  });
});
