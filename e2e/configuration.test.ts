import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { vtPath, Workspace } from './harness/workspace.js';

/** What docs/configuration.md says, done. */

function workspaceWith(
  t: TestContext,
  tasks: unknown,
  files: Readonly<Record<string, string>> = {},
): Workspace {
  return new Workspace(t, {
    'package.json': '{ "name": "app" }',
    'vite-task.json': JSON.stringify({ tasks }),
    ...files,
  });
}

/** Names of the variables a task gets, less those every shell makes. */
const listVariables = `node -p "Object.keys(process.env).sort().join()"`;
const noise = ['HOME', 'LANG', 'PATH', 'TMPDIR', '_', 'SHLVL', 'PWD', 'OLDPWD'];

function names(printed: string): string[] {
  const list = printed.split('\n').find((line) => /^[A-Z_a-z0-9]+(,[A-Z_a-z0-9]+)+$/.test(line));
  return (list ?? '').split(',').filter((name) => !noise.includes(name));
}

describe('the environment of a task', () => {
  const env = {
    CI: '1',
    GITHUB_SHA: 'x',
    NPM_TOKEN: 'x',
    API_URL: 'x',
    API_KEY: 'x',
    DEBUG: 'x',
    SECRET: 'x',
  };
  const channel = ['VP_RUN', 'VP_RUN_NODE_CLIENT_PATH', 'VT_IPC_DIR', 'VT_IPC_FD'];
  /** The accelerating half of the tracker. */
  const tracker = ['LD_PRELOAD', 'VT_ENV', 'VT_TRACE'];

  it('of a cached one is what is declared and the defaults, of an uncached one is all', async (t) => {
    const workspace = workspaceWith(t, {
      cached: {
        command: `EXTRA=1 ${listVariables}`,
        cache: { env: ['API_*', '!API_KEY'], untrackedEnv: ['DEBUG'] },
      },
      uncached: { command: listVariables, cache: false },
    });
    const cached = names((await workspace.vt(['run', 'cached'], { env })).stdout);
    assert.deepEqual(
      cached.filter((name) => ![...channel, ...tracker].includes(name)),
      ['API_URL', 'CI', 'DEBUG', 'EXTRA', 'FORCE_COLOR', 'GITHUB_SHA', 'INIT_CWD', 'NPM_TOKEN'],
    );
    for (const name of channel) assert.ok(cached.includes(name), name);
    const uncached = names((await workspace.vt(['run', 'uncached'], { env })).stdout);
    for (const name of Object.keys(env)) assert.ok(uncached.includes(name), name);
  });

  it('env counts, untrackedEnv and defaults do not', async (t) => {
    const workspace = workspaceWith(t, {
      show: {
        command: 'printenv API_URL DEBUG CI',
        cache: { env: ['API_*', '!API_KEY'], untrackedEnv: ['DEBUG'] },
      },
    });
    const shows = async (changes: Record<string, string>): Promise<string> =>
      /[◉○] .*/.exec(
        (await workspace.vt(['run', 'show'], { env: { ...env, ...changes } })).stdout,
      )?.[0] ?? 'first run';
    assert.equal(await shows({}), 'first run');
    assert.equal(
      await shows({ API_KEY: 'y', DEBUG: 'y', CI: 'y', SECRET: 'y' }),
      '◉ cache hit, replaying',
    );
    assert.equal(await shows({ API_URL: 'y' }), "○ cache miss: env 'API_URL' changed, executing");
    assert.equal(await shows({}), '◉ cache hit, replaying');
  });
});

