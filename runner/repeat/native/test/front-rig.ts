import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AbsolutePath } from '../../../../cache/brands.js';
import { cacheLayout } from '../../../../cache/cache-directory.js';
import { keepRepeat, repeatName } from '../../../../cache/repeat-store.js';
import { encodeRecord } from '../../encode-record.js';
import type { RepeatRecord } from '../../repeat-record.js';

const root = findRoot(import.meta.dirname);
/** The folder of the sources of the program `vt`. */
export const frontFolder = path.join(root, 'runner/repeat/native');

function findRoot(from: string): string {
  const here = fs.existsSync(path.join(from, 'tsconfig.base.json'));
  return here ? from : findRoot(path.dirname(from));
}

/** All of them, or those with none of these names. */
export function frontSources(...but: readonly string[]): string[] {
  const own = fs
    .readdirSync(frontFolder)
    .filter((name) => name.endsWith('.c') && !but.includes(name));
  return [...own, path.join(root, 'runner/tracker/native/sha256.c')];
}

const WARNINGS = ['-std=c11', '-O1', '-g', '-Wall', '-Wextra', '-Werror'];

/** Compiles these sources into `target`. */
export function compileFront(
  compiler: string,
  target: string,
  files: readonly string[],
  flags: readonly string[],
): void {
  const args = [...WARNINGS, ...flags, ...files, '-o', target];
  const built = spawnSync(compiler, args, { cwd: frontFolder, encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
}

/** What a run of the program came to. */
export interface Fronted {
  readonly stdout: string;
  readonly stderr: string;
  /** The arguments with which Node would have been started; undefined where it was not. */
  readonly node: readonly string[] | undefined;
}

/** A workspace with a cache, where a script stands for Node: it says how it was called, and keeps what it is handed. */
export class FrontRig {
  readonly directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'vt-front-')));
  readonly cache = this.file('node_modules/.cache/vt') as AbsolutePath;
  readonly layout = cacheLayout(this.cache);
  readonly program: string;

  /** `flags` of the compiler. */
  constructor(compiler: string, flags: readonly string[]) {
    for (const folder of ['bin', 'dist', 'dir', 'node_modules/.cache/vt/v3/tmp']) {
      fs.mkdirSync(this.file(folder), { recursive: true, mode: 0o700 });
    }
    this.program = this.file('dist/vt');
    compileFront(compiler, this.program, frontSources(), flags);
    const script = `#!/bin/sh
printf '%s\\n' "$@" > called
case "$2" in --vt-repeat=*) cat "/proc/self/fd/\${2#--vt-repeat=}" > handed ;; esac
`;
    fs.writeFileSync(this.file('bin/node'), script, { mode: 0o755 });
  }

  dispose(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Fronted {
    const called = this.file('called');
    fs.rmSync(called, { force: true });
    const { stdout, stderr, status } = spawnSync(this.program, args, {
      cwd: this.directory,
      env: { PATH: `${this.file('bin')}:/usr/bin:/bin`, ...env },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const node = fs.existsSync(called)
      ? fs.readFileSync(called, 'utf8').trimEnd().split('\n')
      : undefined;
    return { stdout, stderr, node };
  }

  /** Makes the record of an invocation that was just run. */
  keep(
    record: Omit<RepeatRecord, 'cache' | 'node' | 'confirmed'> & { readonly node?: string },
  ): string {
    const handed = fs.readFileSync(this.file('handed'));
    const name = repeatName(this.layout, handed.subarray(0, 32));
    assert.ok(name);
    const { cache, layout } = this;
    const node = handed.toString('utf8', 32);
    const whole = { cache, node, confirmed: layout.confirmed, ...record };
    const hits = record.hits.map(({ workspace, task, entry }) => ({ workspace, task, entry }));
    keepRepeat(layout, name, encodeRecord(whole, name.key), hits);
    return name.file;
  }
}
