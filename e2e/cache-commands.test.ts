import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Workspace } from './harness/workspace.js';

/** `vt cache …` on a cache that real runs have filled. */

const script = 'cat in.txt > out.txt\necho done\n';

async function filled(t: TestContext): Promise<Workspace> {
  const workspace = new Workspace(t, {
    'package.json': '{ "name": "app" }',
    'vite-task.json': '{ "tasks": { "build": "sh build.sh", "lint": "cat in.txt" } }',
    'build.sh': script,
    'in.txt': 'one\n',
  });
  for (const task of ['build', 'build', 'lint']) await workspace.vt(['run', task]);
  return workspace;
}

interface Listed {
  readonly entries: readonly {
    readonly name: string;
    readonly task: string;
    readonly hits: number;
  }[];
}

async function json<T>(workspace: Workspace, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await workspace.vt(['cache', ...args, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout) as T;
}

/** Names of the fields, for comparing shapes with the document. */
function fields(value: unknown): string[] {
  return Object.keys(value as object).sort();
}

describe('vt cache', () => {
  it('ls lists results, the most recently used first, or those of a task', async (t) => {
    const workspace = await filled(t);
    const { entries } = await json<Listed>(workspace, 'ls');
    assert.deepEqual(
      entries.map(({ task, hits }) => [task, hits]),
      [
        ['app#lint', 0],
        ['app#build', 1],
      ],
    );
    assert.deepEqual(fields(entries[0]), [
      ...['bytes', 'hits', 'milliseconds', 'name', 'stored', 'task', 'used'],
    ]);
    const { stdout } = await workspace.vt(['cache', 'ls', 'lint']);
    assert.match(stdout, /^ENTRY +SIZE +USED +HITS +TASK\n[0-9a-f]{12} +0 B +now +0 +app#lint\n$/);
    const mistake = await workspace.vt(['cache', 'ls', 'app#biuld']);
    assert.equal(
      mistake.stderr,
      'error[no-results]: nothing is stored of a task "app#biuld"\nhelp: did you mean "app#build"?\n',
    );
    assert.equal(mistake.code, 1);
  });

  it('show shows all that is known of a result, by the beginning of its name', async (t) => {
    const workspace = await filled(t);
    const { entries } = await json<Listed>(workspace, 'ls', 'build');
    const name = entries[0]!.name;
    const { stdout } = await workspace.vt(['cache', 'show', name.slice(0, 10)]);
    assert.ok(stdout.startsWith(`entry:     ${name}\ntask:      app#build\ncommand: `), stdout);
    assert.match(stdout, /^ {2}'in\.txt': read by sh build\.sh > cat in\.txt$/m);
    assert.match(stdout, /^ {2}'out\.txt': written by sh build\.sh/m);
    assert.match(stdout, /^printed: {3}5 B to stdout$/m);
    const { entry } = await json<{ entry: Record<string, unknown> }>(workspace, 'show', name);
    assert.deepEqual(fields(entry), [
      ...['bytes', 'hits', 'ignored', 'key', 'milliseconds', 'name', 'observations', 'outputs'],
      ...['printed', 'processes', 'stored', 'task', 'used', 'withheld'],
    ]);
    assert.deepEqual(fields(entry['key']), [
      ...['args', 'capture', 'cwd', 'env', 'input', 'output', 'program', 'untrackedEnv'],
    ]);
    assert.deepEqual(entry['printed'], { stdout: 5, stderr: 0, terminal: 0 });
  });

  it('show says what is wrong with a name', async (t) => {
    const workspace = await filled(t);
    const { entries } = await json<Listed>(workspace, 'ls');
    const error = async (name: string) => (await workspace.vt(['cache', 'show', name])).stderr;
    const newest = entries.find(({ task }) => task === 'app#build')!.name;
    assert.equal(
      await error('build'),
      `error[unknown-entry]: "build" is a task, not the name of a stored result\nhelp: its newest is ${newest.slice(0, 12)}; see \`vt cache ls build\` for all\n`,
    );
    const wrong = `${newest.slice(0, 9)}${newest[9] === '0' ? '1' : '0'}`;
    assert.equal(
      await error(wrong),
      `error[unknown-entry]: no stored result has a name that begins with "${wrong}"\nhelp: did you mean ${newest.slice(0, 10)}?\n`,
    );
    assert.match(await error('zzzz'), /help: see `vt cache ls` for what is stored\n$/);
    // Of more results than there are digits some begin alike.
    for (let number = 0; number < 17; number++) {
      await workspace.vt(['exec', '--', 'true', String(number)]);
    }
    const names = (await json<Listed>(workspace, 'ls')).entries.map((entry) => entry.name);
    const first = names.find((name) => names.filter((it) => it[0] === name[0]).length > 1)![0]!;
    const matches = names.filter((name) => name.startsWith(first));
    const ambiguous = await error(first);
    assert.ok(
      ambiguous.startsWith(
        `error[ambiguous-entry]: ${matches.length} stored results have names that begin with "${first}"\n`,
      ),
      ambiguous,
    );
    for (const name of matches) assert.ok(ambiguous.includes(`  ${name} of `), ambiguous);
    assert.match(ambiguous, /help: give more of the name\n$/);
  });

  it('stats, path and gc', async (t) => {
    const workspace = await filled(t);
    const directory = workspace.path('node_modules/.cache/vt');
    assert.equal((await workspace.vt(['cache', 'path'])).stdout, `${directory}\n`);
    assert.deepEqual(await json(workspace, 'path'), { version: 1, directory, exists: true });
    const stats = await json<Record<string, unknown>>(workspace, 'stats');
    assert.deepEqual(fields(stats), [
      ...['bytes', 'directory', 'entries', 'files', 'hits', 'indexBytes', 'lastCollection'],
      ...['limits', 'oldestUse', 'tasks', 'version'],
    ]);
    assert.deepEqual(stats['limits'], { bytes: 10737418240, milliseconds: 2592000000 });
    assert.equal(stats['tasks'], 2);
    const gc = await json<Record<string, unknown>>(workspace, 'gc', '--max-size', '0');
    assert.deepEqual(
      { ...gc, freedBytes: undefined, removedFiles: undefined },
      {
        ...{ version: 1, directory, entries: 0, bytes: 0, removedStores: 0 },
        ...{ freedBytes: undefined, removedFiles: undefined },
        removedEntries: { age: 0, size: stats['entries'], damage: 0 },
      },
    );
    assert.equal((await workspace.vt(['cache', 'ls'])).stdout, 'no results\n');
    const bad = await workspace.vt(['cache', 'gc', '--max-age', 'soon']);
    assert.equal(
      bad.stderr,
      'error[bad-limit]: --max-age: "soon" is no time\nhelp: write a number and a unit, such as 12h or 30d, or none\n',
    );
    const cleaned = await json(workspace, 'clean');
    assert.deepEqual(cleaned, { version: 1, directory, removedStores: 1 });
    assert.equal(existsSync(directory), false);
    for (const command of ['stats', 'ls', 'gc', 'path']) {
      assert.equal((await workspace.vt(['cache', command])).code, 0, command);
    }
    assert.equal(existsSync(directory), false, 'looking makes nothing');
  });

  it('keeps within the limits of the environment after runs', async (t) => {
    const workspace = await filled(t);
    const env = { VT_CACHE_MAX_SIZE: '1B', VT_CACHE_MAX_AGE: 'ages' };
    workspace.write({ 'in.txt': 'two\n' });
    const run = await workspace.vt(['run', 'build'], { env });
    assert.equal(
      run.stderr,
      'warning[bad-limit]: VT_CACHE_MAX_AGE: "ages" is no time\n  the default is used instead\nhelp: write a number and a unit, such as 12h or 30d, or none\n',
    );
    assert.equal(run.code, 0);
    assert.deepEqual((await json<Listed>(workspace, 'ls')).entries, []);
  });
});

const gitReason = (() => {
  try {
    execFileSync('git', ['--version']);
    return false;
  } catch {
    return 'git is not installed';
  }
})();

describe('worktrees', { skip: gitReason }, () => {
  const files = {
    'package.json': '{ "name": "app" }',
    'vite-task.json': '{ "tasks": { "build": "sh build.sh" } }',
    'build.sh': 'cat in.txt > out.txt\n',
    'in.txt': 'one\n',
    '.gitignore': 'node_modules\nout.txt\n',
  };
  function repository(t: TestContext): { workspace: Workspace; git: (...a: string[]) => void } {
    const workspace = new Workspace(t);
    const git = (...args: string[]): void => {
      const names = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main'];
      execFileSync('git', [...names, '-c', 'protocol.file.allow=always', ...args], {
        cwd: workspace.root,
        stdio: 'ignore',
      });
    };
    for (const [name, text] of Object.entries(files)) workspace.write({ [`main/${name}`]: text });
    git('init', 'main');
    git('-C', 'main', 'add', '.');
    git('-C', 'main', 'commit', '-m', 'one');
    return { workspace, git };
  }
  const build = (workspace: Workspace, cwd: string, env = {}) =>
    workspace.vt(['run', 'build'], { cwd, env });
  const cacheOf = async (workspace: Workspace, cwd: string): Promise<string> =>
    (await workspace.vt(['cache', 'path'], { cwd })).stdout.trim();

  it('share results, also with git not installed and when moved', async (t) => {
    const { workspace, git } = repository(t);
    git('-C', 'main', 'worktree', 'add', '../linked');
    assert.equal((await build(workspace, 'main')).stderr, '');
    const hit = await build(workspace, 'linked', { PATH: '/usr/bin:/bin' });
    assert.match(hit.stdout, /cache hit/);
    assert.equal(workspace.read('linked/out.txt'), 'one\n');
    assert.equal(workspace.exists('linked/node_modules'), false);
    assert.equal(await cacheOf(workspace, 'linked'), workspace.path('main/node_modules/.cache/vt'));

    git('-C', 'main', 'worktree', 'move', '../linked', '../moved');
    workspace.remove('moved/out.txt');
    const noGit = { PATH: path.dirname(process.execPath) + ':/bin' };
    assert.match((await build(workspace, 'moved', noGit)).stdout, /cache hit/);
    assert.equal(workspace.read('moved/out.txt'), 'one\n');

    workspace.write({ 'moved/in.txt': 'two\n' });
    await build(workspace, 'moved');
    workspace.write({ 'main/in.txt': 'two\n' });
    assert.match((await build(workspace, 'main')).stdout, /cache hit/, 'and the other way round');
  });

  it('do not share a result that names one of them', async (t) => {
    const { workspace, git } = repository(t);
    git('-C', 'main', 'worktree', 'add', '../linked');
    workspace.write({ 'main/build.sh': 'pwd > out.txt\n', 'linked/build.sh': 'pwd > out.txt\n' });
    for (const name of ['main', 'linked']) {
      const { stdout } = await build(workspace, name);
      if (name === 'linked') {
        const miss = `cache miss: the stored result names '${workspace.path('main')}', executing`;
        assert.ok(stdout.includes(miss), stdout);
      }
      assert.equal(workspace.read(`${name}/out.txt`), `${workspace.path(name)}\n`);
    }
    for (const name of ['main', 'linked']) {
      assert.match((await build(workspace, name)).stdout, /cache hit/);
      assert.equal(workspace.read(`${name}/out.txt`), `${workspace.path(name)}\n`);
    }
  });

  it('of a bare repository, pruned ones and submodules have their own', async (t) => {
    const { workspace, git } = repository(t);
    git('clone', '--bare', 'main', 'bare.git');
    git('-C', 'bare.git', 'worktree', 'add', '../of-bare', 'main');
    assert.equal(
      await cacheOf(workspace, 'of-bare'),
      workspace.path('of-bare/node_modules/.cache/vt'),
    );
    await build(workspace, 'of-bare');
    assert.match((await build(workspace, 'of-bare')).stdout, /cache hit/);

    git('init', 'super');
    git('-C', 'super', 'submodule', 'add', workspace.path('main'), 'sub');
    const inside = workspace.path('super/sub/node_modules/.cache/vt');
    assert.equal(await cacheOf(workspace, 'super/sub'), inside);

    git('-C', 'main', 'worktree', 'add', '../linked');
    await build(workspace, 'linked');
    // Somebody moves it by hand, and git forgets it: its link leads nowhere.
    renameSync(workspace.path('linked'), workspace.path('lost'));
    git('-C', 'main', 'worktree', 'prune');
    assert.equal(await cacheOf(workspace, 'lost'), workspace.path('lost/node_modules/.cache/vt'));
    await build(workspace, 'lost');
    assert.match((await build(workspace, 'lost')).stdout, /cache hit/);
  });
});
