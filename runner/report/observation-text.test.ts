import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AbsolutePath, Digest, WorkspacePath } from '../../cache/brands.js';
import { observationText } from './observation-text.js';
import { processChainText } from './process-chain-text.js';

const p = (text: string): WorkspacePath => text as WorkspacePath;
const digest = 'ab'.repeat(32) as Digest;

describe('observationText', () => {
  const rows: [string, Parameters<typeof observationText>[0]][] = [
    ["'src/a.js'", { kind: 'content', path: p('src/a.js'), digest, executable: false }],
    ["'.env.local' (missing)", { kind: 'absence', path: p('.env.local') }],
    ["'src' (folder)", { kind: 'listing', path: p('src'), names: [] }],
    ['workspace root (folder)', { kind: 'listing', path: p(''), names: [] }],
    ["'dist' (folder exists)", { kind: 'existence', path: p('dist'), entry: 'directory' }],
    ["'a' (exists)", { kind: 'existence', path: p('a'), entry: 'file' }],
    ["'l' (link exists)", { kind: 'existence', path: p('l'), entry: 'symlink' }],
    ["'s' (special file)", { kind: 'existence', path: p('s'), entry: 'other' }],
    ["'lib' (link to '../lib')", { kind: 'link', path: p('lib'), target: '../lib' }],
    [
      "files of 'src/**', '!**/*.log'",
      { kind: 'glob', include: ['src/**'], exclude: ['**/*.log'], matches: [] },
    ],
    [
      "program '/usr/bin/cc'",
      { kind: 'program', path: '/usr/bin/cc' as AbsolutePath, size: 1n, mtime: 1n, names: [] },
    ],
    ["env 'MODE'", { kind: 'env', name: 'MODE', valueDigest: digest }],
    ["env 'MODE' (not set)", { kind: 'env', name: 'MODE', valueDigest: null }],
    ["envs 'VITE_*' (none set)", { kind: 'env-query', pattern: { prefix: 'VITE_' }, matches: [] }],
    [
      "envs '{A,B}_?' (A_1, B_1)",
      {
        kind: 'env-query',
        pattern: { glob: '{A,B}_?' },
        matches: [
          { name: 'A_1', valueDigest: digest },
          { name: 'B_1', valueDigest: digest },
        ],
      },
    ],
  ];
  for (const [expected, fact] of rows) {
    it(expected, () => {
      assert.equal(observationText(fact), expected);
    });
  }
});

describe('processChainText', () => {
  const process = (...argv: string[]) => ({ pid: 1, parent: -1, exe: `/bin/${argv[0]}`, argv });

  it('names a process after those that started it', () => {
    assert.equal(
      processChainText([
        process('/bin/sh', '-c', 'node build.js > log'),
        process('node', 'build.js'),
        process('/w/node_modules/esbuild/bin/esbuild', '--service'),
      ]),
      "sh -c 'node build.js > log' > node build.js > esbuild --service",
    );
  });

  it('names a program that started itself again once, and leaves out the middle of a long chain', () => {
    const steps = ['sh', 'sh', 'a', 'b', 'c', 'd'].map((name) => process(name));
    assert.equal(processChainText(steps), 'sh > … > b > c > d');
  });

  it('names the runner, and a process of which only the program is known', () => {
    assert.equal(processChainText([]), 'vt');
    assert.equal(processChainText([{ pid: 1, parent: -1, exe: '/bin/true', argv: [] }]), 'true');
    assert.equal(processChainText([{ pid: 1, parent: -1, exe: '', argv: [] }]), 'unknown');
  });
});
