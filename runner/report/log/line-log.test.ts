import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInterleavedLog, createLabeledLog } from './line-log.js';
import { LogRig, visible } from './log-rig.js';

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

describe('what was written to a terminal', () => {
  const colors = { TERM: 'xterm' };
  const progress = '\x1b[31m 10%\x1b[m\r100%\x1b[1A\x1b[K\r\nend';

  it('stays as it is for a task that has the terminal to itself', () => {
    const rig = new LogRig(createInterleavedLog, true, colors);
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, progress, 'terminal');
    assert.ok(rig.out.endsWith(progress));
  });

  it('is made of lines for several at once, each with its own colours', () => {
    const rig = new LogRig(createInterleavedLog, true, colors);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1);
    const before = rig.out.length;
    rig.wrote(0, '\x1b[31mred\r\n\x1b[2', 'terminal');
    rig.wrote(1, 'plain\r\n', 'terminal');
    rig.wrote(0, 'Astill\x1b[0m red 10%\rgone\x1b[K\r\n', 'terminal');
    assert.equal(visible(rig.out.slice(before)), '␛[31mred␛[0m\nplain\ngone\n');
  });

  it('loses its colours where none are wanted', () => {
    const rig = new LogRig(createInterleavedLog, true, { TERM: 'xterm', NO_COLOR: '1' });
    rig.log.running([0, 1]);
    rig.began(0);
    rig.wrote(0, '\x1b[31mred\x1b[m\r\n', 'terminal');
    assert.ok(rig.out.endsWith('build a\nred\n'));
  });

  it('is plain in a file, however it was recorded', () => {
    for (const make of [createInterleavedLog, createLabeledLog]) {
      const rig = new LogRig(make);
      rig.log.running([0]);
      rig.began(0, { kind: 'hit' });
      rig.wrote(0, progress, 'terminal');
      void rig.ended(0);
      assert.match(rig.out, /^(?:\[a#build\] )?100%\n(?:\[a#build\] )?end\n$/m);
    }
  });
});

describe('the labeled log', () => {
  it('has the name of the task before every line, also those of vt', () => {
    const rig = new LogRig(createLabeledLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1, { kind: 'hit' });
    rig.wrote(1, 'one\n\ntwo\nno end');
    rig.wrote(0, 'err\n', 'stderr');
    void rig.ended(1);
    void rig.ended(0, { ...notCached, ...missing });
    rig.log.running([2]);
    rig.began(2);
    assert.equal(
      rig.all,
      `[a#build] ~/a$ build a
[b#build] ~/b$ build b ◉ cache hit, replaying
[b#build] one
[b#build] 
[b#build] two
[a#build] err
[b#build] no end
[a#build] vt: x: command not found
[a#build] vt: not cached: the cache cannot be used (EIO)

[c#build] ~/c$ build c
`,
    );
    assert.equal(rig.err, '[a#build] err\n');
  });

  it('labels a line once, however it comes, and while a task is alone at once', () => {
    const rig = new LogRig(createLabeledLog);
    rig.log.running([0]);
    rig.began(0);
    for (const byte of 'ab\ncd\n') rig.wrote(0, byte);
    rig.wrote(0, 'waiting…');
    assert.equal(rig.out, '[a#build] ~/a$ build a\n[a#build] ab\n[a#build] cd\n[a#build] waiting…');
  });

  it('never gives the screen to a task', () => {
    const rig = new LogRig(createLabeledLog, true, { TERM: 'xterm' });
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, '\x1b[2J\x1b[Hone\r\n', 'terminal');
    assert.ok(visible(rig.out).endsWith('␛[2m[a#build]␛[22m one\n'));
  });
});

describe('in GitHub Actions', () => {
  const env = { GITHUB_ACTIONS: 'true' };

  it('a failure is an annotation, but not for what was stopped', () => {
    for (const [make, label] of [
      [createInterleavedLog, ''],
      [createLabeledLog, '[a#build] '],
    ] as const) {
      const rig = new LogRig(make, false, env);
      rig.log.running([0, 1]);
      rig.began(0);
      rig.began(1);
      void rig.ended(0, { ending: { kind: 'exited', code: 3 }, ...notCached });
      void rig.ended(1, {
        ending: { kind: 'killed', signal: 'SIGTERM' },
        stopped: { kind: 'failure' },
      });
      assert.ok(
        rig.out.endsWith(
          `${label}vt: not cached: the cache cannot be used (EIO)\n::error title=a#build::exited with 3: build a\n`,
        ),
      );
    }
  });

  it('a warning is one too', () => {
    const rig = new LogRig(createInterleavedLog, false, env);
    rig.log.warned('100% full\nreally');
    assert.equal(rig.err, '::warning title=vt::100%25 full%0Areally\n');
  });
});
