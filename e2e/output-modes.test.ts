import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { Workspace, type RunOptions } from './harness/workspace.js';

/** The three ways to tell output apart, whichever way a result was recorded. */

const files = {
  'package.json': '{ "name": "root", "workspaces": ["p/*"] }',
  'p/lib/package.json': '{ "name": "lib", "version": "1.0.0" }',
  'p/lib/vite-task.json': JSON.stringify({
    tasks: { build: "printf 'lib one\\nlib two' && sh -c 'echo lib err >&2'" },
  }),
  'p/app/package.json':
    '{ "name": "app", "version": "1.0.0", "dependencies": { "lib": "workspace:*" } }',
  'p/app/vite-task.json': JSON.stringify({
    tasks: { build: 'cat a.txt', fail: { command: "sh -c 'echo bad; exit 3'", cache: false } },
  }),
  'p/app/a.txt': 'app\n',
};

const summary = (hits: string): string =>
  `\n---\nvt run: ${hits}, 3/3 successful. (Run \`vt run --last-details\` for full details)\n`;

async function run(
  workspace: Workspace,
  args: readonly string[],
  options?: RunOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await workspace.vt(['run', ...args], options);
  return { code, stdout: steadyText(stdout), stderr };
}

describe('vt run --log', () => {
  it('labeled', async (t) => {
    const workspace = new Workspace(t, files);
    const first = await run(workspace, ['--log', 'labeled', '-r', 'build']);
    assert.deepEqual(first, {
      code: 0,
      stdout: `[lib#build] ~/p/lib$ printf 'lib one\\nlib two'
[lib#build] lib one
[lib#build] lib two

[lib#build] ~/p/lib$ sh -c 'echo lib err >&2'

[app#build] ~/p/app$ cat a.txt
[app#build] app
${summary('0/3 cache hit (0%)')}`,
      stderr: '[lib#build] lib err\n',
    });
  });

  it('grouped, from what the others have stored', async (t) => {
    const workspace = new Workspace(t, files);
    await run(workspace, ['--log=labeled', '-r', 'build']);
    const hit = await run(workspace, ['--log=grouped', '-r', 'build']);
    assert.deepEqual(hit, {
      code: 0,
      stdout: `[lib#build] ~/p/lib$ printf 'lib one\\nlib two' ◉ cache hit, replaying
── [lib#build] ──
lib one
lib two

[lib#build] ~/p/lib$ sh -c 'echo lib err >&2' ◉ cache hit, replaying
── [lib#build] ──

[app#build] ~/p/app$ cat a.txt ◉ cache hit, replaying
── [app#build] ──
app
${summary('3/3 cache hit (100%)')}`,
      stderr: 'lib err\n',
    });
  });

  it('of a result that was recorded in a terminal, in a terminal', async (t) => {
    const workspace = new Workspace(t, {
      ...files,
      'p/app/vite-task.json': JSON.stringify({
        tasks: { build: "printf '10%%\\r\\033[K\\033[32mdone\\033[m\\n'" },
      }),
    });
    const terminal = { terminal: true, env: { TERM: 'xterm' } };
    const first = await run(workspace, ['app#build'], terminal);
    assert.ok(first.stdout.includes('\n10%\r\x1b[K\x1b[32mdone\x1b[m\r\n'), first.stdout);
    const labeled = await run(workspace, ['--log=labeled', 'app#build'], terminal);
    assert.match(labeled.stdout, /cache hit/);
    // eslint-disable-next-line no-control-regex
    assert.match(labeled.stdout, /\n\x1b\[2m\[app#build\]\x1b\[22m \x1b\[32mdone\x1b\[0m\n/);
    const plain = await run(workspace, ['--log=grouped', 'app#build'], {
      ...terminal,
      env: { TERM: 'xterm', NO_COLOR: '1' },
    });
    assert.match(plain.stdout, /── \[app#build\] ──\ndone\n/);
  });

  it('that is no such way is a mistake', async (t) => {
    const { code, stdout, stderr } = await run(new Workspace(t, files), ['--log=grouqed', 'build']);
    assert.deepEqual(
      [code, stdout, stderr],
      [
        1,
        '',
        `error[bad-choice]: --log of \`vt run\` cannot be "grouqed"
  it can be: interleaved, labeled, grouped
help: did you mean "grouped"?
`,
      ],
    );
  });
});

describe('in GitHub Actions', () => {
  it('output is in groups, and failures and mistakes are annotations', async (t) => {
    const workspace = new Workspace(t, files);
    const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: workspace.root };
    const built = await run(workspace, ['app#build'], { env });
    assert.equal(built.stdout, '::group::[app#build] ~/p/app$ cat a.txt\napp\n::endgroup::\n');
    const failed = await run(workspace, ['app#fail'], { env });
    assert.deepEqual(failed, {
      code: 3,
      stdout: `::group::[app#fail] ~/p/app$ sh -c 'echo bad; exit 3' ⊘ cache disabled
bad
::endgroup::
::error title=app#fail::exited with 3: sh -c 'echo bad; exit 3'
`,
      stderr: '',
    });
    workspace.write({ 'p/app/vite-task.json': '{ "tasks": { "build": 7 } }\n' });
    const mistaken = await run(workspace, ['app#build'], { env });
    assert.match(
      mistaken.stderr,
      /^::error file=p\/app\/vite-task\.json,line=1,col=23,title=wrong-type::.*%0Ahelp: .*$/m,
    );
  });
});
