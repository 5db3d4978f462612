import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { WorkspacePath } from './brands.js';
import { cacheLayout } from './cache-directory.js';
import { openExplainer } from './explain/explainer.js';
import type { HitNote } from './hit-notes.js';
import { openManager } from './manage/manager.js';
import { keepRepeat, repeatName } from './repeat-store.js';
import type { Dependency } from './stored-run.js';
import { TestWorkspace, on, testKey } from './testing/test-workspace.js';
import type { RunOptions } from './testing/test-workspace.js';
import { textSum } from './text-sum.js';

const PROGRAM = 'tools/program';

class Confirming extends TestWorkspace {
  readonly layout = cacheLayout(this.cacheDirectory);

  /** Stores a run and hits twice, each with a cache of its own; the second may be confirmed. */
  async settle(work: (run: RunOptions) => void | RunOptions): Promise<void> {
    const cache = this.openCache();
    assert.equal((await cache.store(this.run(work), this)).kind, 'stored');
    await cache.close();
    await this.hit();
  }

  async hit(): Promise<void> {
    const cache = this.openCache();
    assert.equal((await this.replay(cache)).kind, 'hit');
    await cache.close();
  }

  /** What a lookup says that cannot ask the index: there is none while it looks. */
  async withoutIndex(key = testKey()): Promise<boolean> {
    const aside = join(this.root, 'aside');
    renameSync(this.layout.index, aside);
    try {
      const cache = this.openCache();
      const lookup = await cache.lookup('app#build', key, this);
      await cache.close();
      return lookup.kind === 'hit';
    } finally {
      for (const end of ['', '-wal', '-shm']) rmSync(this.layout.index + end, { force: true });
      renameSync(aside, this.layout.index);
    }
  }

  confirmations(): string[] {
    const { confirmed } = this.layout;
    return existsSync(confirmed) ? readdirSync(confirmed).map((name) => join(confirmed, name)) : [];
  }
}

/** A result with an observation and an output of every kind, found twice. */
async function everything(t: TestContext): Promise<Confirming> {
  const workspace = new Confirming(t);
  workspace.write('src/a', 'a');
  workspace.write('src/tool', 'tool', 0o755);
  workspace.write('old', 'old');
  workspace.link('link', 'src/a');
  workspace.write(PROGRAM, 'program', 0o755);
  workspace.variables.set('MODE', 'one').set('VITE_A', '1');
  workspace.globMatches = ['src/a'];
  await workspace.settle(() => {
    workspace.write('dist/deep/out', 'out');
    workspace.link('dist/to', 'deep/out');
    mkdirSync(workspace.absolute('dist/empty'));
    workspace.remove('old');
    return {
      dependencies: [
        on.content('src/a'),
        on.content('src/tool'),
        on.absence('src/none'),
        on.existence('src', 'directory'),
        on.link('link', 'src/a'),
        on.listing('src'),
        { ...on.glob('src/*'), matches: ['src/a' as WorkspacePath] } as Dependency,
        on.program(workspace.absolute(PROGRAM)),
        on.env('MODE', 'one'),
        on.env('UNSET', undefined),
        on.envPrefix('VITE_', { VITE_A: '1' }),
      ],
      outputs: [
        ...['dist/deep/out', 'dist/to', 'dist/empty'],
        { path: 'old', existedBefore: true },
      ],
      transcript: [{ stream: 'stdout', bytes: Buffer.from('built \u{1f3d7}\n') }],
    };
  });
  return workspace;
}

test('a hit that was found once is found again without the index, the same', async (t) => {
  const workspace = await everything(t);
  const cache = workspace.openCache();
  const found = await cache.lookup('app#build', testKey(), workspace);
  assert.ok(found.kind === 'hit');
  assert.equal(await workspace.withoutIndex(), true);
  const [chunk] = found.transcript;
  assert.equal(Buffer.from(chunk?.bytes ?? []).toString(), 'built \u{1f3d7}\n');
  assert.equal(found.duration, 245);
  assert.deepEqual([...found.outputs].sort(), ['dist/deep/out', 'dist/empty', 'dist/to', 'old']);
  assert.deepEqual(await cache.restore(found, workspace), {
    kind: 'restored',
    written: 0,
    unchanged: 4,
  });
  await cache.close();
});

