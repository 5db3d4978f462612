// Compiles the tracker's native part (runner/tracker/native) into dist/native. Runs at install, so
// it needs nothing but Node, and never fails an install: without the native part tasks still run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const sources = path.join(root, 'runner/tracker/native');

const launcher = [
  'launch',
  'options',
  'control',
  'task',
  'supervise',
  'descendants',
  'log',
  'keys',
  'filter',
  'notify',
  'interpreter',
  'calls',
  'place',
  'memory',
  'who',
  'cwds',
  'touch',
  'mind',
  'content',
  'sha256',
];
const shim = [
  'shim',
  'shim-hooks',
  'shim-looks',
  'shim-walks',
  'shim-env',
  'env-talk',
  'env-message',
  'touch',
  'mind',
  'log',
  'keys',
];

const strict = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-D_FORTIFY_SOURCE=2'];

/** Without the native part: what that means, and the way out. */
function explain(reason) {
  console.warn(`vt: file tracking was not built: ${reason}.
    Tasks run as always, but nothing is cached until it is built.
    help: install a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev; Alpine: apk add gcc
          musl-dev linux-headers), then run: npm rebuild vt (in a clone: npm run install)`);
}

function compile(cc, args) {
  const [command, ...first] = cc.split(' ').filter((part) => part !== '');
  const result = spawnSync(command, [...first, ...args], { cwd: sources, encoding: 'utf8' });
  if (result.error || result.status !== 0) {
    throw new Error(result.error?.message ?? `${cc} failed:\n${result.stderr}`);
  }
}

/**
 * Builds what is out of date into `target`. `cc` may carry arguments ("ccache gcc").
 * Returns 'built' or 'fresh'; throws when the compiler fails.
 */
export function buildNative({ target, cc, flags = [] }) {
  const version = spawnSync(cc.split(' ')[0], ['--version'], { encoding: 'utf8' });
  if (version.error) throw new Error(`no C compiler ('${cc}' could not be run)`);
  const hash = createHash('sha256').update(JSON.stringify([cc, version.stdout, strict, flags]));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  const names = readdirSync(sources)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();
  for (const name of names)
    hash.update(`\0${name}\0`).update(readFileSync(path.join(sources, name)));
  const stamp = hash.digest('hex');
  const stampFile = path.join(target, 'stamp');
  const products = ['vt-launch', ...(shim.length > 0 ? ['libvt-shim.so'] : [])].map((name) =>
    path.join(target, name),
  );
  const fresh = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (fresh && products.every((name) => existsSync(name))) return 'fresh';

  mkdirSync(target, { recursive: true });
  rmSync(stampFile, { force: true });
  // Beside the old one, then renamed over it: a running launcher keeps its file.
  const make = (name, args) => {
    const temporary = path.join(target, `${name}.${process.pid}`);
    try {
      compile(cc, [...strict, ...flags, ...args, '-o', temporary]);
      renameSync(temporary, path.join(target, name));
    } finally {
      rmSync(temporary, { force: true });
    }
  };
  const parts = launcher.map((name) => `${name}.c`);
  try {
    // It starts with every task: there is nothing to load and to relocate then.
    make('vt-launch', ['-static', ...parts]);
  } catch {
    make('vt-launch', parts); // no static libc here
  }
  if (shim.length > 0) {
    make('libvt-shim.so', [
      '-shared',
      '-fPIC',
      '-fvisibility=hidden',
      // Mapped into every program that is started: as few parts to map and protect as can be.
      '-Wl,-z,noseparate-code',
      '-Wl,-z,norelro',
      '-Wl,--hash-style=gnu',
      ...shim.map((name) => `${name}.c`),
      '-ldl',
    ]);
  }
  writeFileSync(stampFile, stamp);
  return 'built';
}

function main() {
  if (process.platform !== 'linux') {
    explain(`it exists for Linux only, and this is ${process.platform}`);
    return;
  }
  const target = path.join(root, 'dist/native');
  try {
    buildNative({ target, cc: process.env.CC || 'cc' });
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    explain(error.message);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
