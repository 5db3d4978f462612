import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AbsolutePath } from '../brands.js';
import { openCache } from '../cache.js';
import { contentDigest } from '../content-digest.js';
import { takeFileStamp } from '../file-stamp.js';
import type { World } from '../world.js';
import { testKey, workspacePath } from './test-workspace.js';

/**
 * A process for tests: switches the outputs of a workspace between modes, storing a mode's result
 * when there is none. argv: workspace, cache directory, number of rounds, number of modes, and the
 * outputs' folder. Prints one line per kind of outcome with its count, and warnings; with a sixth
 * argument also a line `round` before each round.
 */
const [root, directory, rounds, modes, folder, telling] = process.argv.slice(2) as [
  AbsolutePath,
  AbsolutePath,
  string,
  string,
  string,
  string | undefined,
];
const outcomes = new Map<string, number>();
const count = (kind: string) => outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
const cache = openCache({ directory, warn: (warning) => count(JSON.stringify(warning)) });
const outputs = Array.from({ length: 20 }, (_, index) => workspacePath(`${folder}/${index}`));

for (let round = 0; round < Number(rounds); round++) {
  if (telling !== undefined) console.log('round');
  // Far apart, so that processes with neighbouring ids do not come to the same modes.
  const mode = String((process.pid * 1009 + round * 7) % Number(modes));
  const world: World = {
    root,
    env: () => mode,
    queryEnv: () => new Map(),
    findProgram: () => undefined,
    expandGlobs: () => Promise.resolve([]),
  };
  const lookup = await cache.lookup(folder, testKey({ args: [folder] }), world);
  if (lookup.kind === 'hit') {
    const outcome = await cache.restore(lookup, world);
    count(outcome.kind === 'restored' ? 'restored' : JSON.stringify(outcome));
    continue;
  }
  const startStamp = takeFileStamp(tmpdir());
  for (const path of outputs) writeFileSync(join(root, path), `mode ${mode}`);
  const stored = await cache.store(
    {
      task: folder,
      key: testKey({ args: [folder] }),
      dependencies: [{ kind: 'env', observer: -1, name: 'MODE', value: mode }],
      outputs: outputs.map((path) => ({ path, existedBefore: false })),
      transcript: [{ stream: 'stdout', bytes: Buffer.from(contentDigest(mode)) }],
      processes: [],
      duration: 1,
      startStamp,
    },
    world,
  );
  count(stored.kind);
}
await cache.close();
for (const [kind, times] of outcomes) console.log(`${times} ${kind}`);
