import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from './brands.js';
import type { MissReason } from './miss-reason.js';
import type { Dependency } from './stored-run.js';
import { TestWorkspace, on } from './testing/test-workspace.js';

/** Stores a run with one dependency, then expects a hit; after the change, exactly this miss. */
async function expectMiss(
  test: TestContext,
  prepare: (workspace: TestWorkspace) => Dependency,
  change: (workspace: TestWorkspace) => void,
  reason: MissReason,
): Promise<void> {
  const workspace = new TestWorkspace(test);
  const cache = workspace.openCache();
  const dependency = prepare(workspace);
  const run = workspace.run(() => ({ dependencies: [dependency] }));
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  change(workspace);
  // Once as this process remembers files, and once as another process finds them.
  assert.deepEqual(await workspace.replay(cache), { kind: 'miss', reason });
  assert.deepEqual(await workspace.replay(workspace.openCache()), { kind: 'miss', reason });
  assert.deepEqual(workspace.warnings, []);
}

const modified = (path: string) => ({ kind: 'modified', path }) as MissReason;
const added = (name: string, dir: string) => ({ kind: 'added', name, dir }) as MissReason;
const removed = (name: string, dir: string) => ({ kind: 'removed', name, dir }) as MissReason;

const source = (workspace: TestWorkspace) => {
  workspace.write('src/a.js', 'one');
  return on.content('src/a.js');
};

test('content: other bytes of the same size', (t) =>
  expectMiss(t, source, (w) => w.write('src/a.js', 'two'), modified('src/a.js')));

test('content: other bytes with the old mtime', (t) =>
  expectMiss(
    t,
    (w) => {
      const dependency = source(w);
      utimesSync(w.absolute('src/a.js'), 1, 1);
      return dependency;
    },
    (w) => {
      w.write('src/a.js', 'two');
      utimesSync(w.absolute('src/a.js'), 1, 1);
    },
    modified('src/a.js'),
  ));

test('content: executable bit', (t) =>
  expectMiss(t, source, (w) => chmodSync(w.absolute('src/a.js'), 0o755), modified('src/a.js')));

test('content: a directory in its place', (t) =>
  expectMiss(
    t,
    source,
    (w) => {
      w.remove('src/a.js');
      mkdirSync(w.absolute('src/a.js'));
    },
    modified('src/a.js'),
  ));

test('content: gone', (t) =>
  expectMiss(t, source, (w) => w.remove('src/a.js'), removed('a.js', 'src')));

test('content: its directory is a file now', (t) =>
  expectMiss(
    t,
    source,
    (w) => {
      w.remove('src');
      w.write('src', '');
    },
    removed('a.js', 'src'),
  ));

test('content: touched or otherwise moded without another executable bit still holds', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const dependency = source(workspace);
  await cache.store(
    workspace.run(() => ({ dependencies: [dependency] })),
    workspace,
  );
  utimesSync(workspace.absolute('src/a.js'), 5, 5);
  chmodSync(workspace.absolute('src/a.js'), 0o600);
  assert.equal((await workspace.replay(cache)).kind, 'hit');
});

test('absence: appears', (t) =>
  expectMiss(
    t,
    () => on.absence('src/a.ts'),
    (w) => w.write('src/a.ts', ''),
    added('a.ts', 'src'),
  ));

test('absence: appears in the workspace root', (t) =>
  expectMiss(
    t,
    () => on.absence('.env'),
    (w) => w.link('.env', 'nowhere'),
    added('.env', ''),
  ));

test('absence: a file where a directory was makes the lookup fail otherwise', (t) =>
  expectMiss(
    t,
    () => on.absence('src/deep/a.ts'),
    (w) => w.write('src', ''),
    modified('src'),
  ));

test('existence: gone', (t) =>
  expectMiss(
    t,
    (w) => {
      w.write('a', '');
      return on.existence('a');
    },
    (w) => w.remove('a'),
    removed('a', ''),
  ));