describe('input and output', () => {
  const files = { 'src/a.txt': 'a\n', 'src/b.log': 'b\n', 'other.txt': 'o\n' };
  const command =
    'sh -c "cat src/* other.txt; mkdir -p dist; echo made > dist/x; echo log > run.log"';

  const cases: readonly (readonly [
    cache: unknown,
    hits: readonly string[],
    misses: readonly (readonly [file: string, reason: string])[],
    restored: readonly string[],
  ])[] = [
    [
      { input: [{ auto: true }, '!**/*.log'] },
      ['src/b.log'],
      [
        ['src/a.txt', "'src/a.txt' modified"],
        ['other.txt', "'other.txt' modified"],
      ],
      ['dist/x', 'run.log'],
    ],
    [
      { input: ['src/'], output: ['dist/**'] },
      ['other.txt'],
      [
        ['src/b.log', "'src/b.log' modified"],
        ['src/new.txt', "'new.txt' added in 'src'"],
      ],
      ['dist/x'],
    ],
    [{ input: [], output: [] }, ['src/a.txt', 'other.txt', 'src/new.txt'], [], []],
    [
      {
        input: [{ pattern: 'src/*.txt', base: 'workspace' }],
        output: [{ auto: true }, '!run.log'],
      },
      ['src/b.log', 'other.txt'],
      [['src/a.txt', "'src/a.txt' modified"]],
      ['dist/x'],
    ],
  ];
  for (const [cache, hits, misses, restored] of cases) {
    it(JSON.stringify(cache), async (t) => {
      const workspace = workspaceWith(t, { make: { command, cache } }, files);
      const run = async (): Promise<string> =>
        /[◉○] .*/.exec((await workspace.vt(['run', 'make'])).stdout)?.[0] ?? '';
      // The first run makes dist, the second finds it.
      await run();
      await run();
      assert.equal(await run(), '◉ cache hit, replaying');
      workspace.remove('dist/x');
      workspace.remove('run.log');
      assert.equal(await run(), '◉ cache hit, replaying');
      assert.deepEqual(
        ['dist/x', 'run.log'].filter((name) => workspace.exists(name)),
        restored,
      );
      for (const file of hits) {
        workspace.write({ [file]: `not looked at: ${file}` });
        assert.equal(await run(), '◉ cache hit, replaying', file);
      }
      for (const [file, reason] of misses) {
        workspace.write({ [file]: `changed ${file}` });
        assert.equal(await run(), `○ cache miss: ${reason}, executing`);
      }
    });
  }
});

describe('what the user says', () => {
  const files = { 'a.txt': 'a\n', 'dir/b.txt': 'b\n' };
  const shown = async (workspace: Workspace): Promise<string> =>
    /[◉○] .*/.exec((await workspace.vt(['run', 'tool'])).stdout)?.[0] ?? 'first run';

  it('wins over what a tool reports', async (t) => {
    const report = (what: string): string => `node '${vtPath}' report ${what}\n`;
    const workspace = workspaceWith(
      t,
      {
        tool: {
          command: 'sh tool.sh',
          cache: {
            input: [{ auto: true }, 'a.txt'],
            output: [{ auto: true }, 'made.txt', '!excluded.txt'],
          },
        },
      },
      {
        ...files,
        'tool.sh': `${report('ignore-input .')}${report('ignore-output .')}cat a.txt dir/b.txt
echo x > made.txt; echo x > unnamed.txt; echo x > excluded.txt\n`,
      },
    );
    assert.equal(await shown(workspace), 'first run');
    for (const name of ['made.txt', 'unnamed.txt', 'excluded.txt']) workspace.remove(name);
    workspace.write({ 'dir/b.txt': 'ignored\n' });
    assert.equal(await shown(workspace), '◉ cache hit, replaying');
    assert.deepEqual(
      ['made.txt', 'unnamed.txt', 'excluded.txt'].filter((name) => workspace.exists(name)),
      ['made.txt'],
    );
    workspace.write({ 'a.txt': 'listed\n' });
    assert.equal(await shown(workspace), "○ cache miss: 'a.txt' modified, executing");
  });

  it('takes a listing out only with all the names in it', async (t) => {
    for (const [pattern, miss] of [
      ['!dir/*.log', "○ cache miss: 'new.log' added in 'dir', executing"],
      ['!dir/**', '◉ cache hit, replaying'],
    ] as const) {
      const cache = { input: [{ auto: true }, pattern] };
      const workspace = workspaceWith(t, { tool: { command: 'ls dir', cache } }, files);
      assert.equal(await shown(workspace), 'first run');
      workspace.write({ 'dir/new.log': '' });
      assert.equal(await shown(workspace), miss);
    }
  });
});

