import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { WatchedOutput } from './harness/watched-output.js';
import {
  vtPath,
  Workspace,
  type Finished,
  type RunOptions,
  type Started,
} from './harness/workspace.js';

// Shows: run.watch

const waiting = 'vt run: waiting for changes\n';

function workspaceOf(t: TestContext, tasks: object, files: Record<string, string> = {}): Workspace {
  return new Workspace(t, {
    'package.json': '{ "name": "site" }',
    'vite-task.json': JSON.stringify({ tasks }),
    ...files,
  });
}

/** A `vt run --watch` that the test changes files under. */
class Watching {
  readonly output: WatchedOutput;
  readonly run: Started;

  constructor(workspace: Workspace, args: readonly string[], options: RunOptions = {}) {
    this.run = workspace.startVt(['run', '--watch', ...args], options);
    this.output = new WatchedOutput(this.run);
  }

  async printed(...texts: string[]): Promise<void> {
    for (const text of texts) await this.output.printed(text);
  }

  async stop(): Promise<Finished> {
    this.run.child.kill('SIGINT');
    const finished = await this.run.finished;
    assert.equal(finished.code, 130);
    return finished;
  }
}

/** How often a text was printed. */
function count({ all }: Finished, text: string): number {
  return all.split(text).length - 1;
}

