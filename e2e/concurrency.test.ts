import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { Workspace, type Started } from './harness/workspace.js';

// Shows: cancel.trees, schedule.limit, schedule.fail-fast

/** Several tasks at once: what starts when, what stops what, and what is left afterwards. */

type Programs = Readonly<Record<'lib' | 'app' | 'other', CommandedProgram>>;

/** app needs lib; each has a task `build` that does what the test says, cached or not. */
async function threePackages(
  t: TestContext,
  cache: boolean,
): Promise<{ workspace: Workspace; programs: Programs }> {
  const workspace = new Workspace(t, { 'package.json': '{ "workspaces": ["packages/*"] }' });
  const listen = (name: string): Promise<CommandedProgram> =>
    CommandedProgram.listen(t, workspace, name);
  const programs = {
    lib: await listen('lib'),
    app: await listen('app'),
    other: await listen('other'),
  };
  for (const [name, { command }] of Object.entries(programs)) {
    const dependencies = name === 'app' ? { lib: '*' } : {};
    workspace.write({
      [`packages/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', dependencies }),
      [`packages/${name}/vite-task.json`]: JSON.stringify({
        tasks: { build: { command: command.join(' '), cache } },
      }),
    });
  }
  return { workspace, programs };
}

async function ready(program: CommandedProgram, run: Started): Promise<number> {
  const [word, pid] = (await program.said(run)).split(' ');
  assert.equal(word, 'ready');
  return Number(pid);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${String(pid)}`);
}

for (const cache of [true, false]) {
  const kind = cache ? 'cached' : 'uncached';

  describe(`${kind} tasks`, () => {
    it('run at once where none needs the other, and line by line', async (t) => {
      const { workspace, programs } = await threePackages(t, cache);
      const { lib, app, other } = programs;
      const run = workspace.startVt(['run', '-r', 'build']);
      await ready(lib, run);
      await ready(other, run);
      for (const [program, text] of [
        [lib, 'one'],
        [other, 'two'],
        [lib, 'three'],
      ] as const) {
        program.tell(`print ${text}`);
        assert.equal(await program.said(run), 'printed');
      }
      lib.tell('exit 0');
      await ready(app, run);
      app.tell('exit 0');
      other.tell('exit 0');
      const { code, stdout } = await run.finished;
      assert.equal(code, 0);
      assert.deepEqual(
        stdout
          .split('\n')
          .filter((line) => /^(one|two|three)$/.test(line))
          .sort(),
        ['one', 'three', 'two'],
      );
      assert.match(stdout, /vt run: 0\/3 cache hit \(0%\), 3\/3 successful\./);
    });

    it('wait for nothing with --parallel', async (t) => {
      const { workspace, programs } = await threePackages(t, cache);
      const run = workspace.startVt(['run', '-r', '--parallel', 'build']);
      for (const program of Object.values(programs)) await ready(program, run);
      for (const program of Object.values(programs)) program.tell('exit 0');
      assert.equal((await run.finished).code, 0);
    });

    it('are told to end when one fails, whose exit code is that of the run', async (t) => {
      const { workspace, programs } = await threePackages(t, cache);
      const { lib, other } = programs;
      const run = workspace.startVt(['run', '-r', 'build']);
      await ready(lib, run);
      await ready(other, run);
      lib.tell('exit 9');
      assert.equal(await other.said(run), 'SIGTERM 1');
      other.tell('exit 0');
      const { code, stdout } = await run.finished;
      assert.equal(code, 9);
      assert.match(stdout, /vt run: 0\/3 cache hit \(0%\), 0\/3 successful\./);
      const details = (await workspace.vt(['run', '--last-details'])).stdout;
      assert.match(details, /app#build.*\n {4}not run: what came before it failed\n/);
      assert.equal(/other#build.*\n(.*\n)? {4}stored\n/.test(details), false);
    });

    it('go on after a failure with --continue, but for what needs it', async (t) => {
      const { workspace, programs } = await threePackages(t, cache);
      const { lib, other } = programs;
      const run = workspace.startVt(['run', '-r', '--continue', 'build']);
      await ready(lib, run);
      await ready(other, run);
      lib.tell('exit 9');
      await lib.gone();
      other.tell('ping');
      assert.equal(await other.said(run), 'pong 0');
      other.tell('exit 0');
      const { code, stdout } = await run.finished;
      assert.equal(code, 9);
      assert.match(stdout, /vt run: 0\/3 cache hit \(0%\), 1\/3 successful\./);
    });

    it('are all interrupted by one Ctrl-C, and killed by the second', async (t) => {
      const { workspace, programs } = await threePackages(t, cache);
      const { lib, other } = programs;
      const run = workspace.startVt(['run', '-r', 'build'], { terminal: true, input: 'open' });
      const pids = [await ready(lib, run), await ready(other, run)];
      run.child.stdin.write('\x03');
      for (const program of [lib, other]) {
        assert.equal(await program.said(run), 'SIGINT 1');
        program.tell('ping');
        assert.equal(await program.said(run), 'pong 1', 'once');
      }
      run.child.stdin.write('\x03');
      await Promise.all([lib.gone(), other.gone()]);
      run.child.stdin.end();
      assert.equal((await run.finished).code, 130);
      assert.deepEqual(pids.filter(isAlive), []);
    });
  });
}

describe('the limit', () => {
  const files = {
    'package.json': '{ "workspaces": ["p/*"] }',
    ...Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name) => [
        [`p/${name}/package.json`, JSON.stringify({ name })],
        [
          `p/${name}/vite-task.json`,
          // Ends badly if more than LIMIT are at work, which a directory of marks tells.
          JSON.stringify({
            tasks: {
              build: {
                command:
                  "sh -c 'touch ../../at-work/$$; n=$(ls ../../at-work | wc -l); echo $n; sleep 0.1; rm ../../at-work/$$'",
                cache: false,
              },
            },
          }),
        ],
      ]),
    ),
    'at-work/.keep': '',
  };
  const most = async (
    t: TestContext,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<number> => {
    const run = await new Workspace(t, files).vt(['run', ...args, '-r', 'build'], { env });
    assert.equal(run.code, 0, run.all);
    return Math.max(...[...run.stdout.matchAll(/^\d+$/gm)].map(([number]) => Number(number)));
  };

  it('is never exceeded: 4, what the variable says, or what the flag says', async (t) => {
    assert.ok((await most(t, [])) <= 4);
    assert.equal(await most(t, [], { VP_RUN_CONCURRENCY_LIMIT: '1' }), 1);
    assert.equal(await most(t, ['--concurrency-limit', '1']), 1);
    assert.ok((await most(t, ['--parallel', '--concurrency-limit=2'])) <= 2);
  });

  it('that is no number is a mistake', async (t) => {
    const workspace = new Workspace(t, files);
    const flag = await workspace.vt(['run', '--concurrency-limit', '0', '-r', 'build']);
    assert.deepEqual(
      [flag.code, flag.stderr],
      [
        1,
        'error[bad-count]: --concurrency-limit of `vt run`: "0" is no number of commands\nhelp: write a whole number from 1 on\n',
      ],
    );
    const env = { VP_RUN_CONCURRENCY_LIMIT: 'all' };
    const variable = await workspace.vt(['run', '-r', 'build'], { env });
    assert.match(
      variable.stderr,
      /^error\[bad-count\]: VP_RUN_CONCURRENCY_LIMIT of `vt run`: "all"/,
    );
  });
});

/**
 * A process that took all care to get away: its own session, no parent, deaf to every signal that it can
 * be deaf to, its own descriptors closed. It writes down its pid when it is all that.
 */
const daemon = `#!/bin/sh
(setsid sh -c 'trap "" HUP INT TERM QUIT; exec </dev/null >/dev/null 2>&1 3>&-; echo $$ > '"$1"'.pid.new; mv '"$1"'.pid.new '"$1"'.pid; while :; do sleep 1000; done' &)
`;

describe('nothing is left', () => {
  for (const [kind, cache, several] of [
    ['cached', true, true],
    ['uncached, captured', false, true],
    ['uncached, with vt’s own streams', false, false],
  ] as const) {
    for (const way of ['second signal', 'grace period'] as const) {
      it(`of daemons after the ${way} (${kind})`, async (t) => {
        const workspace = new Workspace(t, { 'package.json': '{ "workspaces": ["p/*"] }' });
        workspace.script('daemon.sh', daemon);
        const [one, two] = [
          await CommandedProgram.listen(t, workspace, 'one'),
          await CommandedProgram.listen(t, workspace, 'two'),
        ];
        const names = several ? ['one', 'two'] : ['one'];
        for (const [name, { command }] of Object.entries({ one, two })) {
          if (!names.includes(name)) continue;
          const file = workspace.path(name);
          const line = `sh -c '../../daemon.sh ${file}; exec ${command.join(' ')}'`;
          workspace.write({
            [`p/${name}/package.json`]: JSON.stringify({ name }),
            [`p/${name}/vite-task.json`]: JSON.stringify({
              tasks: { serve: { command: line, cache } },
            }),
          });
        }
        const run = workspace.startVt(['run', '-r', 'serve']);
        const programs = several ? [one, two] : [one];
        for (const program of programs) await ready(program, run);
        const pids: number[] = [];
        for (const name of names) {
          while (!workspace.exists(`${name}.pid`)) await new Promise(setImmediate);
          pids.push(Number(workspace.read(`${name}.pid`)));
        }
        assert.ok(pids.every(isAlive));
        run.child.kill('SIGINT');
        for (const program of programs) assert.equal(await program.said(run), 'SIGINT 1');
        if (way === 'second signal') {
          run.child.kill('SIGINT');
        } else {
          // They end in time, what they left does not.
          for (const program of programs) program.tell('exit 0');
        }
        assert.equal((await run.finished).code, 130);
        assert.deepEqual(pids.filter(isAlive), []);
      });
    }
  }
});