/** Same size, and the same mtime as before. */
function edit(workspace: TestWorkspace, path: string, text: string): void {
  const { atime, mtime } = lstatSync(workspace.absolute(path));
  writeFileSync(workspace.absolute(path), text);
  utimesSync(workspace.absolute(path), atime, mtime);
}

const changes: Readonly<Record<string, (workspace: TestWorkspace) => void>> = {
  'a file that was read, with its size and time as before': (it) => edit(it, 'src/a', 'b'),
  'a file that was read, by another with its name': (it) => {
    it.write('new', 'a');
    renameSync(it.absolute('new'), it.absolute('src/a'));
  },
  'whether a file can be executed': (it) => chmodSync(it.absolute('src/tool'), 0o644),
  'what was not there': (it) => it.write('src/none', ''),
  'the kind of what was looked at': (it) => {
    renameSync(it.absolute('src'), it.absolute('other'));
    symlinkSync('other', it.absolute('src'));
  },
  'where a link leads': (it) => {
    it.remove('link');
    it.link('link', 'src/tool');
  },
  'a name in a listed directory': (it) => it.write('src/new', ''),
  'what a glob matches': (it) => (it.globMatches = ['src/a', 'src/tool']),
  'a program': (it) => utimesSync(it.absolute(PROGRAM), 1, 1),
  'the value of a variable': (it) => it.variables.set('MODE', 'two'),
  'a variable that was unset': (it) => it.variables.set('UNSET', ''),
  'a variable that a query matches': (it) => it.variables.set('VITE_B', ''),
  'an output, with its size and time as before': (it) => edit(it, 'dist/deep/out', 'OUT'),
  'the mode of an output': (it) => chmodSync(it.absolute('dist/deep/out'), 0o755),
  'an output that is gone': (it) => it.remove('dist/deep/out'),
  'the names of an output': (it) =>
    linkSync(it.absolute('dist/deep/out'), it.absolute('second-name')),
  'a directory above an output, by a link to it': (it) => {
    renameSync(it.absolute('dist/deep'), it.absolute('moved'));
    symlinkSync('../moved', it.absolute('dist/deep'));
  },
  'an output that is a directory': (it) => rmdirSync(it.absolute('dist/empty')),
  'an output that is a link': (it) => {
    it.remove('dist/to');
    it.link('dist/to', 'elsewhere');
  },
  'what the task deletes': (it) => it.write('old', 'old'),
};

for (const [name, change] of Object.entries(changes)) {
  test(`not confirmed after a change of ${name}`, async (t) => {
    const workspace = await everything(t);
    assert.equal(await workspace.withoutIndex(), true);
    change(workspace);
    assert.equal(await workspace.withoutIndex(), false);
  });
}

test('not confirmed for another key, nor while a restore is open', async (t) => {
  const workspace = await everything(t);
  assert.equal(await workspace.withoutIndex(testKey({ args: ['build', '--watch'] })), false);
  const journal = join(workspace.layout.temporary, 'journal-1-2-3');
  writeFileSync(journal, '');
  assert.equal(await workspace.withoutIndex(), false);
});

test('a file whose times may stay the same when it is changed is never confirmed', async (t) => {
  const workspace = new Confirming(t);
  workspace.write('src/a', 'a');
  const future = Date.now() / 1000 + 1000;
  utimesSync(workspace.absolute('src/a'), future, future);
  await workspace.settle(() => ({ dependencies: [on.content('src/a')] }));
  assert.deepEqual(workspace.confirmations(), []);
});