/** Whether a process is there and has not ended; one that nobody has asked for its exit code has. */
function isAtWork(pid: string | undefined): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('vt run --watch', () => {
  it('runs a task again when a file it has read changes, and not for what it has not read', async (t) => {
    const workspace = workspaceOf(
      t,
      { build: 'cp src/a.txt out.txt' },
      { 'src/a.txt': 'one\n', 'src/b.txt': 'one\n' },
    );
    const watching = new Watching(workspace, ['build']);
    await watching.printed('$ cp src/a.txt out.txt\n', waiting);
    workspace.write({ 'src/b.txt': 'two\n' });
    // The same again, with another time.
    utimesSync(workspace.path('src/a.txt'), 1, 1);
    workspace.write({ 'src/a.txt': 'one\n' });
    // As editors save.
    workspace.write({ 'src/.a.txt.new': 'two\n' });
    renameSync(workspace.path('src/.a.txt.new'), workspace.path('src/a.txt'));
    await watching.printed("vt run: 'src/a.txt' modified, running site#build again\n", waiting);
    assert.equal(workspace.read('out.txt'), 'two\n');
    workspace.write({ 'src/a.txt': 'one\n' });
    await watching.printed("vt run: 'src/a.txt' modified, running site#build again\n", waiting);
    assert.equal(workspace.read('out.txt'), 'one\n');
    const finished = await watching.stop();
    assert.equal(count(finished, '$ cp src/a.txt out.txt'), 3);
  });

  it('knows what a replayed task depends on', async (t) => {
    const workspace = workspaceOf(t, { show: 'cat a.txt' }, { 'a.txt': 'one\n' });
    await workspace.vt(['run', 'show']);
    const watching = new Watching(workspace, ['show']);
    await watching.printed('◉ cache hit, replaying', waiting);
    workspace.write({ 'a.txt': 'two\n' });
    await watching.printed("vt run: 'a.txt' modified, running site#show again\n", 'two\n', waiting);
    await watching.stop();
  });

  it('notices what appears where something was looked for, in directories that were not there too', async (t) => {
    const workspace = workspaceOf(t, {
      look: "sh -c 'cat conf/deep/x.txt 2>/dev/null || echo none'",
    });
    const watching = new Watching(workspace, ['look']);
    await watching.printed('none\n', waiting);
    workspace.write({ 'conf/deep/x.txt': 'found\n' });
    await watching.printed('running site#look again\n', 'found\n', waiting);
    rmSync(workspace.path('conf'), { recursive: true });
    await watching.printed('removed, running site#look again\n', 'none\n', waiting);
    workspace.write({ 'conf/deep/x.txt': 'back\n' });
    await watching.printed('running site#look again\n', 'back\n', waiting);
    await watching.stop();
  });

  it('notices new names in a directory that was listed', async (t) => {
    const workspace = workspaceOf(t, { list: 'ls src' }, { 'src/a.txt': '' });
    const watching = new Watching(workspace, ['list']);
    await watching.printed('a.txt\n', waiting);
    workspace.write({ 'src/b.txt': '' });
    await watching.printed(
      "vt run: names in 'src' changed, running site#list again\n",
      'b.txt\n',
      waiting,
    );
    await watching.stop();
  });

  it('notices files that configured globs match', async (t) => {
    const workspace = workspaceOf(
      t,
      { build: { command: 'echo built', cache: { input: ['src/**/*.js'] } } },
      { 'src/a.js': '' },
    );
    const watching = new Watching(workspace, ['build']);
    await watching.printed('built\n', waiting);
    workspace.write({ 'src/deep/b.js': '' });
    await watching.printed(
      'vt run: files added or removed that src/**/*.js matches, running site#build again\n',
      waiting,
    );
    workspace.write({ 'src/deep/b.js': 'x' });
    await watching.printed("vt run: 'src/deep/b.js' modified, running site#build again\n", waiting);
    await watching.stop();
  });

  it('does not take its own output for files that globs match', async (t) => {
    const build = 'sh -c "cat src/a.js; echo x > src/out.js"';
    const workspace = workspaceOf(
      t,
      { build: { command: build, cache: { input: ['src/*.js'] } } },
      { 'src/a.js': '1' },
    );
    const watching = new Watching(workspace, ['build']);
    await watching.printed(waiting);
    workspace.write({ 'src/a.js': '2' });
    await watching.printed("vt run: 'src/a.js' modified, running site#build again\n", waiting);
    workspace.write({ 'src/b.js': '2' });
    await watching.printed('files added or removed that src/*.js matches', waiting);
    assert.equal(count(await watching.stop(), 'again\n'), 2);
  });

  it('does not run a task again because of what it writes itself', async (t) => {
    const workspace = workspaceOf(
      t,
      {
        // Reads, changes and lists what it writes.
        format: "sh -c 'cat notes.txt a.txt; echo more >> notes.txt; ls > names.txt; touch new'",
      },
      { 'notes.txt': 'some\n', 'a.txt': 'one\n' },
    );
    const watching = new Watching(workspace, ['format']);
    await watching.printed('one\n', waiting);
    workspace.write({ 'a.txt': 'two\n' });
    await watching.printed(
      "vt run: 'a.txt' modified, running site#format again\n",
      'two\n',
      waiting,
    );
    workspace.write({ 'notes.txt': 'by hand\n' });
    await watching.printed(
      "vt run: 'notes.txt' modified, running site#format again\n",
      'by hand\n',
      waiting,
    );
    const finished = await watching.stop();
    assert.equal(count(finished, 'again\n'), 2);
  });

  it('passes a change on to the tasks that read what another one wrote, in their order', async (t) => {
    const workspace = workspaceOf(
      t,
      {
        one: 'sh -c "cat a.txt > b.txt"',
        two: { command: 'sh -c "cat b.txt > c.txt"', dependsOn: ['one'] },
        other: 'cat d.txt',
        all: { dependsOn: ['two', 'other'] },
      },
      { 'a.txt': '1\n', 'd.txt': '1\n' },
    );
    const watching = new Watching(workspace, ['all']);
    await watching.printed(waiting);
    workspace.write({ 'a.txt': '2\n' });
    await watching.printed(
      "vt run: 'a.txt' modified, running site#one again\n",
      "vt run: 'b.txt' modified, running site#two again\n",
      waiting,
    );
    assert.equal(workspace.read('c.txt'), '2\n');
    const finished = await watching.stop();
    assert.equal(count(finished, '$ cat d.txt'), 1);
  });

  it('goes on after a failure, and holds back what needs the failed task until it is mended', async (t) => {
    const workspace = workspaceOf(
      t,
      {
        check: 'sh -c "grep good a.txt"',
        after: { command: 'echo all is well', dependsOn: ['check'] },
      },
      { 'a.txt': 'bad\n' },
    );
    const watching = new Watching(workspace, ['after']);
    await watching.printed(waiting);
    workspace.write({ 'a.txt': 'good\n' });
    await watching.printed(
      "vt run: 'a.txt' modified, running site#check again\n",
      'all is well',
      waiting,
    );
    const finished = await watching.stop();
    assert.equal(count(finished, '$ echo all is well'), 1);
  });

  it('plans anew when the configuration changes, and waits while it is wrong', async (t) => {
    const workspace = workspaceOf(t, { build: 'echo first' });
    const watching = new Watching(workspace, ['build']);
    await watching.printed('first\n', waiting);
    workspace.write({ 'vite-task.json': '{ "tasks": { "build": { "comand": "echo second" } } }' });
    await watching.printed(
      'vt run: the configuration has changed, planning again\n',
      'error[unknown-field]',
      waiting,
    );
    workspace.write({ 'vite-task.json': '{ "tasks": { "build": "echo second" } }' });
    await watching.printed('planning again\n', 'second\n', waiting);
    await watching.stop();
  });

  it('excludes flags that make no sense with it', async (t) => {
    const workspace = workspaceOf(t, { build: 'echo' });
    const { code, stderr } = await workspace.vt(['run', '--watch', '--dry-run', 'build']);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[conflicting-flags\]: --watch and --dry-run of `vt run` exclude/);
  });
});

