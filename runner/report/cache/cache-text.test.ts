import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ageText } from './age-text.js';
import { collectionText, entryListText, statisticsText } from './cache-text.js';
import { sizeText } from './size-text.js';

const HOUR = 60 * 60 * 1000;

describe('the texts of vt cache', () => {
  it('sizes', () => {
    const sizes = [0, 1023, 1024, 1536, 10 * 1024, 2 ** 20 - 1, 2 ** 20, 1.25 * 2 ** 30, 2 ** 52];
    assert.deepEqual(sizes.map(sizeText), [
      ...['0 B', '1023 B', '1 KiB', '1.5 KiB', '10 KiB', '1 MiB', '1 MiB', '1.3 GiB', '4096 TiB'],
    ]);
  });

  it('ages', () => {
    const ages = [0, 59_999, 60_000, HOUR - 1, HOUR, 47 * HOUR, 48 * HOUR, 40 * 24 * HOUR];
    assert.deepEqual(ages.map(ageText), [
      ...['now', 'now', '1m ago', '59m ago', '1h ago', '47h ago', '2d ago', '40d ago'],
    ]);
  });

  it('statistics', () => {
    const statistics = {
      ...{ entries: 3, tasks: 1, hits: 2, files: 4, bytes: 5000, indexBytes: 100_000 },
      oldestUse: 0,
      lastCollection: HOUR,
    };
    const limits = { maxBytes: 10 * 2 ** 30, maxAge: 30 * 24 * HOUR };
    assert.equal(
      statisticsText('/w/.vt/cache', statistics, limits, 3 * HOUR),
      `directory:        /w/.vt/cache
results:          3 of 1 task, restored 2 times
files:            4, 4.9 KiB
index:            98 KiB
limits:           size 10 GiB, age 30 days
least recent use: 3h ago
last collection:  2h ago
`,
    );
    const none = { maxBytes: Infinity, maxAge: Infinity };
    assert.match(
      statisticsText('/', { ...statistics, oldestUse: undefined }, none, 0),
      /size none, age none\nleast recent use: none/,
    );
  });

  it('lists', () => {
    const entry = { bytes: 2048, stored: 0, used: 0, hits: 12, duration: 5 };
    assert.equal(
      entryListText(
        [
          { ...entry, name: 'a'.repeat(32), task: 'app#build' },
          { ...entry, name: 'b'.repeat(32), task: undefined, bytes: 1, hits: 0 },
        ],
        HOUR,
      ),
      `ENTRY         SIZE   USED    HITS  TASK
aaaaaaaaaaaa  2 KiB  1h ago  12    app#build
bbbbbbbbbbbb  1 B    1h ago  0     (damaged)
`,
    );
    assert.equal(entryListText([], 0), 'no results\n');
  });

  it('collections', () => {
    const collection = {
      evicted: { age: 1, size: 2, damage: 0 },
      ...{ removedBlobs: 1, freedBytes: 1024, removedStores: 1 },
      ...{ remainingEntries: 1, remainingBytes: 10 },
    };
    assert.equal(
      collectionText(collection),
      'vt: removed 3 results (1 too old, 2 for room), 1 file and 1 store of other versions: 1 KiB freed\nvt: 1 result left, 10 B\n',
    );
    const idle = { ...collection, evicted: { age: 0, size: 0, damage: 0 }, removedStores: 0 };
    assert.match(collectionText(idle), /^vt: removed 0 results, 1 file: 1 KiB freed\n/);
  });
});