test('existence: another kind', (t) =>
  expectMiss(
    t,
    (w) => {
      mkdirSync(w.absolute('a'));
      return on.existence('a', 'directory');
    },
    (w) => {
      w.remove('a');
      w.write('a', '');
    },
    modified('a'),
  ));

test('existence: other content still holds', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  workspace.write('a', 'one');
  await cache.store(
    workspace.run(() => ({ dependencies: [on.existence('a')] })),
    workspace,
  );
  workspace.write('a', 'another');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
});

const symlink = (workspace: TestWorkspace) => {
  workspace.link('link', 'one');
  return on.link('link', 'one');
};

test('link: another target', (t) =>
  expectMiss(
    t,
    symlink,
    (w) => {
      w.remove('link');
      w.link('link', 'two');
    },
    modified('link'),
  ));

test('link: a file in its place', (t) =>
  expectMiss(
    t,
    symlink,
    (w) => {
      w.remove('link');
      w.write('link', 'one');
    },
    modified('link'),
  ));

test('link: gone', (t) => expectMiss(t, symlink, (w) => w.remove('link'), removed('link', '')));

const listing = (workspace: TestWorkspace) => {
  workspace.write('src/b', '');
  workspace.write('src/d', '');
  return on.listing('src');
};

test('listing: a name more', (t) =>
  expectMiss(t, listing, (w) => w.write('src/c', ''), added('c', 'src')));

test('listing: a name less', (t) =>
  expectMiss(t, listing, (w) => w.remove('src/b'), removed('b', 'src')));

test('listing: the first of several differences, by name', (t) =>
  expectMiss(
    t,
    listing,
    (w) => {
      w.write('src/e', '');
      w.remove('src/d');
      w.write('src/a', '');
    },
    added('a', 'src'),
  ));

test('listing: the directory is gone', (t) =>
  expectMiss(t, listing, (w) => w.remove('src'), removed('src', '')));

test('listing: the directory is a file', (t) =>
  expectMiss(
    t,
    listing,
    (w) => {
      w.remove('src');
      w.write('src', '');
    },
    modified('src'),
  ));

test('listing: names that are not UTF-8 are told apart', (t) =>
  expectMiss(
    t,
    (w) => {
      mkdirSync(w.absolute('src'));
      writeFileSync(Buffer.concat([Buffer.from(w.absolute('src/')), Buffer.from([0xff])]), '');
      return on.listing('src');
    },
    (w) => {
      w.remove('src');
      mkdirSync(w.absolute('src'));
      writeFileSync(Buffer.concat([Buffer.from(w.absolute('src/')), Buffer.from([0xfe])]), '');
    },
    added('\0fe', 'src'),
  ));

test('glob: a match more, a match less', async (t) => {
  const prepare = (w: TestWorkspace) => {
    w.globMatches = ['src/a', 'src/c'];
    return on.glob('src/*');
  };
  const [more, less] = [['src/a', 'src/b', 'src/c'], ['src/c']];
  await expectMiss(t, prepare, (w) => (w.globMatches = more), added('b', 'src'));
  await expectMiss(t, prepare, (w) => (w.globMatches = less), removed('a', 'src'));
});

test('program: another size or mtime', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vt-program-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'tool');
  const prepare = () => {
    writeFileSync(path, 'one');
    utimesSync(path, 1, 1);
    return on.program(path);
  };
  const reason = { kind: 'program-changed', path } as const;
  await expectMiss(t, prepare, () => writeFileSync(path, 'longer'), reason);
  await expectMiss(t, prepare, () => utimesSync(path, 2, 2), reason);
  await expectMiss(t, prepare, () => rmSync(path), reason);
});

test('program: PATH leads to another one, or to none', async (t) => {
  const path = process.execPath as AbsolutePath;
  const prepare = (w: TestWorkspace) => {
    w.programs.set('node', path);
    return on.program(path, 'node');
  };
  const reason = { kind: 'program-changed', path } as const;
  const other = '/another/node' as AbsolutePath;
  await expectMiss(t, prepare, (w) => w.programs.set('node', other), reason);
  await expectMiss(t, prepare, (w) => w.programs.delete('node'), reason);
});