describe('vt run --watch of a task that does not end', () => {
  for (const cache of [true, false]) {
    it(`restarts it when what it has read changes, after all of it has ended (cache: ${cache})`, async (t) => {
      const workspace = workspaceOf(t, {}, { 'cfg.txt': 'one\n', 'other.txt': '' });
      const server = await CommandedProgram.listen(t, workspace);
      const command = `sh -c 'cat cfg.txt; ${server.command.join(' ')}; exit 0'`;
      workspace.write({
        'vite-task.json': JSON.stringify({ tasks: { serve: { command, cache } } }),
      });
      const watching = new Watching(workspace, ['serve']);
      await watching.printed('one\n');
      const [, first] = (await server.said(watching.run)).split(' ');
      await watching.printed('vt run: waiting for changes; running: site#serve\n');
      workspace.write({ 'other.txt': 'x' });
      workspace.write({ 'cfg.txt': 'two\n' });
      await watching.printed("vt run: 'cfg.txt' modified, running site#serve again\n");
      assert.equal(await server.said(watching.run), 'SIGTERM 1');
      server.tell('exit 0');
      await watching.printed('two\n');
      const [word, second] = (await server.said(watching.run)).split(' ');
      assert.equal(word, 'ready');
      assert.notEqual(first, second);
      assert.equal(isAtWork(first), false);
      await watching.printed('vt run: waiting for changes; running: site#serve\n');
      watching.run.child.kill('SIGINT');
      assert.equal(await server.said(watching.run), 'SIGINT 1');
      server.tell('exit 0');
      const finished = await watching.run.finished;
      assert.equal(finished.code, 130);
      assert.equal(count(finished, 'again\n'), 1);
      assert.equal(isAtWork(second), false);
    });
  }

  it('notices what changed before anybody could look at what it reads', async (t) => {
    const workspace = workspaceOf(t, {}, { 'cfg.txt': 'one\n' });
    const server = await CommandedProgram.listen(t, workspace);
    const command = `sh -c 'cat cfg.txt; ${server.command.join(' ')}'`;
    workspace.write({
      'vite-task.json': JSON.stringify({ tasks: { serve: { command, cache: false } } }),
    });
    const watching = new Watching(workspace, ['serve']);
    await server.said(watching.run);
    workspace.write({ 'cfg.txt': 'two\n' });
    await watching.printed("'cfg.txt' modified, running site#serve again\n");
    assert.equal(await server.said(watching.run), 'SIGTERM 1');
    server.tell('exit 0');
    await watching.printed('two\n');
    await server.said(watching.run);
    watching.run.child.kill('SIGINT');
    await server.said(watching.run);
    server.tell('exit 0');
    assert.equal((await watching.run.finished).code, 130);
  });

  it('is not restarted by what it writes, nor when another task is run again', async (t) => {
    const workspace = workspaceOf(t, {}, { 'a.txt': 'one\n', 'log.txt': 'old\n' });
    const server = await CommandedProgram.listen(t, workspace);
    const command = `sh -c 'cat log.txt; echo started >> log.txt; ${server.command.join(' ')}'`;
    workspace.write({
      'vite-task.json': JSON.stringify({
        tasks: {
          serve: { command, cache: false },
          show: 'cat a.txt',
          dev: { dependsOn: ['show', 'serve'] },
        },
      }),
    });
    const watching = new Watching(workspace, ['dev']);
    const ready = await server.said(watching.run);
    await watching.printed('vt run: waiting for changes; running: site#serve\n');
    workspace.write({ 'a.txt': 'two\n' });
    await watching.printed("vt run: 'a.txt' modified, running site#show again\n", 'two\n');
    server.tell('ping');
    assert.equal(await server.said(watching.run), 'pong 0', ready);
    watching.run.child.kill('SIGINT');
    await server.said(watching.run);
    server.tell('exit 0');
    const finished = await watching.run.finished;
    assert.equal(finished.code, 130);
    assert.equal(count(finished, 'running site#serve again'), 0);
  });

  it('ends with Ctrl-C in a terminal', async (t) => {
    const workspace = workspaceOf(t, {});
    const server = await CommandedProgram.listen(t, workspace);
    workspace.write({
      'vite-task.json': JSON.stringify({ tasks: { serve: server.command.join(' ') } }),
    });
    const watching = new Watching(workspace, ['serve'], { terminal: true, input: 'open' });
    await server.said(watching.run);
    watching.run.child.stdin.write('\x03');
    assert.equal(await server.said(watching.run), 'SIGINT 1');
    server.tell('exit 0');
    await server.gone();
    watching.run.child.stdin.end();
    assert.equal((await watching.run.finished).code, 130);
  });

  it('says so when the system lets it watch no more directories', async (t) => {
    // A user namespace has a limit of its own.
    const few = ['unshare', '--user', '--map-root-user', 'sh', '-c'];
    const limit = 'echo 3 > /proc/sys/user/max_inotify_watches';
    const { status } = spawnSync(few[0] ?? '', [...few.slice(1), limit], { stdio: 'ignore' });
    if (status !== 0) return t.skip('no user namespaces here');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const files = Object.fromEntries(names.map((name) => [`${name}/x.txt`, '']));
    const workspace = workspaceOf(t, { list: `ls ${names.join(' ')}` }, files);
    const vt = [process.execPath, vtPath, 'run', '--watch', 'list'];
    const { finished } = workspace.start([...few, `${limit} && exec "$@"`, 'sh', ...vt]);
    const { code, all } = await finished;
    assert.match(all, /e:\nx\.txt\n/);
    assert.match(
      all,
      /\nerror\[watch-limit\]: cannot watch more than 3 directories: ENOSPC\nhelp: raise the limit: `sysctl fs\.inotify\.max_user_watches=524288`\n/,
    );
    assert.equal(code, 1);
  });
});
