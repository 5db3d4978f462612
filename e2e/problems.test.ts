import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { vtPath, Workspace } from './harness/workspace.js';

/**
 * The four problems of docs/problems.md, for a shell script that talks to the runner with
 * `vt report`. Each test shows what happens without the report too. (With Vite: vite.test.ts.)
 */
function workspaceWith(
  t: TestContext,
  script: string,
  more: Readonly<Record<string, string>> = {},
  cache?: unknown,
): Workspace {
  const workspace = new Workspace(t, {
    'package.json': '{ "name": "app" }',
    'vite-task.json': JSON.stringify({
      tasks: { tool: { command: 'sh tool.sh', ...(cache === undefined ? {} : { cache }) } },
    }),
    'tool.sh': `set -e\nvt() { node '${vtPath}' "$@"; }\n${script}`,
    'source.txt': 'source\n',
    ...more,
  });
  return workspace;
}

const line = '$ sh tool.sh';
const hit = `${line} ◉ cache hit, replaying\n`;
const missed = (reason: string): string => `${line} ○ cache miss: ${reason}, executing\n`;
const saved = '\n---\nvt run: cache hit.\n';

async function tool(
  workspace: Workspace,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const run = await workspace.vt(['run', 'tool'], { env });
  assert.equal(run.code, 0, run.all);
  assert.equal(run.stderr, '');
  return steadyText(run.stdout);
}

describe('problem 1: variables that only the tool knows of', () => {
  it('without a report the task does not get them', async (t) => {
    const workspace = workspaceWith(t, 'echo "mode ${MODE-unset}"\n');
    assert.equal(await tool(workspace, { MODE: 'a' }), `${line}\nmode unset\n`);
    assert.equal(await tool(workspace, { MODE: 'b' }), `${hit}mode unset\n${saved}`);
  });

  it('one that is asked for is named when it changes, and every result is kept', async (t) => {
    const workspace = workspaceWith(t, 'echo "mode $(vt report get-env MODE || echo unset)"\n');
    assert.equal(await tool(workspace, { MODE: 'a' }), `${line}\nmode a\n`);
    assert.equal(await tool(workspace, { MODE: 'a', OTHER: 'x' }), `${hit}mode a\n${saved}`);
    assert.equal(await tool(workspace, { MODE: 'b' }), `${missed("env 'MODE' changed")}mode b\n`);
    assert.equal(await tool(workspace), `${missed("env 'MODE' changed")}mode unset\n`);
    assert.equal(await tool(workspace, { MODE: 'a' }), `${hit}mode a\n${saved}`);
    assert.equal(await tool(workspace, { MODE: 'b' }), `${hit}mode b\n${saved}`);
    assert.equal(await tool(workspace), `${hit}mode unset\n${saved}`);
  });

  for (const query of ["'APP_*'", '--prefix APP_']) {
    it(`those that match get-envs ${query} count as a set`, async (t) => {
      const workspace = workspaceWith(t, `vt report get-envs ${query}\n`);
      const one = { APP_A: '1', APPLE: 'no' };
      const two = { APP_A: '1', APP_B: '2' };
      assert.equal(await tool(workspace, one), `${line}\nAPP_A=1\n`);
      assert.equal(await tool(workspace, { ...one, APPLE: 'other' }), `${hit}APP_A=1\n${saved}`);
      assert.equal(
        await tool(workspace, two),
        `${missed("env 'APP_B' changed")}APP_A=1\nAPP_B=2\n`,
      );
      assert.equal(
        await tool(workspace, { APP_A: '3', APP_C: '4' }),
        `${missed("envs 'APP_A', 'APP_B', 'APP_C' changed")}APP_A=3\nAPP_C=4\n`,
      );
      assert.equal(await tool(workspace, one), `${hit}APP_A=1\n${saved}`);
      assert.equal(await tool(workspace, two), `${hit}APP_A=1\nAPP_B=2\n${saved}`);
    });
  }

  it('an answer that does not matter is asked for with --untracked', async (t) => {
    const workspace = workspaceWith(t, 'echo "$(vt report get-env --untracked MODE)"\n');
    assert.equal(await tool(workspace, { MODE: 'a' }), `${line}\na\n`);
    assert.equal(await tool(workspace, { MODE: 'b' }), `${hit}a\n${saved}`);
  });
});

describe("problem 2: a tool's private cache", () => {
  const work = `mkdir -p .tool-cache
cat .tool-cache/state 2>/dev/null || true
cat source.txt > .tool-cache/state
cat source.txt > result.txt
`;

  it('without a report is an input and an output at once: its state decides', async (t) => {
    const workspace = workspaceWith(t, work, { '.tool-cache/state': 'old\n' });
    assert.equal(await tool(workspace), `${line}\nold\n`);
    assert.equal(
      await tool(workspace),
      `${missed("'.tool-cache/state' modified")}source\n`,
      'the first run has changed it',
    );
    assert.equal(await tool(workspace), `${hit}source\n${saved}`);
    workspace.write({ '.tool-cache/state': 'other\n' });
    assert.equal(await tool(workspace), `${missed("'.tool-cache/state' modified")}other\n`);
  });

  it('is neither when its owner says so', async (t) => {
    const report = 'vt report ignore-input .tool-cache\nvt report ignore-output .tool-cache\n';
    const workspace = workspaceWith(t, report + work, { '.tool-cache/state': 'old\n' });
    assert.equal(await tool(workspace), `${line}\nold\n`);
    workspace.write({ '.tool-cache/state': 'other\n', '.tool-cache/more': '' });
    assert.equal(await tool(workspace), `${hit}old\n${saved}`);
    workspace.remove('.tool-cache');
    workspace.remove('result.txt');
    assert.equal(await tool(workspace), `${hit}old\n${saved}`);
    assert.equal(workspace.read('result.txt'), 'source\n');
    assert.equal(workspace.exists('.tool-cache'), false, 'not restored');
    workspace.write({ 'source.txt': 'new\n' });
    assert.equal(await tool(workspace), missed("'source.txt' modified"));
  });
});

