import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { cacheLayout } from '../cache-directory.js';
import { IndexDatabase } from '../index-database.js';
import type { KeyParts } from '../key.js';
import type { Cache, FinishedRun } from '../stored-run.js';
import { TestWorkspace, on, testKey, workspacePath } from '../testing/test-workspace.js';
import type { RunOptions } from '../testing/test-workspace.js';
import type { Compared } from './explainer.js';
import { openExplainer } from './explainer.js';

const task = 'app#build';

/** As the runner does: looks up, and on a miss runs `work` and stores it. */
async function attempt(
  workspace: TestWorkspace,
  cache: Cache,
  options: RunOptions,
  extra: Partial<FinishedRun> = {},
): Promise<void> {
  const { key = testKey(), task: name = task } = options;
  const lookup = await cache.lookup(name, key, workspace);
  if (lookup.kind === 'hit') {
    assert.equal((await cache.restore(lookup, workspace)).kind, 'restored');
    return;
  }
  const { differences, ...compared } = cache.comparison(lookup);
  assert.ok(Array.isArray(differences));
  const found = lookup.kind === 'miss' ? { ...lookup, ...compared } : lookup;
  const run = { ...workspace.run(() => options), found, ...extra };
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
}

async function explainer(t: TestContext, workspace: TestWorkspace) {
  const opened = await openExplainer(workspace.cacheDirectory);
  assert.ok(opened);
  t.after(() => opened.close());
  return opened;
}

/** Observations in short, each with its changes. */
function short(compared: Compared | undefined): string[] {
  return (compared?.changes ?? []).map(({ observation, changes }) => {
    const what =
      'path' in observation ? observation.path : 'name' in observation ? observation.name : '';
    const how = changes.map((change) => {
      switch (change.kind) {
        case 'env':
          return `${change.name} ${change.now}`;
        case 'added':
        case 'removed':
          return `${change.name} ${change.kind}`;
        case 'modified':
        case 'value-changed':
        case 'program-changed':
        case 'root-changed':
          return change.kind;
      }
    });
    return `${observation.kind} ${what}: ${how.join(', ')}`;
  });
}

test('a hypothetical run: a hit, what it restores, and nothing is written', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', '1');
  const cache = workspace.openCache();
  await attempt(workspace, cache, { dependencies: [on.content('src/a')] });
  workspace.write('src/a', '2');
  workspace.write('dist/x', 'x');
  workspace.write('dist/y', 'y');
  await attempt(workspace, cache, {
    dependencies: [on.content('src/a')],
    outputs: ['dist/x', 'dist/y', 'dist/mode'].slice(0, 2),
  });
  await cache.close();
  workspace.write('dist/x', 'changed');

  const before = [everything(workspace.cacheDirectory), workspace.tree()];
  const opened = await openExplainer(workspace.cacheDirectory);
  assert.ok(opened);
  const { verdict, variants, nearest } = await opened.nextRun(task, testKey(), workspace);
  assert.ok(verdict.kind === 'hit');
  assert.deepEqual(verdict.restore, { restored: ['dist/x'], removed: [], unchanged: 1 });
  assert.equal(variants, 2);
  assert.deepEqual(short(nearest), ['content src/a: modified']);
  await opened.lastRun(task, workspace.root);
  await opened.dependents('src/a', workspace);
  await opened.close();
  assert.deepEqual([everything(workspace.cacheDirectory), workspace.tree()], before);
});

