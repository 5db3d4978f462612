import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { changedSince } from './late-change.js';
import { on, TestWorkspace } from './testing/test-workspace.js';

/** What is stored of a run while which `disturb` happens. */
async function storing(
  workspace: TestWorkspace,
  dependency: ReturnType<(typeof on)['content']>,
  disturb: () => readonly string[],
) {
  const run = workspace.run(() => ({ outputs: disturb(), dependencies: [dependency] }));
  const outcome = await workspace.openCache().store(run, workspace);
  return outcome.kind === 'stored' ? 'stored' : outcome;
}

const modified = (path: string) => ({ kind: 'modified-during-run', path });

for (const [what, dependency] of [
  ['a file', on.content('src/sub/a')],
  ['a link', on.link('src/sub/l', 'a')],
  ['a directory', on.listing('src/sub')],
] as const) {
  test(`${what} below a directory that somebody moved there during the run`, async (t) => {
    const workspace = new TestWorkspace(t);
    for (const place of ['src', 'new']) {
      workspace.write(`${place}/sub/a`, place);
      workspace.link(`${place}/sub/l`, 'a');
    }
    const outcome = await storing(workspace, dependency, () => {
      renameSync(workspace.absolute('src'), workspace.absolute('old'));
      renameSync(workspace.absolute('new'), workspace.absolute('src'));
      return [];
    });
    assert.deepEqual(outcome, modified('src'));
  });
}

test('the directory that was listed was moved there itself', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', '');
  workspace.write('new/b', '');
  const outcome = await storing(workspace, on.listing('src'), () => {
    renameSync(workspace.absolute('src'), workspace.absolute('old'));
    renameSync(workspace.absolute('new'), workspace.absolute('src'));
    return [];
  });
  assert.deepEqual(outcome, modified('src'));
});

test('directories that the run moved itself, or got new names or other rights, do no harm', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/sub/a', '');
  workspace.write('other/b', '');
  const names = await storing(workspace, on.content('src/sub/a'), () => {
    workspace.write('src/new', '');
    mkdirSync(workspace.absolute('src/sub/more'));
    return [];
  });
  assert.equal(names, 'stored');
  // On overlayfs every directory above a file that is written has a new ctime.
  const rights = await storing(workspace, on.content('src/sub/a'), () => {
    chmodSync(workspace.absolute('src/sub'), 0o750);
    chmodSync(workspace.absolute('src'), 0o750);
    return [];
  });
  assert.equal(rights, 'stored');
  const own = await storing(workspace, on.content('moved/b'), () => {
    renameSync(workspace.absolute('other'), workspace.absolute('moved'));
    return ['moved'];
  });
  assert.equal(own, 'stored');
});

test('a link that somebody replaced during the run, though it leads where it is said to', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.link('current', 'v1');
  const outcome = await storing(workspace, on.link('current', 'v2'), () => {
    workspace.link('next', 'v2');
    renameSync(workspace.absolute('next'), workspace.absolute('current'));
    return [];
  });
  assert.deepEqual(outcome, modified('current'));
});

test('a link that is no UTF-8', async (t) => {
  const workspace = new TestWorkspace(t);
  const target = Buffer.from([0x61, 0xff]);
  symlinkSync(target, workspace.absolute('l'));
  assert.equal(await storing(workspace, on.link('l', 'a\0ff'), () => []), 'stored');
});

test('times of file systems that keep coarser ones than the clock that the start was read from', () => {
  const start = 1_800_000_001_500_000_000n;
  const since = (ctimeNs: bigint) => changedSince({ ctimeNs }, start);
  assert.ok(since(start));
  assert.ok(since(start + 1n));
  assert.ok(!since(start - 1n));
  assert.ok(since(1_800_000_001_000_000_000n), 'whole seconds: it may be half a second later');
  assert.ok(since(1_800_000_000_000_000_000n), 'or 1.9 s, where only even seconds are kept');
  assert.ok(!since(1_799_999_999_000_000_000n));
  assert.ok(since(1_800_000_001_490_000_000n), 'hundredths');
  assert.ok(!since(1_800_000_001_480_000_000n));
  assert.ok(!since(1_800_000_001_490_000_001n), 'exact');
});
