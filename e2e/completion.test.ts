import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { WatchedOutput } from './harness/watched-output.js';
import { Workspace, vtPath } from './harness/workspace.js';

// Shows: run.completion

/** What Tab makes of a line, in the real shells. */
const say = (text: string): string => `printf 'ran-%s\\n' ${text}`;

function workspaceOf(t: TestContext): Workspace {
  const workspace = new Workspace(t, {
    'package.json': JSON.stringify({
      name: 'site',
      workspaces: ['packages/*'],
      scripts: {
        check: say('check'),
        'build:prod': say('prod'),
        'build:dev': say('dev'),
        'two words': say('words'),
        show: 'cat',
      },
    }),
    'packages/app/package.json': JSON.stringify({ name: 'app', scripts: { dist: say('dist') } }),
    'packages/core/package.json': JSON.stringify({
      name: '@s/core',
      scripts: { dist: say('core') },
    }),
    'notes.txt': 'noted\n',
  });
  workspace.script('bin/vt', `#!/bin/sh\nexec "${process.execPath}" "${vtPath}" "$@"\n`);
  return workspace;
}

function environment(workspace: Workspace): Record<string, string> {
  return {
    PATH: `${workspace.path('bin')}:${process.env['PATH'] ?? ''}`,
    HOME: workspace.path('home'),
    TERM: 'xterm',
    // The line of the shell is then never wrapped.
    COLUMNS: '200',
  };
}

function isInstalled(shell: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((at) => existsSync(path.join(at, shell)));
}

/** Lines with a Tab in them, and what the command prints that the completed line runs. */
const lines: readonly (readonly [typed: string, printed: string])[] = [
  ['vt run ch\t', 'ran-check'],
  ['vt ru\tch\t', 'ran-check'],
  ['vt run build:p\t', 'ran-prod'],
  ['vt run two\t', 'ran-words'],
  ['vt run app#\t', 'ran-dist'],
  ['vt run @s/core#d\t', 'ran-core'],
  ['vt run --filter app di\t', 'ran-dist'],
  ['vt run --filter=@s/\tdi\t', 'ran-core'],
  ['vt run -F @s\tdi\t', 'ran-core'],
  ['vt run --no-ca\tch\t', 'ran-check'],
  ['vt run --log lab\tch\t', 'ran-check'],
  ['vt run --log=lab\tch\t', 'ran-check'],
  ['vt run show not\t', 'noted'],
  ['vt exec -- cat not\t', 'noted'],
  ['FOO=1 vt run build:d\t', 'ran-dev'],
];

const shells = {
  bash: {
    start: ['bash', '--norc', '--noprofile', '-i'],
    load: 'bind "set bell-style none"; bind "set enable-bracketed-paste off"; source <(vt completion bash)',
    only: [
      ['vt run "two\t', 'ran-words'],
      ["vt run 'bui\tp\t", 'ran-prod'],
      ['true; vt run ch\t', 'ran-check'],
    ],
  },
  zsh: {
    start: ['zsh', '-f', '-i'],
    load: 'unsetopt beep; autoload -U compinit; compinit -u; source <(vt completion zsh)',
    only: [["vt run 'two\t", 'ran-words']],
  },
} as const;

for (const [shell, { start, load, only }] of Object.entries(shells)) {
  describe(`completion in ${shell}`, { skip: !isInstalled(shell) && `no ${shell}` }, () => {
    it('completes commands, flags, their values, tasks, packages and files', async (t) => {
      const workspace = workspaceOf(t);
      workspace.write({ 'home/.keep': '' });
      const run = workspace.start(start, {
        terminal: true,
        input: 'open',
        env: environment(workspace),
      });
      const output = new WatchedOutput(run);
      run.child.stdin.write(`${load}; printf '%s-%s\\n' is ready\n`);
      await output.printed('is-ready');
      for (const [typed, printed] of [...lines, ...only]) {
        run.child.stdin.write(`${typed}\n`);
        await output.printed(printed);
        // Nothing of the line is left for the next one.
        run.child.stdin.write("printf '%s-%s\\n' after $?\n");
        await output.printed('after-0');
      }
      run.child.stdin.end('exit\n');
      await run.finished;
    });

    it('stays silent where the workspace is broken', async (t) => {
      const workspace = workspaceOf(t);
      workspace.write({
        'home/.keep': '',
        'packages/app/vite-task.json': '{',
        'packages/core/package.json': '[',
      });
      const run = workspace.start(start, {
        terminal: true,
        input: 'open',
        env: environment(workspace),
      });
      const output = new WatchedOutput(run);
      run.child.stdin.write(`${load}; printf '%s-%s\\n' is ready\n`);
      await output.printed('is-ready');
      run.child.stdin.write('vt run ch\t\n');
      await output.printed('ran-check');
      run.child.stdin.end('exit\n');
      assert.doesNotMatch((await run.finished).stdout, /error/);
    });
  });
}

describe('completion in fish', { skip: !isInstalled('fish') && 'no fish' }, () => {
  it('completes commands, flags, their values, tasks, packages and files', async (t) => {
    const workspace = workspaceOf(t);
    const complete = async (line: string, broken = false): Promise<string> => {
      if (broken) workspace.write({ 'packages/app/vite-task.json': '{' });
      const script = `vt completion fish | source; complete -C ${JSON.stringify(line)}`;
      const { stdout, stderr } = await workspace.run(['fish', '--no-config', '-c', script], {
        env: environment(workspace),
      });
      assert.equal(stderr, '');
      return stdout;
    };
    assert.equal(
      await complete('vt ru'),
      'run\trun a task of vite-task.json, or a script of package.json\n',
    );
    assert.equal(
      await complete('vt run build:'),
      `build:prod\t${say('prod')}\nbuild:dev\t${say('dev')}\n`,
    );
    assert.equal(await complete('vt run two'), `two words\t${say('words')}\n`);
    assert.equal(await complete('vt run @s'), `@s/core#dist\t${say('core')}\n`);
    assert.equal(
      await complete('vt run --filter '),
      'site\t.\napp\tpackages/app\n@s/core\tpackages/core\n',
    );
    assert.equal(await complete('vt run -r d'), `dist\t${say('dist')}\n`);
    assert.equal(await complete('vt run --log l'), 'labeled\n');
    assert.equal(await complete('vt run --log=l'), '--log=labeled\n');
    assert.match(await complete('vt run show not'), /^notes\.txt/);
    assert.match(await complete('vt exec -- cat not'), /^notes\.txt/);
    assert.match(await complete('vt exec -- mkfif'), /^mkfifo/);
    assert.equal(await complete('vt run ch', true), `check\t${say('check')}\n`);
  });
});