test('a hypothetical miss: all that differs from the nearest of all results, not the last', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', '1');
  workspace.write('src/b', '1');
  workspace.link('to', 'src');
  workspace.variables.set('MODE', 'dev').set('GONE', 'x').set('VITE_A', '1');
  const dependencies = () => [
    on.content('src/a'),
    on.content('src/b'),
    on.listing('src'),
    on.absence('.env'),
    on.existence('src', 'directory'),
    on.link('to', 'src'),
    on.glob('**'),
    on.env('MODE', workspace.variables.get('MODE')),
    on.env('GONE', workspace.variables.get('GONE')),
    on.env('NEW', workspace.variables.get('NEW')),
    on.envPrefix('VITE_', Object.fromEntries(workspace.queryEnv({ prefix: 'VITE_' }))),
  ];
  const cache = workspace.openCache();
  await attempt(workspace, cache, { dependencies: dependencies() });
  // Ten further results, each farther from what will be there than the first is.
  for (let n = 0; n < 10; n++) {
    for (const file of ['src/a', 'src/b']) workspace.write(file, `far ${n}`);
    for (const name of ['MODE', 'GONE', 'VITE_A']) workspace.variables.set(name, `far ${n}`);
    workspace.write('.env', '');
    workspace.write('far', '');
    workspace.globMatches = [`m${n}`, `n${n}`];
    await attempt(workspace, cache, {
      dependencies: [
        ...dependencies().filter((d) => d.kind !== 'absence'),
        on.existence('.env'),
        on.content('far'),
      ],
    });
    workspace.remove('.env');
    workspace.remove('far');
  }

  for (const file of ['src/a', 'src/b']) workspace.write(file, '1');
  workspace.globMatches = ['src/m'];
  workspace.variables.set('MODE', 'prod').set('NEW', 'y').set('VITE_B', '2').set('VITE_A', '1');
  workspace.variables.delete('GONE');
  workspace.write('src/b', '2');
  workspace.write('src/.b.swp', '');
  workspace.write('src/c', '');
  workspace.write('.env', '');
  const { verdict, nearest, variants, keyChanges } = await (
    await explainer(t, workspace)
  ).nextRun(task, testKey(), workspace);
  assert.equal(verdict.kind, 'miss');
  assert.equal(variants, 11);
  assert.deepEqual(keyChanges, []);
  assert.deepEqual(short(nearest), [
    'env GONE: GONE unset',
    'env MODE: MODE changed',
    'env NEW: NEW set',
    'env-query : VITE_B set',
    'glob : m added',
    'absence .env: .env added',
    'listing src: .b.swp added, c added',
    'content src/b: modified',
  ]);
});

test('the last run: what had changed since the result that came nearest then', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', '1');
  workspace.write('src/b', '1');
  const dependencies = () => [on.content('src/a'), on.listing('src'), on.content('src/b')];
  const cache = workspace.openCache();
  const questions = await (async () => {
    await attempt(workspace, cache, { dependencies: dependencies() });
    return explainer(t, workspace);
  })();
  const first = await questions.lastRun(task, workspace.root);
  assert.deepEqual(
    [first?.attempt.found, first?.attempt.outcome?.kind],
    [{ kind: 'first-run' }, 'stored'],
  );
  assert.equal(first?.result?.name.length, 32);

  workspace.write('src/a', '2');
  workspace.write('src/c', '');
  workspace.remove('src/b');
  await attempt(workspace, cache, {
    dependencies: [...dependencies().slice(0, 2), on.absence('src/b')],
  });
  workspace.write('src/a', '3');
  const missed = await questions.lastRun(task, workspace.root);
  assert.deepEqual(
    short(missed?.compared),
    ['listing src: b removed, c added', 'content src/a: modified', 'content src/b: b removed'].sort(
      (a, b) => order(a) - order(b),
    ),
  );
  assert.equal(missed?.compared?.result.name, first.result.name);
  assert.ok(missed.attempt.ended >= first.attempt.ended);

  workspace.write('src/a', '2');
  await attempt(workspace, cache, {});
  const hit = await questions.lastRun(task, workspace.root);
  assert.deepEqual(hit?.attempt.found, { kind: 'hit', entry: missed.result?.name });
  assert.equal(hit.attempt.outcome, undefined);
  assert.equal(hit.result?.name, missed.result?.name);
});

/** The order of the observations of one result: listing of src, content of its files. */
function order(text: string): number {
  return text.startsWith('listing') ? 0 : text.includes('src/a') ? 1 : 2;
}

