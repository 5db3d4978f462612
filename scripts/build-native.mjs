// Compiles the native part into dist/native: the tracker (runner/tracker/native), the program `vt`
// (runner/repeat/native), which takes the place of the script dist/vt, and the modules of Node with which the cache
// works on many files (cache/native) and the runner makes FIFOs (runner/execute/native). Runs at install, so it needs nothing but Node and what vt depends on, and never fails an install: without the native part tasks still run, and dist/vt stays the script.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const sources = path.join(root, 'runner/tracker/native');
const frontSources = path.join(root, 'runner/repeat/native');
const fileSources = path.join(root, 'cache/native');
/** It may be missing: the cache then does the same in JavaScript. */
const FILES = 'vt-files.node';
const runnerSources = path.join(root, 'runner/execute/native');
/** It may be missing, too: a process then does the same. */
const RUNNER = 'vt-runner.node';

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
  'shim-inside',
  'shim-env',
  'env-talk',
  'env-message',
  'touch',
  'mind',
  'log',
  'keys',
];

/** Of the program `vt`. */
const front = ['main', 'start-node', 'invocation', 'places', 'record', 'present', 'answer'];

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

/** What compiles a module of Node; throws where the headers of Node-API are not installed. */
function moduleOf(files) {
  const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
  return [
    ...['-shared', '-fPIC', '-fvisibility=hidden', '-pthread'],
    ...['-I', path.join(path.dirname(headers), 'include'), '-I', sources],
    ...files,
  ];
}

/** What compiles the cache's module; throws as `moduleOf`. */
export function fileModule() {
  const parts = ['addon', 'crew', 'file-job', 'sum64'].map((name) =>
    path.join(fileSources, `${name}.c`),
  );
  return moduleOf([...parts, path.join(sources, 'sha256.c')]);
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
  for (const folder of [sources, frontSources, fileSources, runnerSources]) {
    const names = readdirSync(folder)
      .filter((name) => /\.[ch]$/.test(name))
      .sort();
    for (const name of names)
      hash.update(`\0${name}\0`).update(readFileSync(path.join(folder, name)));
  }
  const stamp = hash.digest('hex');
  const stampFile = path.join(target, 'stamp');
  const products = ['vt-launch', 'libvt-shim.so', 'vt'].map((name) => path.join(target, name));
  const before = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  const withModules = (there) => [stamp, ...[FILES, RUNNER].filter(there)].join(' ');
  const fresh = before === withModules((name) => existsSync(path.join(target, name)));
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
  const makeStatic = (name, parts) => {
    try {
      // It starts with every task, or every time: there is nothing to load and to relocate then.
      make(name, ['-static', ...parts]);
    } catch {
      make(name, parts); // no static libc here
    }
  };
  makeStatic(
    'vt-launch',
    launcher.map((name) => `${name}.c`),
  );
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
  makeStatic('vt', [...front.map((name) => path.join(frontSources, `${name}.c`)), 'sha256.c']);
  const makeModule = (name, args, without) => {
    try {
      make(name, args());
      return true;
    } catch (error) {
      rmSync(path.join(target, name), { force: true });
      console.warn(`vt: ${name} was not built: ${without}.\n    ${error.message}`);
      return false;
    }
  };
  const more = 'files are stored and restored as always, but more slowly';
  const later = 'tasks start some milliseconds later';
  const ofRunner = () => moduleOf([path.join(runnerSources, 'module.c')]);
  const made = new Map([
    [FILES, makeModule(FILES, fileModule, more)],
    [RUNNER, makeModule(RUNNER, ofRunner, later)],
  ]);
  writeFileSync(
    stampFile,
    withModules((name) => made.get(name)),
  );
  return 'built';
}

/**
 * `vt` without the native part. Valid both as CommonJS and as an ES module: which of them Node takes a file
 * without an extension for depends on the package.json above it.
 */
const script = "#!/usr/bin/env node\nimport('./vt.cjs');\n";

/**
 * Puts at `program` what `make` makes. Never in place: what is there may be running, and package managers share
 * the files of a package between projects by hard links.
 */
function replace(program, make) {
  const temporary = `${program}.${process.pid}`;
  rmSync(temporary, { force: true });
  try {
    make(temporary);
    chmodSync(temporary, 0o755);
    renameSync(temporary, program);
  } finally {
    // Where both were names of one file, renaming did nothing.
    rmSync(temporary, { force: true });
  }
}

function linkOrCopy(source, target) {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}

function main() {
  const target = path.join(root, 'dist/native');
  const program = path.join(root, 'dist/vt');
  mkdirSync(path.dirname(program), { recursive: true });
  const useScript = () => replace(program, (file) => writeFileSync(file, script));
  // For `npm pack`: what is compiled here does not run everywhere.
  if (process.argv[2] === '--script') return useScript();
  if (process.platform !== 'linux') {
    useScript();
    explain(`it exists for Linux only, and this is ${process.platform}`);
    return;
  }
  try {
    buildNative({ target, cc: process.env.CC || 'cc' });
    replace(program, (file) => linkOrCopy(path.join(target, 'vt'), file));
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    useScript();
    explain(error.message);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
