import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspacePath } from '../../cache/brands.js';
import type { Prediction } from '../execute/explain/predict-run.js';
import { dryRunText } from './dry-run-text.js';
import { planOf } from './log/log-rig.js';
import { createStyle } from './style.js';

const plan = planOf(['a', 'b', 'c', 'd']);
const plain = createStyle(false);

function hit(restored: number, unchanged = 0): Prediction {
  const paths = Array.from({ length: restored }, (_, n) => `${n}` as WorkspacePath);
  return {
    status: { kind: 'hit' },
    restore: { restored: paths, removed: [], unchanged },
    after: [],
  };
}

describe('what --dry-run shows', () => {
  it('is what the cache has for each command, and what comes before that', () => {
    const text = dryRunText(
      plan,
      [
        {
          ...hit(0),
          status: { kind: 'miss', reason: { kind: 'args-changed' } },
          restore: undefined,
        },
        { status: { kind: 'first-run' }, restore: undefined, after: [0] },
        { ...hit(2), after: [0, 1] },
        { status: { kind: 'disabled', because: 'configuration' }, restore: undefined, after: [] },
      ],
      plain,
    );
    assert.equal(
      text,
      `~/a$ build a ○ cache miss: args changed
~/b$ build b ○ cache miss: nothing is stored (before a#build did anything)
~/c$ build c ◉ cache hit, 2 outputs to put in place (before b#build and 1 more did anything)
~/d$ build d ⊘ cache disabled: by the configuration

---
vt run: 1/4 cache hit (25%), nothing was run.
`,
    );
  });

  it('ends with a few words where all is there', () => {
    assert.equal(
      dryRunText(plan, [hit(0, 3), undefined, hit(1)], plain),
      `~/a$ build a ◉ cache hit
~/c$ build c ◉ cache hit, 1 output to put in place

---
vt run: cache hit, nothing was run.
`,
    );
  });

  it('is little where there is nothing to run', () => {
    assert.equal(dryRunText(plan, [], plain), 'vt run: nothing was run.\n');
  });
});