test('a file that was changed after it was found, and looked at since, is not confirmed', async (t) => {
  const workspace = new Confirming(t);
  workspace.write('src/a', 'a');
  const cache = workspace.openCache();
  const run = workspace.run(() => ({ dependencies: [on.content('src/a')] }));
  await cache.store(run, workspace);
  const found = await cache.lookup('app#build', testKey(), workspace);
  workspace.write('src/a', 'b');
  // Another task of the same process digests it.
  const other = workspace.run(() => ({ task: 'other', dependencies: [on.content('src/a')] }));
  await cache.store({ ...other, key: testKey({ args: ['other'] }) }, workspace);
  assert.ok(found.kind === 'hit');
  assert.equal((await cache.restore(found, workspace)).kind, 'restored');
  assert.deepEqual(workspace.confirmations(), []);
});

test('what another run of the task left behind still goes when an older result is restored', async (t) => {
  const workspace = new Confirming(t);
  const build = (mode: string, outputs: readonly string[]) => {
    workspace.variables.set('MODE', mode);
    return workspace.run(() => {
      for (const path of outputs) workspace.write(path, mode);
      return { dependencies: [on.env('MODE', mode)], outputs };
    });
  };
  const cache = workspace.openCache();
  await cache.store(build('one', []), workspace);
  await workspace.hit();
  assert.equal(await workspace.withoutIndex(), true);
  await cache.store(build('two', ['dist/two']), workspace);
  await cache.close();
  workspace.variables.set('MODE', 'one');
  assert.equal(await workspace.withoutIndex(), false);
  await workspace.hit();
  assert.equal(workspace.exists('dist/two'), false);
  await workspace.hit();
  assert.equal(await workspace.withoutIndex(), true);

  // The same for a result that is restored and not run.
  workspace.variables.set('MODE', 'two');
  await workspace.hit();
  workspace.variables.set('MODE', 'one');
  assert.equal(await workspace.withoutIndex(), false);
});

test('a directory that goes as soon as it is empty is left to the index', async (t) => {
  const workspace = new Confirming(t);
  const build = (mode: string, outputs: readonly string[]) => {
    workspace.variables.set('MODE', mode);
    return workspace.run(() => {
      mkdirSync(workspace.absolute('made'), { recursive: true });
      for (const path of outputs.filter((path) => path !== 'made')) workspace.write(path, mode);
      return { dependencies: [on.env('MODE', mode)], outputs };
    });
  };
  const cache = workspace.openCache();
  await cache.store(build('one', ['made', 'made/one']), workspace);
  await cache.store(build('two', []), workspace);
  await cache.close();
  workspace.write('made/stranger', '');
  await workspace.hit();
  await workspace.hit();
  assert.deepEqual(workspace.confirmations(), []);
  workspace.remove('made/stranger');
  workspace.remove('made/one');
  await workspace.hit();
  assert.equal(workspace.exists('made'), false);
});

/** With the sum of what is said then. */
function changed(text: string, from: string | RegExp, to: string): string[] {
  const body = text.slice(text.indexOf('\n') + 1);
  const other = body.replace(from, to);
  assert.notEqual(other, body);
  return [`${textSum(other)}\n${other}`];
}

test('damage, age and size make it a question for the index', async (t) => {
  const workspace = await everything(t);
  const [file = ''] = workspace.confirmations();
  const text = readFileSync(file, 'utf8');
  const write = (content: string) => writeFileSync(file, content);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  for (const damaged of [
    '',
    text.slice(0, text.length / 2),
    text.replace('built', 'Built'),
    // All that is said of a path that was looked for is that nothing is there.
    text.replace('"absence","path":"', '"absence","path":"x'),
    ...changed(text, /"made":\d+/, '"made":1'),
    ...changed(text, '"app#build"', '"app#other"'),
    ...changed(text, '"kind":"absence"', '"kind":"of a later vt"'),
  ]) {
    assert.notEqual(damaged, text);
    write(damaged);
    assert.equal(await workspace.withoutIndex(), false, damaged);
  }
  write(text);
  assert.equal(await workspace.withoutIndex(), true);

  const large = new Confirming(t);
  const bytes = Buffer.alloc(128 * 1024 + 1, 'x');
  await large.settle(() => ({ transcript: [{ stream: 'stdout', bytes }] }));
  assert.deepEqual(large.confirmations(), []);
});

