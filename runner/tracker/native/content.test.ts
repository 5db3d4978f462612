import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { keptContents, missing, native, NativeRig, sanitizers } from './test/rig.js';

const digestOf = (bytes: string | Buffer): string =>
  createHash('sha256').update(bytes).digest('hex');

describe('SHA-256', { skip: missing }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.build('sha256', ['test/sha256.c', 'sha256.c'], sanitizers);
  });
  after(() => {
    rig.dispose();
  });

  for (const [code, flags] of [
    ['as the processor does it', []],
    ['in portable code', ['--portable']],
  ] as const) {
    test(code, () => {
      const bytes = randomBytes(3000);
      // Around the ends of blocks, with and without room for the length.
      for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 3000]) {
        const input = bytes.subarray(0, length);
        for (const turns of [['4096'], ['7', '64', '100', '63']]) {
          const { stdout } = spawnSync(rig.file('sha256'), [...flags, ...turns], {
            input,
            encoding: 'utf8',
          });
          const what = `${length} bytes in turns of ${turns.join()}`;
          assert.equal(stdout.trim(), digestOf(input), what);
        }
      }
    });
  }
});

/** What a shell does to `file` ("x"), `other` ("y") and `dir/inner` ("z"), and what is kept of them. */
const rows: readonly (readonly [does: string, script: string, ...kept: string[]])[] = [
  ['reads and does not write', 'cat file'],
  ['overwrites what it never saw', 'echo a > file'],
  ['looks and overwrites', 'cat file; echo a > file', `file: ${digestOf('x')}`],
  ['appends to what it never saw', 'echo a >> file', `file: ${digestOf('x')}`],
  ['appends twice', 'echo a >> file; echo b >> file', `file: ${digestOf('x')}`],
  ['opens for both, without a look', ': 3<> file', `file: ${digestOf('x')}`],
  [
    'looks under another name',
    'cat link; cat dir/../other; echo a > file; echo a > other',
    `file: ${digestOf('x')}`,
    `other: ${digestOf('y')}`,
  ],
  [
    'writes under another name',
    'cat file; ln -s . here; echo a > here/file',
    `here/file: ${digestOf('x')}`,
  ],
  ['writes through a symlink', 'cat file; echo a > link', `link: ${digestOf('x')}`],
  ['changes the mode', 'chmod +x file', `file: ${digestOf('x')}`],
  ['makes and renames', 'echo a > new; exec perl -e "rename qw(new newer)"', 'new: changed'],
  [
    'renames over what it has read',
    'cat other; exec perl -e "rename qw(file other)"',
    `file: ${digestOf('x')}`,
    `other: ${digestOf('y')}`,
  ],
  ['renames a directory', 'cat dir/inner; exec perl -e "rename qw(dir moved)"'],
  [
    'renames a directory, and writes in it',
    'perl -e "rename qw(dir moved)"; echo a >> moved/inner',
    `moved/inner: ${digestOf('z')}`,
  ],
];

describe('what files hold before they are changed', { skip: missing }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.buildChecked();
  });
  beforeEach(() => {
    rig.fresh();
  });
  after(() => {
    rig.dispose();
  });

  const shim = path.join(native, 'libvt-shim.so');
  for (const [does, script, ...kept] of rows) {
    for (const [how, options] of [
      ['with the shim', ['--shim', shim]],
      ['without', []],
    ] as const) {
      test(`${does}, ${how}`, async () => {
        const run = await rig.launch(['sh', '-c', script], {
          options: [...options, '--root', rig.workspace],
          ...(options.length === 0 && { launcher: rig.file('vt-launch-checked') }),
        });
        assert.deepEqual(keptContents(run, rig.workspace).sort(), [...kept].sort());
      });
    }
  }

  test('nothing of files outside the root', async () => {
    const run = await rig.launch(['sh', '-c', 'cat file; echo a >> file; echo a >> dir/inner'], {
      options: ['--root', path.join(rig.workspace, 'dir')],
    });
    assert.deepEqual(keptContents(run, rig.workspace), [`dir/inner: ${digestOf('z')}`]);
  });

  test('not of files larger than 128 MiB', async () => {
    fs.truncateSync(path.join(rig.workspace, 'file'), 2 ** 27 + 1);
    const run = await rig.launch(['sh', '-c', 'echo a >> file']);
    assert.deepEqual(keptContents(run, rig.workspace), ['file: too large']);
  });

  test('before the call is made, whoever else has the file open', async () => {
    const text = randomBytes(1 << 20);
    fs.writeFileSync(path.join(rig.workspace, 'file'), text);
    const loop = 'for i in 1 2 3 4 5 6 7 8; do (echo a >> file) & done; wait';
    const run = await rig.launch(['sh', '-c', loop]);
    assert.deepEqual(keptContents(run, rig.workspace)[0], `file: ${digestOf(text)}`);
  });
});
