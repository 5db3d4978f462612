import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Workspace } from './harness/workspace.js';

/** Going back to what was there before: every state has its own result. */

describe('switching back and forth', () => {
  it('hits from the second time on, whatever is switched', async (t) => {
    try {
      execFileSync('git', ['--version']);
    } catch {
      return t.skip('git is not installed');
    }
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'vite-task.json': JSON.stringify({
        tasks: { build: { command: 'sh build.sh', cache: { env: ['MODE'] } } },
      }),
      'build.sh': 'cat src/* > out.txt; echo "$MODE $1" >> out.txt\n',
      'src/a': 'one\n',
      '.gitignore': 'node_modules\nout.txt\n',
    });
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
        cwd: workspace.root,
        stdio: 'ignore',
      });
    };
    git('init', '-b', 'main');
    git('add', '.');
    git('commit', '-m', 'one');
    git('checkout', '-b', 'other');
    workspace.write({ 'src/a': 'two\n', 'src/b': 'more\n' });
    git('add', '.');
    git('commit', '-m', 'two');

    const branches = ['main', 'other'];
    const modes = ['development', 'production'];
    const args = [[], ['--flag']];
    const states = branches.flatMap((branch) =>
      modes.flatMap((mode) => args.map((extra) => ({ branch, mode, extra }))),
    );
    const results = new Map<unknown, string>();
    for (let round = 0; round < 3; round++) {
      for (const state of round === 1 ? [...states].reverse() : states) {
        git('checkout', state.branch);
        const run = await workspace.vt(['run', 'build', ...state.extra], {
          env: { MODE: state.mode },
        });
        assert.equal(run.code, 0);
        const isHit = run.stdout.includes('cache hit, replaying');
        assert.equal(isHit, round > 0, `${JSON.stringify(state)} in round ${round}: ${run.all}`);
        if (round === 0) results.set(state, workspace.read('out.txt'));
        assert.equal(workspace.read('out.txt'), results.get(state));
      }
    }
    assert.equal(new Set(results.values()).size, 8);
  });
});
