// Makes client/node/dist: one file without dependencies for each module system, and its types.
// Expects `tsc -b` to have run, which makes the declarations.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');
const { version } = JSON.parse(readFileSync(path.join(here, 'package.json'), 'utf8'));

for (const [format, extension] of [
  ['cjs', 'cjs'],
  ['esm', 'mjs'],
]) {
  await esbuild.build({
    entryPoints: [path.join(here, 'index.ts')],
    outfile: path.join(dist, `index.${extension}`),
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format,
    // A tool loads this before it does anything else: what is not in the file need not be parsed.
    minify: true,
    define: { __CLIENT_VERSION__: JSON.stringify(version) },
    legalComments: 'inline',
    logLevel: 'warning',
  });
}

const declarations = path.join(here, '../../build/client/node/index.d.ts');
if (/^import /m.test(readFileSync(declarations, 'utf8'))) {
  throw new Error('index.d.ts is to stand alone: declare public types in index.ts');
}
mkdirSync(dist, { recursive: true });
for (const extension of ['mts', 'cts']) {
  copyFileSync(declarations, path.join(dist, `index.d.${extension}`));
}
