import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describeTools } from './describe-tools.js';
import { missing } from './programs-on-path.js';

const require = createRequire(import.meta.url);

/** A file of an installed package, which need not export it. */
function installed(name: string, file: string, from = require): string {
  return join(dirname(from.resolve(`${name}/package.json`)), file);
}

/** The program itself: the one of the package may be a script that starts it. */
function esbuildBinary(): string {
  const from = createRequire(installed('esbuild', 'package.json'));
  return installed(`@esbuild/${process.platform}-${process.arch}`, 'bin/esbuild', from);
}

const plants = {
  '.oxlintrc.json': '{}\n',
  'package.json': '{ "name": "app", "version": "1.0.0", "type": "module", "private": true }\n',
  'index.html': '<html><body><script type="module" src="/src/main.ts"></script></body></html>\n',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ outDir: 'out', rootDir: 'src', module: 'nodenext', types: [] },
      // Reading less of its own files, it is twice as fast.
      ...{ lib: ['es5'], skipLibCheck: true },
    },
    include: ['src'],
  }),
  'src/main.ts': "import { a } from './a.js';\nimport './style.css';\nexport const c = a;\n",
  'src/a.ts': "import { b } from './b/index.js';\nexport const a: number = b;\n",
  'src/b/index.ts': 'export const b = 2;\n',
  'src/style.css': 'body { color: red }\n',
  'src/types.d.ts': "declare module '*.css';\n",
  'src/unused.ts': 'export const unused: string = "";\n',
  'public/logo.svg': '<svg/>\n',
  'dist/old.js': 'old\n',
};

const imported = {
  'src/main.ts': 'file content',
  'src/a.ts': 'file content',
  'src/b/index.ts': 'file content',
};

const node = process.execPath;

describeTools('compilers and bundlers of JavaScript', [
  {
    name: 'vite build',
    plants,
    argv: [node, installed('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn'],
    concurrent: true,
    knows: {
      ...imported,
      // What the import names, looked for before what it means.
      'src/a.js': 'absent',
      'index.html': 'file content',
      'src/style.css': 'file content',
      'src/unused.ts': 'untouched',
      'vite.config.js': 'absent',
      '.env': 'absent',
      'public/logo.svg': 'file content',
      'dist/index.html': 'absent written',
      'dist/logo.svg': 'absent written',
      dist: 'directory listed',
      'dist/old.js': 'file written not content',
    },
  },
  {
    name: 'esbuild --bundle',
    plants,
    argv: [esbuildBinary(), '--bundle', 'src/main.ts', '--outdir=out', '--log-level=warning'],
    isStatic: true,
    concurrent: true,
    withStrace: true,
    knows: {
      ...imported,
      'src/style.css': 'file content',
      src: 'directory listed',
      'tsconfig.json': 'file content',
      'package.json': 'file content',
      'out/main.js': 'absent written',
      'src/unused.ts': 'untouched',
    },
  },
  {
    name: 'tsc',
    plants,
    argv: [node, installed('typescript', 'bin/tsc'), '-p', '.'],
    knows: {
      ...imported,
      'src/unused.ts': 'file content',
      'tsconfig.json': 'file content',
      src: 'directory listed',
      'package.json': 'file content',
      'out/a.js': 'absent written',
      'out/b/index.js': 'absent written',
      'src/a.js': 'untouched',
    },
  },
  {
    name: 'swc',
    plants,
    argv: [
      node,
      '-e',
      `const swc = require(${JSON.stringify(require.resolve('@swc/core'))});
       const jsc = { parser: { syntax: 'typescript' } };
       const made = swc.transformFileSync('src/a.ts', { jsc });
       require('node:fs').writeFileSync('a.mjs', made.code);
       swc.transformFile('src/b/index.ts', { jsc }).then((b) => require('node:fs').writeFileSync('b.mjs', b.code));`,
    ],
    knows: {
      'src/a.ts': 'file content',
      'src/b/index.ts': 'file content',
      '.swcrc': 'absent',
      'a.mjs': 'absent written',
      'b.mjs': 'absent written',
    },
  },
  {
    name: 'oxlint',
    plants,
    argv: [node, installed('oxlint', 'bin/oxlint'), 'src'],
    concurrent: true,
    knows: {
      ...imported,
      'src/unused.ts': 'file content',
      src: 'directory listed',
      'src/b': 'directory listed',
      '.oxlintrc.json': 'file content',
      'src/style.css': 'not content',
    },
  },
  {
    name: 'npm ls',
    skip: missing('npm'),
    plants: {
      ...plants,
      'package.json': '{ "name": "app", "version": "1.0.0", "dependencies": { "dep": "1.0.0" } }\n',
      'node_modules/dep/package.json': '{ "name": "dep", "version": "1.0.0" }\n',
      'node_modules/dep/index.js': '',
    },
    argv: ['npm', 'ls', '--all', '--offline'],
    env: { npm_config_logs_max: '0', npm_config_update_notifier: 'false' },
    concurrent: true,
    knows: {
      'package.json': 'file content',
      'node_modules/dep/package.json': 'file content',
      node_modules: 'directory listed',
      'package-lock.json': 'absent',
      'node_modules/dep/index.js': 'untouched',
    },
  },
]);