describe('problem 3: emptying the output directory before writing it', () => {
  const work = `mkdir -p dist
for file in dist/*; do if [ -f "$file" ]; then cat "$file" > /dev/null; rm "$file"; fi; done
cat source.txt > dist/result.txt
`;

  it('without a report depends on what it then writes', async (t) => {
    const workspace = workspaceWith(t, work, { 'dist/result.txt': 'earlier\n' });
    assert.equal(await tool(workspace), `${line}\n`);
    const changed = missed("'dist/result.txt' modified");
    assert.equal(await tool(workspace), changed, 'the first run has changed it');
    assert.equal(await tool(workspace), hit + saved);
    workspace.write({ 'dist/result.txt': 'other\n' });
    assert.equal(await tool(workspace), changed);
  });

  it('is settled by ignore-input; what it writes is an output all the same', async (t) => {
    const workspace = workspaceWith(t, `vt report ignore-input dist\n${work}`, {
      'dist/result.txt': 'earlier\n',
    });
    assert.equal(await tool(workspace), `${line}\n`);
    assert.equal(await tool(workspace), hit + saved);
    workspace.remove('dist');
    assert.equal(await tool(workspace), hit + saved);
    assert.equal(workspace.read('dist/result.txt'), 'source\n');
  });
});

describe('problem 4: runs that must not be cached', () => {
  const script = 'vt report disable-cache "took a random branch"\necho done\n';
  const refused = `${line}
done
vt: not cached: the task opted out: took a random branch (asked by 'node ${vtPath} report disable-cache took a random branch' (pid …)); "optOut": false overrules it
`.replace(/'node .*?' \(pid/, (asked) => `'${shortened(asked.slice(1, -6))}' (pid`);

  it('are not, with the reason and who asked', async (t) => {
    const workspace = workspaceWith(t, script);
    assert.equal(await tool(workspace), refused);
    assert.equal(await tool(workspace), refused);
  });

  it('unless the user knows better', async (t) => {
    const workspace = workspaceWith(t, script, {}, { optOut: false });
    assert.equal(await tool(workspace), `${line}\ndone\n`);
    assert.equal(await tool(workspace), `${hit}done\n${saved}`);
    const exec = async (flags: string[]): Promise<string> =>
      (await workspace.vt(['exec', ...flags, '--', 'sh', 'tool.sh'])).stderr;
    assert.match(await exec([]), /^vt: not cached: the task opted out: took a random branch/);
    assert.equal(await exec(['--no-opt-out']), '');
    assert.equal(await exec(['--no-opt-out']), hit);
  });
});

describe('a file that is read and then written', () => {
  const count = 'n=$(cat count.txt)\necho $((n + 1)) > count.txt\n';

  it('counts as it was before', async (t) => {
    const workspace = workspaceWith(t, count, { 'count.txt': '1\n' });
    assert.equal(await tool(workspace), `${line}\n`);
    assert.equal(await tool(workspace), missed("'count.txt' modified"));
    assert.equal(workspace.read('count.txt'), '3\n');
    workspace.write({ 'count.txt': '2\n' });
    assert.equal(await tool(workspace), hit + saved);
    assert.equal(workspace.read('count.txt'), '3\n');
  });

  it('is named when it is too large to be read while the task waits', async (t) => {
    const workspace = workspaceWith(t, 'head -c 1 big.bin\necho x >> big.bin\n', { 'big.bin': '' });
    truncateSync(workspace.path('big.bin'), 129 * 2 ** 20);
    assert.equal(
      await tool(workspace),
      `${line}\n\0\nvt: not cached: read and wrote 'big.bin', which is larger than 128 MiB (read by 'head -c 1 big.bin' (pid …), written by 'sh tool.sh' (pid …))\n`,
    );
  });

  for (const [how, report, cache] of [
    ['ignore-input', 'vt report ignore-input count.txt\n', undefined],
    ['ignore-output', 'vt report ignore-output count.txt\n', undefined],
    ['an exclusion from the outputs', '', { output: [{ auto: true }, '!count.txt'] }],
    ['an exclusion from the inputs', '', { input: [{ auto: true }, '!count.txt'] }],
  ] as const) {
    it(`is settled by ${how}`, async (t) => {
      const workspace = workspaceWith(t, report + count, { 'count.txt': '1\n' }, cache);
      assert.equal(await tool(workspace), `${line}\n`);
      assert.equal(await tool(workspace), hit + saved);
      assert.equal(workspace.read('count.txt'), '2\n');
    });
  }
});

describe('vt report outside a task', () => {
  it('says nothing to nobody, and answers from its own environment', async (t) => {
    const workspace = new Workspace(t);
    const report = async (...args: string[]): Promise<unknown> => {
      const { code, all } = await workspace.vt(['report', ...args], {
        env: { APP_A: '1', APP_B: '2' },
      });
      return [code, all];
    };
    assert.deepEqual(await report('ignore-input', 'x'), [0, '']);
    assert.deepEqual(await report('ignore-output', '/x'), [0, '']);
    assert.deepEqual(await report('disable-cache', 'why'), [0, '']);
    assert.deepEqual(await report('get-env', 'APP_A'), [0, '1\n']);
    assert.deepEqual(await report('get-env', 'NONE'), [1, '']);
    assert.deepEqual(await report('get-envs', 'APP_*'), [0, 'APP_A=1\nAPP_B=2\n']);
  });
});

/** As messages show a long command line. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
