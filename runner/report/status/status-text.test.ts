import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusText } from './status-text.js';
import type { RunStatus } from './status-text.js';

const status: RunStatus = {
  planned: 12,
  over: 3,
  hits: 2,
  failed: 0,
  atWork: [
    { name: 'app#build', elapsed: 12_345 },
    { name: 'lib#test', elapsed: 999 },
    { name: 'ui#build', elapsed: 3_723_000 },
  ],
};

describe('the text of the status line', () => {
  it('says how far a run is, and what is at work since when', () => {
    assert.equal(
      statusText(status, 80),
      '3/12 done, 2 cache hits · app#build 12s · lib#test 0s · ui#build 1h 2m',
    );
    const other = { ...status, hits: 1, failed: 2, atWork: [{ name: 'a', elapsed: 65_000 }] };
    assert.equal(statusText(other, 80), '3/12 done, 1 cache hit, 2 failed · a 1m 5s');
    assert.equal(statusText({ ...status, hits: 0, atWork: [] }, 80), '3/12 done');
  });

  it('is never wider than there is room', () => {
    assert.equal(statusText(status, 55), '3/12 done, 2 cache hits · app#build 12s · 2 more');
    assert.equal(statusText(status, 40), '3/12 done, 2 cache hits · 3 at work');
    assert.equal(statusText(status, 30), '3/12 done, 2 cache hits…');
    assert.equal(statusText(status, 22), '3/12 done, 2 cache h…');
    assert.equal(statusText(status, 10), '3/12 don…');
    assert.equal(statusText(status, 0), '');
  });

  it('takes for wide what may be', () => {
    const wide = { ...status, atWork: [{ name: '漢字#組', elapsed: 0 }] };
    assert.equal(statusText(wide, 36), '3/12 done, 2 cache hits · 漢字#組 0s');
    assert.equal(statusText(wide, 35), '3/12 done, 2 cache hits · 1 at work');
  });
});