test('a change of the key: every part of it, with values of variables unknown', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const digest = (letter: string) => letter.repeat(64) as KeyParts['env'][0]['valueDigest'];
  const before = testKey({
    env: [
      { name: 'A', valueDigest: digest('a') },
      { name: 'B', valueDigest: digest('a') },
    ],
    untrackedEnv: ['X'],
  });
  const now = testKey({
    program: 'other',
    args: ['build', '--fast'],
    cwd: workspacePath('sub'),
    env: [
      { name: 'B', valueDigest: digest('b') },
      { name: 'C', valueDigest: digest('a') },
    ],
    untrackedEnv: ['Y'],
    inputConfig: 'i',
    outputConfig: 'o',
  });
  await attempt(workspace, cache, { key: before });
  const questions = await explainer(t, workspace);
  const expected = [
    { kind: 'program', before: 'vite', now: 'other' },
    { kind: 'args', before: ['build'], now: ['build', '--fast'] },
    { kind: 'cwd', before: '', now: 'sub' },
    { kind: 'env', name: 'A', now: 'unset' },
    { kind: 'env', name: 'B', now: 'changed' },
    { kind: 'env', name: 'C', now: 'set' },
    { kind: 'untracked-env', added: ['Y'], removed: ['X'] },
    { kind: 'input-config', before: '{"auto":true}', now: 'i' },
    { kind: 'output-config', before: '{"auto":true}', now: 'o' },
  ];
  const next = await questions.nextRun(task, now, workspace);
  assert.deepEqual(next.verdict, { kind: 'miss', reason: { kind: 'program-changed' } });
  assert.deepEqual([next.variants, next.nearest, next.keyChanges], [0, undefined, expected]);

  await attempt(workspace, cache, { key: now });
  assert.deepEqual((await questions.lastRun(task, workspace.root))?.keyChanges, expected);
});

test('a run that left no result is noted, and the result before it is still known', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('a', '1');
  const cache = workspace.openCache();
  const ended = Date.now();
  const note = (name: string, key = testKey()) =>
    cache.note(
      name,
      {
        ended,
        duration: 3,
        key,
        found: { kind: 'first-run' },
        outcome: { kind: 'not-cached', reason: '{"kind":"output-cut-short"}' },
      },
      workspace,
    );
  await note('new');
  await attempt(workspace, cache, { dependencies: [on.content('a')] });
  await note(task);
  const questions = await explainer(t, workspace);
  assert.deepEqual((await questions.lastRun('new', workspace.root))?.attempt, {
    ended,
    duration: 3,
    key: testKey(),
    found: { kind: 'first-run' },
    outcome: { kind: 'not-cached', reason: '{"kind":"output-cut-short"}' },
  });
  assert.equal(await questions.lastRun('never', workspace.root), undefined);
  const latest = await questions.latest(workspace.root);
  assert.deepEqual(
    latest.map((one) => [one.task, one.attempt.outcome?.kind, one.result?.task]),
    [
      [task, 'not-cached', task],
      ['new', 'not-cached', task],
    ],
    'of a run without a result, the newest one under the same key',
  );
  // A note is no result: what the task wrote last, and its key, stay as they were.
  assert.equal((await cache.lookup(task, testKey(), workspace)).kind, 'hit');
  const changed = await cache.lookup('new', testKey({ args: [] }), workspace);
  assert.deepEqual(changed, { kind: 'first-run' });
});