test('the index is told of confirmed hits by who opens it next', async (t) => {
  const workspace = await everything(t);
  const before = Date.now();
  for (let time = 0; time < 3; time++) await workspace.hit();
  assert.equal(readFileSync(workspace.layout.hits, 'utf8').split('\n').length, 4);
  appendFileSync(workspace.layout.hits, '{"cut off');

  const explainer = await openExplainer(workspace.cacheDirectory);
  const last = await explainer?.lastRun('app#build', workspace.root);
  await explainer?.close();
  assert.equal(last?.attempt.found.kind, 'hit');
  assert.ok((last?.attempt.ended ?? 0) >= before);
  assert.deepEqual(last?.attempt.key, testKey());
  assert.equal(existsSync(workspace.layout.hits), false);

  const manager = await openManager(workspace.cacheDirectory);
  const [entry] = (await manager?.entries()) ?? [];
  await manager?.close();
  assert.equal(entry?.hits, 4);
  assert.ok((entry?.used ?? 0) >= before);
  assert.equal(await workspace.withoutIndex(), true);
});

test('of a repeated invocation each line is a hit of all that it replayed', async (t) => {
  const workspace = await everything(t);
  await workspace.hit();
  const { layout } = workspace;
  const [line = ''] = readFileSync(layout.hits, 'utf8').split('\n');
  const { workspace: name, task, entry } = JSON.parse(line) as HitNote;
  const record = repeatName(layout, Buffer.alloc(32))!;
  keepRepeat(layout, record, Buffer.from('record'), [{ workspace: name, task, entry }]);
  const ended = Date.now() + 1;
  const note = (repeat: string): string =>
    `{"repeat":"${repeat}","ended":${ended},"duration":0.5}\n`;
  appendFileSync(layout.hits, note(basename(record.file)).repeat(10) + note('0'.repeat(64)));

  const manager = await openManager(workspace.cacheDirectory);
  const [found] = (await manager?.entries()) ?? [];
  await manager?.close();
  assert.equal(found?.hits, 2 + 10);
  assert.equal(found?.used, ended);
  const explainer = await openExplainer(workspace.cacheDirectory);
  const last = await explainer?.lastRun('app#build', workspace.root);
  await explainer?.close();
  assert.deepEqual([last?.attempt.ended, last?.attempt.duration], [ended, 0.5]);
});

test('a later attempt is not forgotten for an earlier hit', async (t) => {
  const workspace = await everything(t);
  await workspace.hit();
  const notes = readFileSync(workspace.layout.hits, 'utf8');
  rmSync(workspace.layout.hits);
  const cache = workspace.openCache();
  const outcome = { kind: 'interrupted' } as const;
  const found = { kind: 'first-run' } as const;
  const attempt = { ended: Date.now() + 1, duration: 1, key: testKey(), found, outcome };
  await cache.note('app#build', attempt, workspace);
  await cache.close();
  writeFileSync(workspace.layout.hits, notes);
  const explainer = await openExplainer(workspace.cacheDirectory);
  const last = await explainer?.lastRun('app#build', workspace.root);
  await explainer?.close();
  assert.equal(last?.attempt.found.kind, 'first-run');
});

test('no result that was dropped is confirmed', async (t) => {
  const workspace = await everything(t);
  const manager = await openManager(workspace.cacheDirectory);
  const limits = { maxBytes: 0, maxAge: Infinity };
  assert.equal((await manager?.collect(limits))?.evicted.size, 1);
  await manager?.close();
  assert.deepEqual(workspace.confirmations(), []);
  const lookup = await workspace.openCache().lookup('app#build', testKey(), workspace);
  assert.notEqual(lookup.kind, 'hit');
});
