import { createInterface } from 'node:readline';
import { cacheLayout } from '../cache-directory.js';
import type { AbsolutePath } from '../brands.js';
import { BlobStore } from '../blob-store.js';
import { collectGarbage } from '../collect-garbage.js';
import { FileMemo } from '../file-memo.js';
import { IndexDatabase } from '../index-database.js';

/**
 * A process for tests: collects once for each line of its standard input, a number of bytes to
 * keep. argv: cache directory. Prints a line when it is ready, and in the end how many results it
 * removed.
 */
const [directory] = process.argv.slice(2) as [AbsolutePath];
const layout = cacheLayout(directory);
const index = await IndexDatabase.open(layout.index, layout.temporary);
const store = {
  layout,
  index,
  blobs: new BlobStore(layout),
  memo: new FileMemo(layout.temporary),
};
let evicted = 0;
console.log('ready');
for await (const line of createInterface(process.stdin)) {
  const limits = { maxBytes: Number(line), maxAge: Infinity };
  const collection = await collectGarbage(store, limits, Date.now());
  evicted += collection.evicted.size;
}
await index.close();
console.log(`evicted ${evicted}`);
