import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AbsolutePath, Digest, WorkspacePath } from '../brands.js';
import { openCache } from '../cache.js';
import type { CacheOptions, CacheWarning } from '../cache.js';
import { contentDigest } from '../content-digest.js';
import { takeFileStamp } from '../file-stamp.js';
import type { KeyParts } from '../key.js';
import type { Observer } from '../observation.js';
import type { Cache, Dependency, FinishedRun, Lookup, OutputChunk } from '../stored-run.js';
import type { World } from '../world.js';
import { listTree } from './list-tree.js';

/** A workspace in a temporary directory with a cache in it, removed when the test ends. */
export class TestWorkspace implements World {
  readonly root: AbsolutePath;
  readonly cacheDirectory: AbsolutePath;
  readonly warnings: CacheWarning[] = [];
  readonly variables = new Map<string, string>();
  /** What PATH leads to, by name. */
  readonly programs = new Map<string, AbsolutePath>();
  /** The files that any glob matches. */
  globMatches: string[] = [];
  readonly #caches: Cache[] = [];

  constructor(test: TestContext) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'vt-cache-test-'))) as AbsolutePath;
    this.cacheDirectory = join(this.root, 'node_modules/.cache/vt') as AbsolutePath;
    test.after(async () => {
      for (const cache of this.#caches) await cache.close();
      rmSync(this.root, { recursive: true, force: true });
    });
  }

  openCache(options: Partial<CacheOptions> = {}): Cache {
    const cache = openCache({
      directory: this.cacheDirectory,
      warn: (warning) => this.warnings.push(warning),
      ...options,
    });
    this.#caches.push(cache);
    return cache;
  }

  env(name: string): string | undefined {
    return this.variables.get(name);
  }

  queryEnv(pattern: { glob: string } | { prefix: string }): ReadonlyMap<string, string> {
    const prefix = 'prefix' in pattern ? pattern.prefix : pattern.glob.replace(/\*$/, '');
    return new Map([...this.variables].filter(([name]) => name.startsWith(prefix)));
  }

  findProgram(name: string): AbsolutePath | undefined {
    return this.programs.get(name);
  }

  expandGlobs(): Promise<WorkspacePath[]> {
    return Promise.resolve(this.globMatches.map(workspacePath));
  }

  absolute(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.absolute(path)), { recursive: true });
    writeFileSync(this.absolute(path), text);
    chmodSync(this.absolute(path), mode);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(this.absolute(path)), { recursive: true });
    symlinkSync(target, this.absolute(path));
  }

  remove(path: string): void {
    rmSync(this.absolute(path), { recursive: true });
  }

  read(path: string): string {
    return readFileSync(this.absolute(path), 'utf8');
  }

  mode(path: string): number {
    return lstatSync(this.absolute(path)).mode & 0o777;
  }

  exists(path: string): boolean {
    return lstatSync(this.absolute(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** All paths but those of the cache, with mode and content: for comparing whole trees. */
  tree(under = ''): string[] {
    return listTree(this.root, under);
  }

  /** Runs `work` as a task would run between the start stamp and storing. */
  run(work: (run: RunOptions) => void | RunOptions): FinishedRun {
    const startStamp = takeFileStamp(tmpdir());
    const options: RunOptions = {};
    Object.assign(options, work(options) ?? {});
    return {
      task: options.task ?? 'app#build',
      key: options.key ?? testKey(),
      dependencies: options.dependencies ?? [],
      outputs: (options.outputs ?? []).map((output) =>
        typeof output === 'string'
          ? { path: workspacePath(output), existedBefore: false }
          : { ...output, path: workspacePath(output.path) },
      ),
      transcript: options.transcript ?? [],
      processes: options.processes ?? [],
      duration: 245,
      startStamp,
    };
  }

  /** Looks up and, on a hit, restores; throws when the restore fails. */
  async replay(cache: Cache, key = testKey(), task = 'app#build'): Promise<Lookup> {
    const lookup = await cache.lookup(task, key, this);
    if (lookup.kind === 'hit') {
      const outcome = await cache.restore(lookup, this);
      if (outcome.kind === 'failed') throw new Error(JSON.stringify(outcome.reason));
    }
    return lookup;
  }
}

export interface RunOptions {
  task?: string;
  key?: KeyParts;
  dependencies?: readonly Dependency[];
  outputs?: readonly (string | { path: string; existedBefore: boolean; writer?: Observer })[];
  transcript?: readonly OutputChunk[];
  processes?: FinishedRun['processes'];
}

export function workspacePath(path: string): WorkspacePath {
  return path as WorkspacePath;
}

export function testKey(parts: Partial<KeyParts> = {}): KeyParts {
  return {
    program: 'vite',
    args: ['build'],
    cwd: workspacePath(''),
    env: [],
    untrackedEnv: [],
    inputConfig: '{"auto":true}',
    outputConfig: '{"auto":true}',
    capture: 'any',
    ...parts,
  };
}

export function digestOf(text: string): Digest {
  return contentDigest(text);
}

/** Short forms of dependencies, made by the runner itself. */
export const on = {
  content: (path: string): Dependency => ({
    kind: 'content',
    observer: -1,
    path: workspacePath(path),
  }),
  absence: (path: string): Dependency => ({
    kind: 'absence',
    observer: -1,
    path: workspacePath(path),
  }),
  existence: (
    path: string,
    entry: 'file' | 'directory' | 'symlink' | 'other' = 'file',
  ): Dependency => ({ kind: 'existence', observer: -1, path: workspacePath(path), entry }),
  link: (path: string, target: string): Dependency => ({
    kind: 'link',
    observer: -1,
    path: workspacePath(path),
    target,
  }),
  listing: (
    path: string,
    created: readonly string[] = [],
    deleted: readonly string[] = [],
  ): Dependency => ({
    kind: 'listing',
    observer: -1,
    path: workspacePath(path),
    created,
    deleted,
  }),
  glob: (...include: string[]): Dependency => ({
    kind: 'glob',
    observer: -1,
    include,
    exclude: [],
  }),
  json: (path: string, pointer: string): Dependency => ({
    kind: 'json',
    observer: -1,
    path: workspacePath(path),
    pointer,
  }),
  program: (path: string, ...names: string[]): Dependency => ({
    kind: 'program',
    observer: -1,
    path: path as AbsolutePath,
    names,
  }),
  env: (name: string, value: string | undefined): Dependency => ({
    kind: 'env',
    observer: -1,
    name,
    value,
  }),
  envPrefix: (prefix: string, matches: Readonly<Record<string, string>>): Dependency => ({
    kind: 'env-query',
    observer: -1,
    pattern: { prefix },
    matches: new Map(Object.entries(matches)),
  }),
};
