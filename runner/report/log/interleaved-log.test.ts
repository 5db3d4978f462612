import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInterleavedLog } from './interleaved-log.js';
import { LogRig } from './log-rig.js';

const notCached = { notCached: { kind: 'cache-unusable', detail: 'EIO' } } as const;
const missing = { ending: { kind: 'not-started', errno: 'ENOENT', path: 'x' } } as const;

describe('the interleaved log', () => {
  it('one after the other: a line each, a blank line between, notices below the output', () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, 'no end');
    void rig.ended(0, notCached);
    rig.log.running([1]);
    rig.began(1, { kind: 'hit' });
    void rig.ended(1, missing);
    rig.log.warned('full');
    assert.deepEqual(
      [rig.out, rig.err],
      [
        '~/a$ build a\nno end\nvt: not cached: the cache cannot be used (EIO)\n\n~/b$ build b ◉ cache hit, replaying\nvt: x: command not found\n',
        'vt: warning: full\n',
      ],
    );
  });

  it('alone: every byte at once', () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, '.');
    assert.equal(rig.out, '~/a$ build a\n.');
  });

  it('several at once: line by line, command lines together', () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1);
    rig.wrote(0, 'one, ');
    rig.wrote(1, 'first\nsec');
    rig.wrote(0, 'two\n');
    rig.wrote(1, 'ond\n');
    assert.equal(rig.out, '~/a$ build a\n~/b$ build b\nfirst\none, two\nsecond\n');
    rig.wrote(0, 'no end');
    void rig.ended(0);
    rig.log.running([1, 2]);
    rig.began(2);
    assert.ok(rig.out.endsWith('second\nno end\n\n~/c$ build c\n'));
  });

  it('shows the beginning of a line as soon as its task is alone', () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1);
    rig.wrote(0, 'waiting…');
    assert.doesNotMatch(rig.out, /waiting/);
    void rig.ended(1);
    rig.log.running([0]);
    assert.match(rig.out, /waiting…$/);
    rig.wrote(0, ' done\n');
    assert.match(rig.out, /waiting… done\n$/);
  });

  it('lets an endless line through, and others wait for its end', async () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1);
    const long = 'x'.repeat(1024 * 1024);
    rig.wrote(0, long);
    assert.doesNotMatch(rig.out, /x/);
    rig.wrote(0, 'y');
    assert.ok(rig.out.endsWith('xy'));
    const held = rig.wrote(1, 'other\n');
    assert.ok(held instanceof Promise);
    const over = rig.ended(1, notCached);
    assert.ok(over instanceof Promise);
    rig.log.warned('full');
    assert.ok(rig.all.endsWith('xy'));
    rig.wrote(0, 'z\nnext');
    await Promise.all([held, over]);
    assert.ok(
      rig.all.endsWith(
        'xyz\nother\nvt: not cached: the cache cannot be used (EIO)\nvt: warning: full\n',
      ),
    );
    void rig.ended(0);
    assert.ok(rig.out.endsWith('next\n'));
  });

  it('holds tasks back with the reader', async () => {
    const rig = new LogRig(createInterleavedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.demand = Promise.resolve('closed');
    assert.equal(await rig.wrote(0, 'line\n'), 'closed');
  });
});
