import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createExecLog } from './exec-log.js';
import { LogRig } from './log-rig.js';

const notCached = { notCached: { kind: 'cache-unusable', detail: 'EIO' } } as const;
const missing = { ending: { kind: 'not-started', errno: 'ENOENT', path: 'x' } } as const;
const miss = { kind: 'miss', reason: { kind: 'args-changed' } } as const;

function execRig(quiet: boolean, isTTY = false): LogRig {
  return new LogRig((options) => createExecLog(options, quiet), isTTY);
}

describe('the log of vt exec', () => {
  it('is nothing but the output for a first run', () => {
    const rig = execRig(false);
    rig.began(0);
    rig.wrote(0, 'out, no end');
    rig.wrote(0, 'err\n', 'stderr');
    void rig.ended(0);
    assert.deepEqual([rig.out, rig.err], ['out, no end', 'err\n']);
  });

  it('has hits, misses and reasons on stderr', () => {
    const rig = execRig(false);
    rig.began(0, miss);
    rig.wrote(0, 'out');
    void rig.ended(0, notCached);
    rig.began(0, { kind: 'disabled', because: 'flag' });
    rig.log.warned('full');
    assert.deepEqual(
      [rig.out, rig.err],
      [
        'out',
        '~/a$ build a ○ cache miss: args changed, executing\nvt: not cached: the cache cannot be used (EIO)\n~/a$ build a ⊘ cache disabled\nvt: warning: full\n',
      ],
    );
  });

  it('begins a new line in a terminal', () => {
    const rig = execRig(false, true);
    rig.began(0);
    rig.wrote(0, 'out');
    void rig.ended(0, notCached);
    assert.equal(rig.all, 'out\nvt: not cached: the cache cannot be used (EIO)\n');
  });

  it('is, with -q, only why a command could not be started', () => {
    const rig = execRig(true);
    rig.began(0, { kind: 'hit' });
    void rig.ended(0, notCached);
    rig.log.warned('full');
    void rig.ended(0, missing);
    assert.deepEqual([rig.out, rig.err], ['', 'vt: x: command not found\n']);
  });

  it('makes what was captured from a terminal plain text for a file', async () => {
    const rig = execRig(false);
    rig.began(0);
    rig.wrote(0, '\x1b[32mgre', 'terminal');
    rig.wrote(0, 'en\x1b[0m\r\nlast', 'terminal');
    await rig.log.flushed(0);
    assert.equal(rig.out, 'green\nlast');
    const terminal = execRig(false, true);
    terminal.began(0);
    terminal.wrote(0, '\x1b[32mgreen\x1b[0m\r\nlast', 'terminal');
    assert.equal(terminal.out, '\x1b[32mgreen\x1b[0m\r\nlast');
  });

  it('never changes what was captured from pipes', () => {
    const rig = execRig(false);
    rig.began(0);
    rig.wrote(0, '\x1b[32ma\r\n');
    assert.equal(rig.out, '\x1b[32ma\r\n');
  });
});
