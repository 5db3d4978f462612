import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CliRig, code } from '../cli-rig.js';

describe('vt cache clean', () => {
  it('cleans the cache of the workspace', async (t) => {
    const rig = new CliRig(t, { 'package.json': '{ "scripts": { "a": "a" } }' });
    const directory = path.join(rig.root, 'node_modules/.cache/vt');
    await rig.vt('run', 'a');
    assert.ok(existsSync(path.join(directory, 'last-details.txt')));
    assert.deepEqual(await rig.vt('cache', 'clean'), code(0));
    assert.deepEqual(
      [rig.cleaned, rig.stdout],
      [[directory], `vt: removed what was stored in ${directory}\n`],
    );
    assert.equal(existsSync(path.join(directory, 'last-details.txt')), false);
    rig.cleanOutcome = { kind: 'cleaned', stores: 0 };
    await rig.vt('cache', 'clean');
    assert.equal(rig.stdout, `vt: nothing was stored in ${directory}\n`);
    rig.cleanOutcome = { kind: 'failed', path: '/x', detail: 'EACCES' };
    assert.deepEqual(await rig.vt('cache', 'clean'), code(1));
    assert.equal(rig.stderr, `vt: cannot clean ${directory}: /x: EACCES\n`);
  });
});