describe('tasks', () => {
  const printed = async (workspace: Workspace, ...args: string[]): Promise<string[]> => {
    const run = await workspace.vt(['run', ...args]);
    assert.equal(run.code, 0, run.all);
    return run.stdout.split('\n').filter((line) => /^(?!~?\/?.*\$ |vt run|---)./.test(line));
  };

  it('run after those they depend on, commands in order, extra arguments for the last', async (t) => {
    const workspace = workspaceWith(t, {
      all: { dependsOn: ['second'] },
      second: { command: ['echo two', 'echo three'], dependsOn: ['first'] },
      first: 'echo one',
      'app-too': { command: 'echo four', dependsOn: ['app#first'] },
    });
    assert.deepEqual(await printed(workspace, 'all'), ['one', 'two', 'three']);
    assert.deepEqual(await printed(workspace, 'second', 'and', '--more'), [
      'one',
      'two',
      'three and --more',
    ]);
    assert.deepEqual(await printed(workspace, 'app#first'), ['one']);
    assert.deepEqual(await printed(workspace, 'app-too'), ['one', 'four']);
  });

  it('have the scripts before and after them, unless that is switched off', async (t) => {
    const workspace = workspaceWith(
      t,
      {},
      {
        'package.json': JSON.stringify({
          scripts: { prebuild: 'echo before', build: 'echo build', postbuild: 'echo after' },
        }),
      },
    );
    assert.deepEqual(await printed(workspace, 'build', 'more'), ['before', 'build more', 'after']);
    workspace.write({ 'vite-task.json': '{ "enablePrePostScripts": false }' });
    assert.deepEqual(await printed(workspace, 'build'), ['build']);
  });

  it('run in their cwd, with globs relative to the package', async (t) => {
    const workspace = workspaceWith(
      t,
      { show: { command: 'cat a.txt', cwd: 'sub', cache: { input: ['sub/*.txt'] } } },
      { 'sub/a.txt': 'a\n' },
    );
    assert.equal((await workspace.vt(['run', 'show'])).stdout, '~/sub$ cat a.txt\na\n');
    workspace.write({ 'sub/b.txt': 'b\n' });
    assert.match(
      (await workspace.vt(['run', 'show'])).stdout,
      /cache miss: 'b\.txt' added in 'sub', executing/,
    );
  });

  it('switched off for the whole workspace', async (t) => {
    const workspace = workspaceWith(t, {}, { 'a.txt': 'a\n' });
    workspace.write({ 'vite-task.json': '{ "cache": false, "tasks": { "show": "cat a.txt" } }' });
    assert.equal((await workspace.vt(['run', 'show'])).stdout, '$ cat a.txt ⊘ cache disabled\na\n');
    assert.equal((await workspace.vt(['run', '--cache', 'show'])).stdout, '$ cat a.txt\na\n');
  });

  it('with the same command, directory and settings share results', async (t) => {
    const workspace = workspaceWith(t, { one: 'cat a.txt', two: 'cat a.txt' }, { 'a.txt': 'a\n' });
    await workspace.vt(['run', 'one']);
    assert.equal(
      steadyText((await workspace.vt(['run', 'two'])).stdout),
      '$ cat a.txt ◉ cache hit, replaying\na\n\n---\nvt run: cache hit.\n',
    );
  });
});

describe('the flags of vt exec', () => {
  it('say what the configuration says', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{}',
      'sub/a.txt': 'a\n',
      'sub/b.log': 'b\n',
      'sub/tool.sh': `cat a.txt; cat b.log > /dev/null; printenv API_URL NOTHING
node '${vtPath}' report disable-cache\n`,
    });
    const exec = async (url: string, nothing: string): Promise<string> => {
      const flags = ['--cwd', 'sub', '--name', 'the tool', '--no-opt-out', '-v'];
      const rules = ['--input', '!*.log', '--env', 'API_*', '--untracked-env', 'NOTHING'];
      const run = await workspace.vt(['exec', ...flags, ...rules, '--', 'sh', 'tool.sh'], {
        env: { API_URL: url, NOTHING: nothing },
      });
      assert.equal(run.code, 0);
      return run.stdout + steadyText(run.stderr);
    };
    const line = '~/sub$ sh tool.sh';
    assert.equal(
      await exec('x', 'n'),
      `a\nx\nn
[1] the tool: $ sh tool.sh
    cache miss: nothing was stored yet
    succeeded in …
    stored
`,
    );
    workspace.write({ 'sub/b.log': 'other\n' });
    assert.equal(
      await exec('x', 'other'),
      `a\nx\nn
${line} ◉ cache hit, replaying
[1] the tool: $ sh tool.sh
    cache hit: output replayed
    time: …
`,
    );
    assert.equal(
      await exec('y', 'n'),
      `a\ny\nn
${line} ○ cache miss: env 'API_URL' changed, executing
[1] the tool: $ sh tool.sh
    cache miss: env 'API_URL' changed
    succeeded in …
    stored
`,
    );
  });
});
