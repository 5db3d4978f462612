import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../../cache/cache-limits.js';
import { limitsOf, parseLimit } from './cache-limits.js';

describe('cache limits', () => {
  it('are read with their units', () => {
    const sizes = ['0', '512', '1b', '1k', '1KiB', '1kB', '1.5M', '2 GiB', '1tb', 'none', '', '1x'];
    assert.deepEqual(
      sizes.map((text) => parseLimit(text, 'size')),
      [
        ...[0, 512, 1, 1024, 1024, 1000, 1.5 * 2 ** 20, 2 * 2 ** 30, 1e12, Infinity],
        ...[undefined, undefined],
      ],
    );
    const times = ['30s', '5m', '12h', '1.5d', '2w', 'None', '30', '-1d', '1y'];
    assert.deepEqual(
      times.map((text) => parseLimit(text, 'time')),
      [30e3, 300e3, 432e5, 1296e5, 12096e5, Infinity, undefined, undefined, undefined],
    );
  });

  it('are 10 GiB and 30 days unless the environment says so', () => {
    assert.deepEqual(limitsOf({ VT_CACHE_MAX_SIZE: '' }), { limits: DEFAULT_LIMITS, problems: [] });
    assert.deepEqual([DEFAULT_LIMITS.maxBytes, DEFAULT_LIMITS.maxAge], [10737418240, 2592e6]);
    assert.deepEqual(limitsOf({ VT_CACHE_MAX_SIZE: '1k', VT_CACHE_MAX_AGE: 'soon' }), {
      limits: { ...DEFAULT_LIMITS, maxBytes: 1024 },
      problems: [
        { kind: 'bad-limit', source: 'VT_CACHE_MAX_AGE', value: 'soon', measures: 'time' },
      ],
    });
  });
});
