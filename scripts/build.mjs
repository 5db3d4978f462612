// Builds everything that runs: type check and unit-test output (build/), the bundled `vt`
// (dist/vt.cjs and what it loads), the client's files (client/node/dist) and the native tracker (dist/native).
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

function node(...args) {
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

node('node_modules/typescript/bin/tsc', '-b');
node('scripts/build-native.mjs');
node('client/node/build.mjs');

/** Libraries that few runs need, in files of their own: what is in the bundle is read at every start. */
const apart = { yaml: 'vt-yaml.cjs', 'semver/functions/satisfies.js': 'vt-semver.cjs' };
const loadApart = {
  name: 'load-apart',
  setup: (build) =>
    build.onResolve({ filter: /./ }, ({ path: name }) =>
      Object.hasOwn(apart, name) ? { path: `./${apart[name]}`, external: true } : undefined,
    ),
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
    legalComments: 'linked',
    logLevel: 'warning',
  });
}

const bundle = path.join(root, 'dist/vt.cjs');
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
  external: ['sqlite3', 'node-pty'],
  plugins: [loadApart],
  // Made a `require`, for the same reason.
  supported: { 'dynamic-import': false },
  define: {
    'import.meta.url': 'vtModuleUrl',
    __VT_VERSION__: JSON.stringify(version),
  },
  banner: {
    js: '#!/usr/bin/env node\nconst vtModuleUrl = require("node:url").pathToFileURL(__filename).href;',
  },
  legalComments: 'linked',
  logLevel: 'warning',
});
chmodSync(bundle, 0o755);
// Tools find the client by its path, so it stands beside the bundle wherever that is installed.
copyFileSync(path.join(root, 'client/node/dist/index.cjs'), path.join(root, 'dist/vt-client.cjs'));
// For editors: what a vite-task.json may hold.
const schema = 'vite-task.schema.json';
copyFileSync(path.join(root, 'runner/config', schema), path.join(root, 'dist', schema));
