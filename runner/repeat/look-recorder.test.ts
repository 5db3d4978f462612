import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Look } from './look.js';
import { LookRecorder } from './look-recorder.js';

describe('what is looked at', () => {
  let directory: string;
  before(() => {
    directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'vt-looks-')));
    fs.writeFileSync(path.join(directory, 'file'), 'text');
    fs.symlinkSync('file', path.join(directory, 'link'));
    fs.symlinkSync('loop', path.join(directory, 'loop'));
    fs.mkdirSync(path.join(directory, 'dir'));
  });
  after(() => {
    fs.rmSync(directory, { recursive: true });
  });
  const at = (name: string): string => path.join(directory, name);

  function recorded(looks: () => void): LookRecorder {
    const recorder = new LookRecorder();
    recorder.start();
    try {
      looks();
    } finally {
      recorder.stop();
    }
    return recorder;
  }

  /** As `kind path`, with `->` where links are followed. */
  function texts(looks: readonly Look[]): string[] {
    return looks
      .map(
        ({ kind, follows, path: file }) =>
          `${kind}${follows ? '->' : ''} ${path.relative(directory, file)}`,
      )
      .sort();
  }

  it('is known by what was found, and answers stay what they are', () => {
    const recorder = recorded(() => {
      assert.equal(fs.readFileSync(at('link'), 'utf8'), 'text');
      assert.equal(fs.existsSync(at('dir')), true);
      assert.equal(fs.existsSync(at('none')), false);
      assert.equal(fs.statSync(at('dir')).isDirectory(), true);
      assert.equal(fs.lstatSync(at('link')).isSymbolicLink(), true);
      assert.equal(fs.statSync(at('gone'), { throwIfNoEntry: false }), undefined);
      assert.throws(() => fs.lstatSync(at('file/below')), { code: 'ENOTDIR' });
      assert.deepEqual(fs.readdirSync(at('dir')), []);
      assert.equal(fs.readlinkSync(at('link')), 'file');
    });
    assert.equal(recorder.gaveUp, undefined);
    assert.deepEqual(texts(recorder.looks(new Set([at('gone')]))), [
      'absent file/below',
      'absent-> none',
      'place-> dir',
      'stamp link',
      'stamp-> dir',
      'stamp-> link',
    ]);
  });

  it('of what tells more the less is left out', () => {
    const recorder = recorded(() => {
      fs.existsSync(at('file'));
      fs.lstatSync(at('file'));
      fs.lstatSync(at('file'), { bigint: true });
      fs.readFileSync(at('file'));
      fs.existsSync(at('none'));
      fs.lstatSync(at('none'), { throwIfNoEntry: false });
    });
    assert.deepEqual(texts(recorder.looks(new Set())), ['absent none', 'stamp file']);
  });

  it('with the way that a path leads, as far as links decide it', () => {
    fs.symlinkSync('dir', at('way'));
    fs.writeFileSync(at('dir/x'), '');
    const recorder = recorded(() => {
      assert.equal(fs.realpathSync(at('way/x')), at('dir/x'));
      assert.equal(fs.realpathSync.native(at('way/x')), at('dir/x'));
    });
    const within = recorder
      .looks(new Set())
      .filter(({ path: file }) => file.startsWith(`${directory}/`));
    assert.deepEqual(texts(within), ['directory dir', 'stamp dir/x', 'stamp way']);
  });

  it('what is changed is known by its path', () => {
    const recorder = recorded(() => {
      fs.writeFileSync(at('new'), '');
      fs.renameSync(at('new'), at('renamed'));
      assert.throws(() => fs.mkdirSync(at('dir')), { code: 'EEXIST' });
    });
    assert.deepEqual([...recorder.changed].sort(), [at('new'), at('renamed')]);
    assert.equal(recorder.gaveUp, undefined);
  });

  const odd: Readonly<Record<string, () => void>> = {
    'fs.opendirSync': () => {
      fs.opendirSync(directory).closeSync();
    },
    'a listing of a whole tree': () => {
      fs.readdirSync(directory, { recursive: true });
    },
    'fs.watch': () => {
      fs.watch(directory).close();
    },
    'a path in bytes': () => {
      fs.lstatSync(Buffer.from(directory));
    },
    'ELOOP of a look': () => {
      assert.equal(fs.existsSync(at('loop')), false);
    },
    'ENAMETOOLONG of a look': () => {
      assert.throws(() => fs.readFileSync(at('x'.repeat(300))));
    },
  };
  for (const [reason, look] of Object.entries(odd)) {
    it(`is not known for certain after ${reason}`, () => {
      assert.equal(recorded(look).gaveUp, reason);
    });
  }

  it('all functions are there again afterwards', () => {
    const functions = [{ ...fs }, { ...fs.promises }, { ...fs.realpathSync }];
    recorded(() => {
      assert.notEqual(fs.lstatSync, functions[0]?.['lstatSync' as never]);
    });
    assert.deepEqual([{ ...fs }, { ...fs.promises }, { ...fs.realpathSync }], functions);
  });
});
