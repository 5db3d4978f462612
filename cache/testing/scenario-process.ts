import type { AbsolutePath } from '../brands.js';
import { openCache } from '../cache.js';
import { replay, run, worldOf } from './scenario.js';
import type { Mode } from './scenario.js';
import { testKey } from './test-workspace.js';

/** A process for tests, to be killed. argv: workspace, cache directory, what to do, mode. */
const [root, directory, action, mode] = process.argv.slice(2) as [
  AbsolutePath,
  AbsolutePath,
  'look' | 'restore' | 'store',
  Mode,
];
const cache = openCache({ directory, warn: (warning) => console.log(JSON.stringify(warning)) });
switch (action) {
  case 'look':
    await cache.lookup('app#build', testKey(), worldOf(root, 'none'));
    break;
  case 'restore':
    console.log(await replay(cache, root, mode));
    break;
  case 'store':
    console.log((await cache.store(run(root, mode), worldOf(root, mode))).kind);
    break;
}
await cache.close();