test('env: changed, unset, set', async (t) => {
  const set = (w: TestWorkspace) => {
    w.variables.set('MODE', 'one');
    return on.env('MODE', 'one');
  };
  const reason = { kind: 'env-changed', names: ['MODE'] } as const;
  await expectMiss(t, set, (w) => w.variables.set('MODE', 'two'), reason);
  await expectMiss(t, set, (w) => w.variables.delete('MODE'), reason);
  const unset = () => on.env('MODE', undefined);
  await expectMiss(t, unset, (w) => w.variables.set('MODE', ''), reason);
});

test('env query: changed, added and removed matches, all named in order', async (t) => {
  const prepare = (w: TestWorkspace) => {
    w.variables.set('VITE_B', '1').set('VITE_C', '1').set('VITE_D', '1').set('OTHER', '1');
    return on.envPrefix('VITE_', { VITE_D: '1', VITE_C: '1', VITE_B: '1' });
  };
  await expectMiss(
    t,
    prepare,
    (w) => {
      w.variables.set('OTHER', '2').set('VITE_D', '2').set('VITE_A', '1');
      w.variables.delete('VITE_B');
    },
    { kind: 'env-changed', names: ['VITE_A', 'VITE_B', 'VITE_D'] },
  );
});

const document = (workspace: TestWorkspace, pointer = '/version') => {
  workspace.write('package.json', '{ "version": "1", "description": "one" }');
  return on.json('package.json', pointer);
};

for (const [name, text] of [
  ['other values', '{ "version": "1", "description": "two", "x": [] }'],
  ['white space', '{\n  "description": "one",\n  "version" : "1"\n}'],
]) {
  test(`json: ${name} do not matter`, async (t) => {
    const workspace = new TestWorkspace(t);
    const cache = workspace.openCache();
    const dependencies = [document(workspace)];
    const run = workspace.run(() => ({ dependencies }));
    assert.equal((await cache.store(run, workspace)).kind, 'stored');
    workspace.write('package.json', text ?? '');
    assert.equal((await workspace.replay(cache)).kind, 'hit');
  });
}

const changedValue = (pointer: string) =>
  ({ kind: 'value-changed', path: 'package.json', pointer }) as MissReason;

test('json: another value', (t) =>
  expectMiss(
    t,
    document,
    (w) => w.write('package.json', '{"version":"2"}'),
    changedValue('/version'),
  ));
test('json: the value is gone', (t) =>
  expectMiss(t, document, (w) => w.write('package.json', '{}'), changedValue('/version')));
test('json: a value where there was none', (t) =>
  expectMiss(
    t,
    (w) => document(w, '/none'),
    (w) => w.write('package.json', '{"none":null}'),
    changedValue('/none'),
  ));
test('json: no JSON any more', (t) =>
  expectMiss(t, document, (w) => w.write('package.json', '{'), modified('package.json')));
test('json: gone', (t) =>
  expectMiss(t, document, (w) => w.remove('package.json'), removed('package.json', '')));
test('json: what cannot be asked for a value counts as a whole', (t) =>
  expectMiss(
    t,
    (w) => {
      w.write('package.json', '// with comments\n{"version":"1"}');
      return on.json('package.json', '/version');
    },
    (w) => w.write('package.json', '// with other comments\n{"version":"1"}'),
    modified('package.json'),
  ));

test('json: changed during the run', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  workspace.write('package.json', '{"version":"1"}');
  const run = workspace.run(() => {
    workspace.write('package.json', '{"version":"1","other":1}');
    return { dependencies: [on.json('package.json', '/version')] };
  });
  const outcome = await cache.store(run, workspace);
  assert.deepEqual(outcome, { kind: 'modified-during-run', path: 'package.json' });
});
