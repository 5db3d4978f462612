// Builds everything that runs: type check and unit-test output (build/), the bundled `vt`
// (dist/vt.cjs, the bundle vt-main.cjs and what they load), the client's files (client/node/dist) and the native tracker (dist/native).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function node(...args) {
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

node('node_modules/typescript/bin/tsc', '-b');
node('scripts/build-native.mjs');
node('client/node/build.mjs');

/** Libraries that few runs need, in files of their own: what is in the bundle is read at every start. */
const apart = {
  yaml: 'vt-yaml.cjs',
  'semver/functions/satisfies.js': 'vt-semver.cjs',
  sqlite3: 'vt-sqlite.cjs',
};
const loadApart = {
  name: 'load-apart',
  setup: (build) =>
    build.onResolve({ filter: /./ }, ({ path: name }) =>
      Object.hasOwn(apart, name) ? { path: `./${apart[name]}`, external: true } : undefined,
    ),
};
/** sqlite3 looks for its addon in a dozen places, by a library: this looks first where npm's install puts it. */
const findAddon = {
  name: 'find-addon',
  setup: (build) => {
    build.onResolve({ filter: /^bindings$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'addon',
    }));
    build.onLoad({ filter: /./, namespace: 'addon' }, () => ({
      contents: `const path = require('node:path');
        module.exports = (name) => {
          const folder = path.dirname(require.resolve('sqlite3/package.json'));
          try {
            return require(path.join(folder, 'build/Release', name));
          } catch {
            return require('sqlite3/lib/sqlite3-binding.js');
          }
        };`,
    }));
  },
};
for (const [name, file] of Object.entries(apart)) {
  await esbuild.build({
    absWorkingDir: root,
    stdin: { contents: `module.exports = require(${JSON.stringify(name)});`, resolveDir: root },
    outfile: path.join(root, 'dist', file),
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: ['sqlite3/*'],
    plugins: [findAddon],
    legalComments: 'linked',
    logLevel: 'warning',
  });
}

/** Parts of Node that are loaded when something of them is used: a cache hit needs few of them. */
const late = [
  ...['node:child_process', 'node:crypto', 'node:fs/promises', 'node:net', 'node:readline'],
  ...['node:timers/promises', 'node:tty'],
];
const loadLate = {
  name: 'load-late',
  setup: (build) => {
    build.onResolve({ filter: /^node:/ }, ({ path: name, namespace }) =>
      late.includes(name) && namespace !== 'late' ? { path: name, namespace: 'late' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'late' }, ({ path: name }) => {
      // An ES module of functions that stand for those of Node, so that only those used are in the bundle.
      const functions = Object.entries(createRequire(import.meta.url)(name)).flatMap(
        ([key, value]) =>
          typeof value === 'function' && key !== 'default'
            ? `function ${key}_(...args) {
                 const it = require('${name}').${key};
                 if (new.target === undefined) return it(...args);
                 return Reflect.construct(it, args, new.target === ${key}_ ? it : new.target);
               }
               export { ${key}_ as ${key} };`
            : [],
      );
      return { contents: functions.join('\n'), loader: 'js' };
    });
  },
};

const bundle = path.join(root, 'dist/vt-main.cjs');
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['runner/cli/vt.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // CommonJS: the ESM loader alone costs more than a whole cache hit may.
  format: 'cjs',
  // jsonc-parser's CommonJS build cannot be bundled, its ES module can.
  mainFields: ['module', 'main'],
  // Native addons stay outside; they are loaded when first needed.
  external: ['node-pty'],
  plugins: [loadApart, loadLate],
  // Made a `require`, for the same reason.
  supported: { 'dynamic-import': false },
  define: {
    'import.meta.url': 'vtModuleUrl',
    // The global one loads all of node:perf_hooks; both count milliseconds from some moment.
    'performance.now': 'vtNow',
    __VT_VERSION__: JSON.stringify(version),
  },
  banner: {
    js: [
      'const vtModuleUrl = require("node:url").pathToFileURL(__filename).href;',
      'const vtNow = () => { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; };',
    ].join('\n'),
  },
  // The names stay, for who reads a stack trace.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
});
const program = path.join(root, 'dist/vt.cjs');
await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['runner/cli/start.ts'],
  outfile: program,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  define: {
    __VT_BUNDLE_DIGEST__: JSON.stringify(digest(readFileSync(bundle))),
  },
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
chmodSync(program, 0o755);
// Tools find the client by its path, so it stands beside the bundle wherever that is installed.
copyFileSync(path.join(root, 'client/node/dist/index.cjs'), path.join(root, 'dist/vt-client.cjs'));
// For editors: what a vite-task.json may hold.
const schema = 'vite-task.schema.json';
copyFileSync(path.join(root, 'runner/config', schema), path.join(root, 'dist', schema));