test('what a path has to do with a task', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('src/a', '1');
  workspace.write('log/x', '1');
  workspace.link('to', 'src');
  workspace.globMatches = ['src/a'];
  const cache = workspace.openCache();
  const program = process.execPath;
  workspace.write('dist/o', '');
  await attempt(
    workspace,
    cache,
    {
      dependencies: [
        on.content('src/a'),
        on.listing('src'),
        on.absence('conf'),
        on.existence('src', 'directory'),
        on.link('to', 'src'),
        on.glob('**'),
        on.program(program),
      ],
      outputs: [{ path: 'dist/o', existedBefore: false }],
      processes: [{ pid: 5, parent: -1, exe: '/bin/tool', argv: ['tool'] }],
    },
    {
      ignored: [
        {
          part: 'reads',
          by: { kind: 'report', path: workspacePath('cache'), speaker: 0 },
          paths: [{ path: workspacePath('cache/1'), process: 0 }],
          more: 0,
        },
        {
          part: 'reads',
          by: { kind: 'excluded', glob: 'log/**' },
          paths: [{ path: workspacePath('log/x'), process: 0 }],
          more: 0,
        },
      ],
    },
  );
  await attempt(workspace, cache, { task: 'other', key: testKey({ args: ['other'] }) });
  workspace.write('src/a', '2');
  workspace.write('src/new', '');
  workspace.write('conf/deep/er', '');
  workspace.globMatches = [];
  const questions = await explainer(t, workspace);
  const uses = async (path: string) => {
    const found = await questions.dependents(path, workspace);
    assert.ok(found.every((one) => one.task === task));
    return found.flatMap((one) =>
      one.uses.map((use) => {
        switch (use.kind) {
          case 'below':
            return `below: ${use.observations} observed, ${use.outputs} written`;
          case 'output':
            return `output ${use.output.kind} by ${use.by}`;
          case 'ignored':
            return `ignored ${use.rule.part} ${use.rule.by.kind} by ${use.by}`;
          case 'listed':
            return `listed ${use.present} ${use.changes.length}`;
          case 'observed':
          case 'matched':
          case 'missing-above':
            return `${use.kind} ${use.observation.kind} ${use.changes.length}`;
        }
      }),
    );
  };
  assert.deepEqual(await uses('src/a'), ['matched glob 1', 'listed true 0', 'observed content 1']);
  assert.deepEqual(await uses('src/new'), ['listed false 1']);
  assert.deepEqual(await uses('src/never'), ['listed false 0']);
  assert.deepEqual(await uses('conf'), ['observed absence 1']);
  assert.deepEqual(await uses('conf/deep/er'), ['missing-above absence 1']);
  assert.deepEqual(await uses('to'), ['observed link 0']);
  assert.deepEqual(await uses('src'), [
    'observed existence 0',
    'observed listing 1',
    'below: 1 observed, 0 written',
  ]);
  assert.deepEqual(await uses('dist'), ['below: 0 observed, 1 written']);
  assert.deepEqual(await uses('dist/o'), ['output file by -1']);
  assert.deepEqual(await uses('cache/1'), ['ignored reads report by 0']);
  assert.deepEqual(await uses('cache/2'), ['ignored reads report by undefined']);
  assert.deepEqual(await uses('log/x'), ['ignored reads excluded by 0']);
  assert.deepEqual(await uses('log/y'), []);
  assert.deepEqual(await uses(program), ['observed program 0']);
  assert.deepEqual(await uses('unknown'), []);
});

test('a damaged record explains nothing and breaks nothing', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await attempt(workspace, cache, {});
  const layout = cacheLayout(workspace.cacheDirectory);
  const index = await IndexDatabase.open(layout.index, layout.temporary);
  const damage = (sql: string) => index.write((transaction) => transaction.run(sql));
  const questions = await explainer(t, workspace);
  await damage(`UPDATE entry SET body = x'00'`);
  const last = await questions.lastRun(task, workspace.root);
  assert.deepEqual([last?.attempt.outcome?.kind, last?.result], ['stored', undefined]);
  assert.deepEqual(await questions.dependents('a', workspace), []);
  const next = await questions.nextRun(task, testKey(), workspace);
  assert.ok(next.verdict.kind === 'miss' && next.verdict.reason.kind === 'entry-damaged');
  await damage(`UPDATE last_run SET attempt = x'ff'`);
  assert.equal(await questions.lastRun(task, workspace.root), undefined);
  await damage(`UPDATE last_run SET attempt = x'ff', attempt_checksum = 'x'`);
  assert.deepEqual(await questions.latest(workspace.root), []);
  await index.close();
});

test('where nothing was stored there is nothing to ask, and nothing is made', async (t) => {
  const workspace = new TestWorkspace(t);
  assert.equal(await openExplainer(workspace.cacheDirectory), undefined);
  assert.equal(workspace.exists('node_modules'), false);
});

/** All files below a directory with their bytes. */
function everything(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile())
      .sort()
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );
}
