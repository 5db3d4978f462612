// The workspaces in which runners are compared: the same files for all of them, each runner configured
// as its documentation says, and started as its users start it, from node_modules/.bin.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './measure.mjs';

/** What is measured as `vt`. */
export const vt = path.join(path.dirname(fileURLToPath(import.meta.url)), '../dist/vt');

/** Versions are pinned, so that figures of two days can be compared. */
export const packages = { turbo: '2.11.11', 'vite-plus': '1.6.0', nx: '24.0.6' };

/** By name: how all tasks `build` are run, what it prints when all were replayed, what it keeps. */
export const runners = {
  vt: {
    argv: ['vt', 'run', '-r', 'build'],
    hasHit: (text, tasks) =>
      tasks === 1
        ? /^vt run: cache hit/m.test(text)
        : text.includes(`${tasks}/${tasks} cache hit (100%)`),
    kept: ['node_modules/.cache/vt'],
  },
  Turborepo: {
    argv: ['turbo', 'run', 'build'],
    hasHit: (text, tasks) => text.includes(`${tasks} cached, ${tasks} total`),
    kept: ['.turbo', 'node_modules/.cache/turbo'],
  },
  'Vite+': {
    argv: ['vp', 'run', '--cache', '-r', 'build'],
    hasHit: (text, tasks) =>
      tasks === 1 ? /cache hit/.test(text) : text.includes(`${tasks}/${tasks} cache hit (100%)`),
    kept: ['node_modules/.vite'],
  },
  Nx: {
    argv: ['nx', 'run-many', '-t', 'build'],
    hasHit: (text, tasks) =>
      text.includes(
        `read the output from the cache instead of running the command for ${tasks} out of`,
      ),
    kept: ['.nx'],
  },
};

/** What no runner may send home or ask for while it is measured. */
export const environment = {
  ...process.env,
  CI: '',
  DO_NOT_TRACK: '1',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  // What a machine may have set that makes Node itself start slower, and so everything look faster.
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
};

/** Installs the other runners; returns their node_modules. */
export function installRunners(scratch) {
  const folder = path.join(scratch, 'tools');
  const manifest = JSON.stringify({ name: 'tools', private: true, dependencies: packages });
  const stamp = path.join(folder, 'package.json');
  const done = path.join(folder, 'installed');
  if (!existsSync(done) || readFileSync(stamp, 'utf8') !== manifest) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(stamp, manifest);
    run(['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
    writeFileSync(done, '');
  }
  return path.join(folder, 'node_modules');
}

const buildScripts = {
  /** Reads all sources, writes one file. */
  bundle: 'mkdir -p dist\ncat src/*.ts > dist/bundle.js\n',
  /** A thousand files of a hundred megabytes in all. */
  outputs: `mkdir -p dist
node -e '
  const { createHash } = require("node:crypto");
  const { writeFileSync } = require("node:fs");
  for (let file = 0; file < 1000; file++) {
    const piece = createHash("sha512").update(String(file)).digest();
    writeFileSync("dist/" + file, Buffer.alloc(100_000, piece));
  }'
`,
  /** Takes some milliseconds. */
  short: 'read -r line < src/m0.ts\necho "$line"\n',
  /** A thousand processes. */
  processes: 'for i in $(seq 1000); do cat src/m0.ts; done > /dev/null\n',
};

/**
 * Writes a workspace of npm: `count` packages below packages/, each with twenty sources, needing the
 * one at half its number; in a git repository, as turbo and nx want it.
 */
export function generate(directory, { count, script, tools }) {
  const write = (name, content) => {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  };
  rmSync(directory, { recursive: true, force: true });
  write('package.json', {
    name: 'compared',
    private: true,
    packageManager: 'npm@10.8.2',
    workspaces: ['packages/*'],
  });
  write('.gitignore', 'node_modules\ndist\n.turbo\n.nx\n');
  write('vite-task.json', { cache: { scripts: true, tasks: true } });
  write('turbo.json', {
    tasks: { build: { dependsOn: ['^build'], inputs: ['$TURBO_DEFAULT$'], outputs: ['dist/**'] } },
  });
  write('nx.json', {
    analytics: false,
    neverConnectToCloud: true,
    targetDefaults: {
      build: {
        cache: true,
        dependsOn: ['^build'],
        inputs: ['{projectRoot}/**/*', '!{projectRoot}/dist/**'],
        outputs: ['{projectRoot}/dist'],
      },
    },
  });
  const lock = { name: 'compared', lockfileVersion: 3, requires: true, packages: {} };
  for (let index = 0; index < count; index++) {
    const home = `packages/p${index}`;
    const needs = index > 0 ? { [`p${index >> 1}`]: '1.0.0' } : {};
    const own = index > 0 && index >> 1 !== index ? { dependencies: needs } : {};
    const manifest = { name: `p${index}`, version: '1.0.0', ...own };
    write(`${home}/package.json`, { ...manifest, scripts: { build: 'sh build.sh' } });
    lock.packages[home] = manifest;
    lock.packages[`node_modules/p${index}`] = { resolved: home, link: true };
    write(`${home}/build.sh`, buildScripts[script]);
    for (let source = 0; source < 20; source++) {
      write(
        `${home}/src/m${source}.ts`,
        `export const m${source} = ${index * 20 + source};\n`.repeat(10),
      );
    }
  }
  write('package-lock.json', lock);
  const modules = path.join(directory, 'node_modules');
  mkdirSync(path.join(modules, '.bin'), { recursive: true });
  for (const name of readdirSync(tools)) {
    if (name !== '.bin' && !name.startsWith('.'))
      symlinkSync(path.join(tools, name), path.join(modules, name));
  }
  for (const name of readdirSync(path.join(tools, '.bin'))) {
    symlinkSync(path.join(tools, '.bin', name), path.join(modules, '.bin', name));
  }
  symlinkSync(vt, path.join(modules, '.bin/vt'));
  const git = (...args) => {
    const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
    const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: directory });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  };
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'generated');
}

/** Runs a runner in a workspace and says what it took, and whether everything was replayed. */
export function runIn(directory, name, { tasks, memory }) {
  const { argv, hasHit } = runners[name];
  const [program, ...args] = argv;
  const result = run([path.join(directory, 'node_modules/.bin', program), ...args], {
    cwd: directory,
    env: environment,
    memory,
  });
  return { ...result, hit: hasHit(result.output, tasks) };
}

/**
 * Runs a runner until it replays everything, commands that look for their outputs take three runs; and then until it
 * has what it makes of hits, as it has on every day but the first.
 */
export function prime(directory, name, tasks) {
  let hits = 0;
  for (let time = 0; hits < 3; time++) {
    const { hit, output } = runIn(directory, name, { tasks });
    hits = hit ? hits + 1 : 0;
    if (time === 6 && hits === 0)
      throw new Error(`${name} does not hit in ${directory}:\n${output.slice(-2000)}`);
  }
}

export function forget(directory, name) {
  for (const kept of runners[name].kept) {
    rmSync(path.join(directory, kept), { recursive: true, force: true });
  }
}
