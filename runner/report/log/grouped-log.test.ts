import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGroupedLog } from './grouped-log.js';
import { LogRig, visible } from './log-rig.js';

const notCached = { notCached: { kind: 'cache-unusable', detail: 'EIO' } } as const;

describe('the grouped log', () => {
  it('has a line when a task begins, and its output in one block when it is over', () => {
    const rig = new LogRig(createGroupedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1, { kind: 'hit' });
    rig.wrote(0, 'a one\n');
    rig.wrote(1, 'b one\n');
    rig.wrote(0, 'a err\n', 'stderr');
    rig.wrote(1, 'b two, no end');
    void rig.ended(1);
    rig.log.running([0, 2]);
    rig.began(2);
    void rig.ended(0, notCached);
    void rig.ended(2);
    assert.equal(
      rig.all,
      `[a#build] ~/a$ build a
[b#build] ~/b$ build b ◉ cache hit, replaying
── [b#build] ──
b one
b two, no end

[c#build] ~/c$ build c

── [a#build] ──
a one
a err
vt: not cached: the cache cannot be used (EIO)
`,
    );
    assert.equal(rig.err, 'a err\n');
  });

  it('shows the block of a task that is alone as it comes, to the same text', () => {
    const rig = new LogRig(createGroupedLog);
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, 'wai');
    assert.equal(rig.out, '[a#build] ~/a$ build a\n── [a#build] ──\nwai');
    rig.wrote(0, 'ting\n');
    void rig.ended(0);
    rig.log.running([1, 2]);
    rig.began(1);
    rig.began(2);
    rig.wrote(1, 'b\n');
    void rig.ended(2);
    assert.doesNotMatch(rig.out, /^b$/m);
    rig.log.running([1]);
    void rig.ended(1);
    assert.equal(
      rig.out,
      `[a#build] ~/a$ build a
── [a#build] ──
waiting

[b#build] ~/b$ build b
[c#build] ~/c$ build c

── [b#build] ──
b
`,
    );
  });

  it('opens a block early rather than keep too much, and holds others back then', async () => {
    const rig = new LogRig(createGroupedLog);
    rig.log.running([0, 1]);
    rig.began(0);
    rig.began(1);
    const much = 'x'.repeat(1024 * 1024);
    let held: unknown;
    for (let time = 0; time < 17; time++) rig.wrote(0, much);
    assert.ok(rig.out.endsWith('x'), 'open');
    for (let time = 0; time < 17; time++) held = rig.wrote(1, 'y'.repeat(1024 * 1024));
    assert.ok(held instanceof Promise);
    const over = rig.ended(1);
    assert.ok(over instanceof Promise);
    rig.log.warned('full');
    assert.doesNotMatch(rig.all, /y|full/);
    void rig.ended(0);
    await Promise.all([held, over]);
    assert.match(rig.all, /\[a#build\] ──\nx+\n\n── \[b#build\] ──\ny+\nvt: warning: full\n$/);
    assert.equal(rig.out.replace(/[^y]/g, '').length, 17 * 1024 * 1024);
  });

  it('makes lines of what was written to a terminal, in their colours', () => {
    const rig = new LogRig(createGroupedLog, true, { TERM: 'xterm' });
    rig.log.running([0]);
    rig.began(0);
    rig.wrote(0, '\x1b[2J\x1b[32m10%\r100%\x1b[m\r\n', 'terminal');
    assert.ok(visible(rig.out).endsWith('── [a#build] ──\n␛[32m100%␛[0m\n'));
  });
});

describe('groups of GitHub Actions', () => {
  it('have the line of the task as their title, and failures below them', () => {
    const rig = new LogRig(createGroupedLog, false, { GITHUB_ACTIONS: 'true', FORCE_COLOR: '1' });
    rig.log.running([0, 1]);
    rig.began(0, { kind: 'miss', reason: { kind: 'args-changed' } });
    rig.began(1, { kind: 'hit' });
    rig.wrote(0, 'a\n');
    void rig.ended(1);
    void rig.ended(0, { ending: { kind: 'killed', signal: 'SIGSEGV' } });
    assert.equal(
      rig.all,
      `[b#build] ~/b$ build b ◉ cache hit, replaying
::group::[a#build] ~/a$ build a ○ cache miss: args changed, executing
a
::endgroup::
::error title=a#build::killed by SIGSEGV: build a
`,
    );
  });
});
