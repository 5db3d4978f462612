import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Script } from 'node:vm';
import { HANDOVER_FLAG } from '../repeat/handover.js';

/**
 * The program itself: loads the bundle with what V8 made of it before. Compiling the bundle takes as
 * long as all else that a cache hit does.
 *
 * V8 checks a code cache for its own version, flags and length, but of the text only the length; so
 * its file is named after the digest of the text, and lies beside the bundle: whoever can write
 * there can change the program anyway. Its bytes are trusted as those of the bundle are: they are on
 * the disk before they have that name. Without one the bundle is compiled as ever.
 *
 * V8 keeps the functions that were called. So one is made by a process that only replayed or by one
 * that ran something, and made again, with what was in it, by the first that did the other.
 */

/** Replaced by the bundler: digest of the bundle's text. */
declare const __VT_BUNDLE_DIGEST__: string;

/** What a process has done, as files of code are marked: replayed, run something, or, of two of them, both. */
const [REPLAYED, RUN, ALL] = ['h', 'r', 'hr'] as const;
type Doings = typeof REPLAYED | typeof RUN | typeof ALL;

/** So many are kept of one bundle: for versions of Node, their flags, and commands. */
const LIMIT = 12;

const bundle = path.join(__dirname, 'vt-main.cjs');
const folder = path.join(__dirname, 'code-cache');

// latin1: the bundle is ASCII, and then nothing has to be decoded.
const text = readFileSync(bundle, 'latin1');
const prefix = cacheName();
const [found, cachedData] = readCache();
const script = new Script(`(function (require, module, __filename, __dirname) {${text}\n})`, {
  filename: bundle,
  ...(cachedData !== undefined && { cachedData }),
});
/** What the code that was loaded was made by. */
const known = script.cachedDataRejected === true ? '' : found;
if (known !== ALL) process.on('exit', keep);
const main = script.runInThisContext() as (
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  directory: string,
) => void;
main(require, { exports: {} }, bundle, __dirname);

/** Different for all that V8 refuses the cache of, so that nobody overwrites another's. */
function cacheName(): string {
  const flags = hash([process.env.NODE_OPTIONS ?? '', ...process.execArgv].join('\0'));
  const name = [__VT_BUNDLE_DIGEST__, process.version, process.arch, flags, command() ?? 'other'];
  return name.join('-');
}

/** Those worth a cache: replaying is what has to be fast. */
function command(): string | undefined {
  const [, , first = '', second] = process.argv;
  const given = first.startsWith(HANDOVER_FLAG) ? second : first;
  return given === 'run' || given === 'exec' ? given : undefined;
}

/** The one that knows most. */
function readCache(): readonly [found: Doings | '', data: Buffer | undefined] {
  for (const doings of [ALL, REPLAYED, RUN]) {
    try {
      return [doings, readFileSync(fileOf(doings))];
    } catch {
      // Not made yet.
    }
  }
  return ['', undefined];
}

function fileOf(doings: Doings): string {
  return path.join(folder, `${prefix}-${doings}`);
}

/** Undefined where it was something else, or a part: a hit that asked the index, a run that failed. */
function done(code: number): typeof REPLAYED | typeof RUN | undefined {
  if (code !== 0 || command() === undefined) return undefined;
  const hasStarted = loadedModules().includes('NativeModule child_process');
  const hasIndex = Object.keys(require.cache).some((name) => name.includes('sqlite3'));
  return hasStarted === hasIndex ? (hasStarted ? RUN : REPLAYED) : undefined;
}

function keep(code: number): void {
  const doing = done(code);
  // Inside a task, what is written is an output of it.
  if (doing === undefined || doing === known || process.env.VT_IPC_DIR) return;
  const file = fileOf(known === '' ? doing : ALL);
  const draft = `${file}.${String(process.pid)}`;
  try {
    mkdirSync(folder, { recursive: true });
    const others = readdirSync(folder);
    const stale = others.filter((name) => !name.startsWith(__VT_BUNDLE_DIGEST__));
    for (const name of stale) rmSync(path.join(folder, name), { force: true });
    if (others.length - stale.length >= LIMIT) return;
    const handle = openSync(draft, 'wx', 0o644);
    try {
      writeFileSync(handle, script.createCachedData());
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
    if (found !== '' && fileOf(found) !== file) rmSync(fileOf(found), { force: true });
  } catch {
    // Installed by somebody else: then it is compiled each time.
  }
}

function loadedModules(): readonly string[] {
  return (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList;
}

/** FNV-1a: tells a few texts apart. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return (value >>> 0).toString(16);
}
