import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { lacking } from './conformance/conformance-rig.js';
import { projectRoot, Workspace } from './harness/workspace.js';

/** The scripts of examples/wrappers with the real tools: what goes wrong without each, and right with it. */

const wrapper = (name: string) => path.join(projectRoot, 'examples/wrappers', name);
const PATH = `${path.join(projectRoot, 'node_modules/.bin')}:${process.env['PATH']}`;

interface Run {
  readonly workspace: Workspace;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command under vt and says whether it was replayed. */
async function run({ workspace, env = {} }: Run, ...argv: string[]): Promise<string> {
  const { code, all } = await workspace.vt(['exec', '--', ...argv], { env: { PATH, ...env } });
  assert.equal(code, 0, all);
  assert.doesNotMatch(all, /not cached/);
  return /◉|○ [^,\n]*/.exec(all)?.[0] ?? 'first';
}

describe('wrappers', () => {
  it('eslint hits from its second run on, not its third', async (t) => {
    const files = {
      'eslint.config.mjs': 'export default [{ rules: { "no-undef": "error" } }];\n',
      'a.mjs': 'export const a = 1;\n',
    };
    const bare = { workspace: new Workspace(t, files) };
    const wrapped = { workspace: new Workspace(t, files) };
    assert.equal(await run(bare, 'eslint', '--cache', 'a.mjs'), 'first');
    assert.match(await run(bare, 'eslint', '--cache', 'a.mjs'), /miss: '.eslintcache' added/);

    assert.equal(await run(wrapped, wrapper('vt-eslint'), 'a.mjs'), 'first');
    assert.ok(wrapped.workspace.exists('.eslintcache'), 'it does use its cache');
    assert.equal(await run(wrapped, wrapper('vt-eslint'), 'a.mjs'), '◉');
    wrapped.workspace.write({ 'a.mjs': 'export const a = 2;\n' });
    assert.match(await run(wrapped, wrapper('vt-eslint'), 'a.mjs'), /miss: 'a.mjs' modified/);
  });

  const { status } = spawnSync('python3', ['-m', 'pytest', '--version']);
  const pytest = status === 0 ? false : lacking('python3-pytest');
  it(
    'pytest hits whatever is in its cache, and hears its variables',
    { skip: pytest },
    async (t) => {
      const files = { 'test_a.py': 'def test_a():\n    assert True\n' };
      // Other plugins that are installed here have directories of their own.
      const env = { PYTEST_ADDOPTS: '--maxfail=7', PYTEST_DISABLE_PLUGIN_AUTOLOAD: '1' };
      const bare = { workspace: new Workspace(t, files), env };
      const wrapped = { workspace: new Workspace(t, files), env };
      const byHand = { '.pytest_cache/v/cache/lastfailed': '{ "by hand": true }' };
      for (let round = 0; round < 2; round += 1) await run(bare, 'python3', '-m', 'pytest');
      const unheard = { ...bare, env: { ...env, PYTEST_ADDOPTS: '--collect-only' } };
      assert.equal(await run(unheard, 'python3', '-m', 'pytest'), '◉', 'options are not heard');

      for (let round = 0; round < 2; round += 1) await run(wrapped, wrapper('vt-pytest'));
      wrapped.workspace.write(byHand);
      assert.equal(await run(wrapped, wrapper('vt-pytest')), '◉');
      const other = { ...wrapped, env: { ...env, PYTEST_ADDOPTS: '--collect-only' } };
      const missed = await run(other, wrapper('vt-pytest'));
      assert.match(missed, /miss: env 'PYTEST_ADDOPTS' changed/);
    },
  );

  it('go builds for the machine that was asked for', { skip: lacking('go') }, async (t) => {
    const files = { 'go.mod': 'module a\n', 'main.go': 'package main\n\nfunc main() {}\n' };
    const env = { GOOS: 'windows' };
    const bare = { workspace: new Workspace(t, files), env };
    const wrapped = { workspace: new Workspace(t, files), env };
    const build = ['build', '-o', 'program', 'main.go'];
    await run(bare, 'go', ...build);
    assert.equal(bare.workspace.read('program').slice(1, 4), 'ELF', 'GOOS is not heard');

    await run(wrapped, wrapper('vt-go'), ...build);
    assert.equal(wrapped.workspace.read('program').slice(0, 2), 'MZ');
    assert.match(
      await run({ ...wrapped, env: { GOOS: 'linux' } }, wrapper('vt-go'), ...build),
      /miss: env/,
    );
    assert.equal(wrapped.workspace.read('program').slice(1, 4), 'ELF');
  });
});
