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
 * the disk before they have that name. A process that only replayed leaves one behind where there is
 * none, so that what is in it is what a hit needs. Without one the bundle is compiled as ever.
 */

/** Replaced by the bundler: digest of the bundle's text. */
declare const __VT_BUNDLE_DIGEST__: string;

/** So many are kept of one bundle: for versions of Node, their flags, and commands. */
const LIMIT = 12;

const bundle = path.join(__dirname, 'vt-main.cjs');
const folder = path.join(__dirname, 'code-cache');

// latin1: the bundle is ASCII, and then nothing has to be decoded.
const text = readFileSync(bundle, 'latin1');
const file = path.join(folder, cacheName());
const cachedData = readOrUndefined(file);
const script = new Script(`(function (require, module, __filename, __dirname) {${text}\n})`, {
  filename: bundle,
  ...(cachedData !== undefined && { cachedData }),
});
if (cachedData === undefined || script.cachedDataRejected === true) process.on('exit', keep);
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

function readOrUndefined(name: string): Buffer | undefined {
  try {
    return readFileSync(name);
  } catch {
    return undefined;
  }
}

function keep(code: number): void {
  // Who has started a process has run something, who has opened the index was not confirmed. Inside a
  // task, what is written is an output of it.
  const hasOnlyReplayed =
    !loadedModules().includes('NativeModule child_process') &&
    !Object.keys(require.cache).some((name) => name.includes('sqlite3'));
  if (code !== 0 || command() === undefined || !hasOnlyReplayed || process.env.VT_IPC_DIR) return;
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
