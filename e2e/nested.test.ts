import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { vtPath, Workspace } from './harness/workspace.js';

/**
 * vt inside a task that vt observes: what the inner one runs is observed by the outer one, which is
 * asked by the tools in it and keeps the whole.
 */

const node = process.execPath;

function workspaceFor(t: TestContext): Workspace {
  return new Workspace(t, {
    'package.json': '{}',
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'vite-task.json': JSON.stringify({
      tasks: { inner: `sh -c "cat b.txt; cat a.txt >made.txt"` },
    }),
    'outer.sh': `"$@" run inner && "$@" exec -q -- cat a.txt\n`,
  });
}

describe('vt inside a task', () => {
  it('is observed as a whole: the outer result depends on all that the inner one read', async (t) => {
    const workspace = workspaceFor(t);
    const outer = ['exec', '--', 'sh', 'outer.sh', node, vtPath];
    const run = async (): Promise<string[]> => {
      const { code, stdout, stderr } = await workspace.vt(outer);
      assert.equal(code, 0, stderr);
      const said = stderr.split('\n').filter((line) => line.startsWith('$ sh outer.sh'));
      return [
        stdout.replace(/^\$.*\n/gm, ''),
        ...said.map((line) => line.replace(/.* ([◉○])/, '$1')),
      ];
    };
    assert.deepEqual(await run(), ['b\na\n']);
    await run(); // made.txt is there by now, which the first run saw absent
    assert.deepEqual((await run()).slice(1), ['◉ cache hit, replaying']);
    workspace.remove('made.txt');
    assert.deepEqual((await run()).slice(1), ['◉ cache hit, replaying']);
    assert.equal(workspace.read('made.txt'), 'a\n');
    for (const name of ['a.txt', 'b.txt']) {
      workspace.write({ [name]: `other ${name}\n` });
      const [stdout, said] = await run();
      assert.equal(said, `○ cache miss: '${name}' modified, executing`);
      assert.ok(stdout?.includes(`other ${name}\n`), stdout);
    }
  });

  it('leaves the questions of tools to the outer one', async (t) => {
    const workspace = new Workspace(t);
    const tool = [node, vtPath, 'report', 'get-env', 'CHOICE'];
    const inner = [node, vtPath, 'exec', '-q', '--', ...tool];
    const run = async (choice: string): Promise<string[]> => {
      const env = { CHOICE: choice };
      const { stdout, stderr } = await workspace.vt(['exec', '--', ...inner], { env });
      return [stdout, /[◉○] cache (?:hit|miss: [^,]*)/.exec(stderr)?.[0] ?? stderr];
    };
    assert.deepEqual(await run('one'), ['one\n', '']);
    assert.deepEqual(await run('one'), ['one\n', '◉ cache hit']);
    assert.deepEqual(await run('two'), ['two\n', "○ cache miss: env 'CHOICE' changed"]);
    assert.deepEqual(await run('one'), ['one\n', '◉ cache hit']);
  });

  it('that does not know of the outer one cannot observe, says so, and hides nothing', async (t) => {
    const workspace = new Workspace(t, { 'package.json': '{}', 'a.txt': 'a\n' });
    const bare = ['env', '-i', `PATH=${process.env['PATH'] ?? ''}`, `HOME=${workspace.root}`];
    const outer = ['exec', '--name', 'outer', '--', ...bare, node, vtPath];
    const run = async (): Promise<string[]> => {
      const { code, stdout, stderr } = await workspace.vt([...outer, 'exec', '--', 'cat', 'a.txt']);
      assert.equal(code, 0, stderr);
      return [stdout, steadyText(stderr)];
    };
    const busy =
      "vt: not cached: file tracking incomplete: another tracker observes this process tree: 'cat a.txt' (pid …)\n";
    assert.deepEqual(await run(), ['a\n', busy]);
    const [, again] = await run();
    assert.match(again ?? '', /◉ cache hit, replaying/);
    workspace.write({ 'a.txt': 'other\n' });
    const [stdout, missed] = await run();
    assert.equal(stdout, 'other\n');
    assert.match(missed ?? '', /○ cache miss: 'a.txt' modified, executing/);
  });
});
