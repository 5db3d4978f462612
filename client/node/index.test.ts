import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

// The client as it is delivered. With a runner at the other end it is tested in
// runner/execute/channel.

const dist = path.resolve(import.meta.dirname, '../../../client/node/dist');

/** What the program prints, a line of JSON, in an environment without a runner but with `env`. */
function run(program: string, env: Record<string, string> = {}, flags: string[] = []): unknown {
  const stdout = execFileSync(process.execPath, [...flags, '-e', program], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

/** Of what `load()` returns: what Vite calls, and what else a tool may say. */
const loaded = [
  'declareComplete',
  'dependOnExists',
  'dependOnGlob',
  'dependOnJson',
  'disableCache',
  'getEnv',
  'getEnvs',
  'ignoreInput',
  'ignoreOutput',
];
const names = [
  ...loaded,
  ...['fetchEnv', 'fetchEnvs', 'isInsideRunner', 'labelled', 'load', 'protocolVersion'],
].sort();

/** Calls everything; A is set in the environment of the process. */
const useAll = (c: string) => `
  ${c}.ignoreInput('a'); ${c}.ignoreOutput('/b'); ${c}.disableCache(); ${c}.disableCache('why');
  ${c}.declareComplete({ inputs: ['a'], outputs: [] }); ${c}.labelled('x').ignoreInput('a');
  const before = JSON.stringify(process.env);
  console.log(JSON.stringify([
    ${c}.isInsideRunner(),
    ${c}.getEnv('A') ?? null, ${c}.getEnv('A', { tracked: false }) ?? null,
    ${c}.getEnvs('*'), ${c}.getEnvs({ prefix: '' }, { tracked: false }),
    ${c}.fetchEnv('B') ?? null, ${c}.fetchEnvs('*'),
    ${c}.dependOnGlob('*') ?? null, ${c}.dependOnExists('a') ?? null,
    ${c}.dependOnJson('a', '') ?? null,
    before === JSON.stringify(process.env),
  ]));`;
const nothing = [false, null, null, {}, {}, null, {}, null, null, null, true];

test('CommonJS and ESM export the same', () => {
  const cjs = `const c = require(${JSON.stringify(path.join(dist, 'index.cjs'))});`;
  const esm = `import * as c from ${JSON.stringify(path.join(dist, 'index.mjs'))};`;
  const print = 'console.log(JSON.stringify(Object.keys(c).sort()))';
  assert.deepEqual(run(`${cjs} ${print}`), names);
  assert.deepEqual(run(`${esm} ${print}`, {}, ['--input-type=module']), names);
});

test('load() gives what unmodified Vite calls', () => {
  const program = `const c = require(${JSON.stringify(path.join(dist, 'index.cjs'))}).load();
    console.log(JSON.stringify(Object.keys(c).sort()));`;
  assert.deepEqual(run(program), loaded);
});

test('outside a runner nothing happens, whatever the environment says', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'vt-client-test-'));
  const fifos = path.join(directory, 'dead');
  execFileSync('sh', ['-c', 'mkdir -p "$0/r" && mkfifo "$0/q"', fifos]);
  const file = path.join(directory, 'file');
  execFileSync('sh', ['-c', 'mkdir "$0" && : > "$0/q"', file]);
  try {
    const program = `const c = require(${JSON.stringify(path.join(dist, 'index.cjs'))});`;
    for (const env of [
      {},
      { VT_IPC_DIR: '' },
      { VT_IPC_DIR: path.join(directory, 'none'), VT_IPC_FD: '3' },
      { VT_IPC_DIR: path.join(file, 'q'), VT_IPC_FD: '3' },
      { VT_IPC_DIR: fifos, VT_IPC_FD: 'three' },
      { VT_IPC_DIR: fifos, VT_IPC_FD: '999999' },
      { VT_IPC_DIR: file, VT_IPC_FD: '1' },
    ]) {
      assert.deepEqual(
        run(program + useAll('c'), { A: '1', ...env }),
        nothing,
        JSON.stringify(env),
      );
    }
    assert.deepEqual(readdirSync(fifos).sort(), ['q', 'r'], 'nothing is left behind');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the client loads no module but those of Node it needs', () => {
  const program = `const before = new Set(process.moduleLoadList);
    require('fs'); require('path');
    require(${JSON.stringify(path.join(dist, 'index.cjs'))});
    const own = Object.keys(require.cache);
    const loaded = process.moduleLoadList.filter((name) => !before.has(name));
    console.log(JSON.stringify({ own: own.length, loaded }));`;
  assert.deepEqual(run(program), { own: 1, loaded: [] });
});

test('the types stand alone and fit both module systems', () => {
  const directory = mkdtempSync(path.join(dist, '../../../build/client-types-'));
  try {
    const tsc = path.resolve(dist, '../../../node_modules/typescript/bin/tsc');
    const script = `
      const { writeFileSync } = require('fs');
      const program = (from) => "import { getEnv, getEnvs, load } from '" + from + "';" +
        "const a: string | undefined = getEnv('A', { tracked: false });" +
        "const b: Record<string, string> = getEnvs({ prefix: 'A' });" +
        "load().ignoreInput(a ?? b['x'] ?? '');" +
        "// @ts-expect-error a number is no path\\nload().ignoreOutput(1);";
      writeFileSync('a.mts', program(${JSON.stringify(path.join(dist, 'index.mjs'))}));
      writeFileSync('b.cts', program(${JSON.stringify(path.join(dist, 'index.cjs'))}));`;
    execFileSync(process.execPath, ['-e', script], { cwd: directory });
    const { status, stdout } = spawnSync(
      process.execPath,
      [tsc, '--noEmit', '--ignoreConfig', '--strict', '--module', 'nodenext', 'a.mts', 'b.cts'],
      { cwd: directory, encoding: 'utf8' },
    );
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
