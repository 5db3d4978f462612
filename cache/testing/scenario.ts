import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AbsolutePath } from '../brands.js';
import { takeFileStamp } from '../file-stamp.js';
import type { Cache, FinishedRun } from '../stored-run.js';
import type { World } from '../world.js';
import { testKey, workspacePath } from './test-workspace.js';

/**
 * Two results of one task that differ in all that a restore can change: files replaced, made and
 * removed, links, directories made, emptied, read-only, and one that becomes a file.
 */
export type Mode = 'one' | 'two';

type Node = { readonly text: string; readonly mode?: number } | { readonly link: string };

const TREES: Readonly<Record<Mode, Readonly<Record<string, Node | { readonly mode: number }>>>> = {
  one: {
    dist: { mode: 0o755 },
    'dist/both': { text: 'one' },
    'dist/same': { text: 'same' },
    'dist/link': { link: 'one' },
    'dist/one': { text: '1' },
    'dist/one too': { text: '1', mode: 0o600 },
    'dist/kind': { mode: 0o755 },
    'dist/kind/of': { text: 'file' },
    'dist/kind/of-link': { link: '../one' },
    'dist/locked': { mode: 0o555 },
    'dist/locked/file': { text: 'read-only', mode: 0o444 },
    'made/by/one': { text: '1' },
    ' -odd\n"na\'me\\': { text: 'odd' },
  },
  two: {
    dist: { mode: 0o755 },
    'dist/both': { text: 'two' },
    'dist/same': { text: 'same' },
    'dist/link': { link: 'two' },
    'dist/two': { text: '2' },
    'dist/kind': { text: 'now a file' },
    'dist/empty': { mode: 0o700 },
    'made/by/two': { text: '2' },
  },
};

export function worldOf(root: AbsolutePath, mode: Mode | 'none'): World {
  return {
    root,
    env: () => mode,
    queryEnv: () => new Map(),
    findProgram: () => undefined,
    expandGlobs: () => Promise.resolve([]),
  };
}

/** Removes the tree of either mode. */
export function clear(root: AbsolutePath): void {
  for (const name of ['dist', 'made', ' -odd\n"na\'me\\']) {
    rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** Does what the task does: makes the tree of the mode, in place of the other. */
export function produce(root: AbsolutePath, mode: Mode): void {
  clear(root);
  const entries = Object.entries(TREES[mode]);
  for (const [path, node] of entries) {
    const absolute = join(root, path);
    if ('link' in node) symlinkSync(node.link, absolute);
    else if ('text' in node) {
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, node.text);
    } else mkdirSync(absolute, { recursive: true });
  }
  for (const [path, node] of entries.reverse()) {
    if (!('link' in node)) chmodSync(join(root, path), node.mode ?? 0o644);
  }
}

/** Does what the task does, for `cache.store`. */
export function run(root: AbsolutePath, mode: Mode): FinishedRun {
  const startStamp = takeFileStamp(tmpdir());
  produce(root, mode);
  return {
    task: 'app#build',
    key: testKey(),
    dependencies: [{ kind: 'env', observer: -1, name: 'MODE', value: mode }],
    outputs: Object.keys(TREES[mode]).map((path) => ({
      path: workspacePath(path),
      existedBefore: false,
    })),
    transcript: [{ stream: 'stdout', bytes: Buffer.from(mode) }],
    processes: [],
    duration: 1,
    startStamp,
  };
}

/** What looking up and restoring a mode came to: `restored`, `first-run`, or the outcome as JSON. */
export async function replay(cache: Cache, root: AbsolutePath, mode: Mode): Promise<string> {
  const world = worldOf(root, mode);
  const lookup = await cache.lookup('app#build', testKey(), world);
  if (lookup.kind === 'first-run') return 'first-run';
  if (lookup.kind !== 'hit') return JSON.stringify(lookup);
  const outcome = await cache.restore(lookup, world);
  return outcome.kind === 'restored' ? 'restored' : JSON.stringify(outcome);
}
