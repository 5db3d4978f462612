import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { steadyText } from './harness/steady-text.js';
import { projectRoot, vtPath, Workspace, type Finished } from './harness/workspace.js';

/** What is kept of a run, where, and how it comes back. */

function expectHit(run: Finished): void {
  assert.match(run.all, /cache hit, replaying/);
  assert.equal(run.code, 0);
}

describe('a hit restores what the run made', () => {
  const script = `mkdir -p dist/empty dist/deep/er
cat source.txt > dist/deep/er/file.txt
printf '#!/bin/sh\\n' > dist/program; chmod 755 dist/program
printf x > dist/private; chmod 600 dist/private
ln -s deep/er/file.txt dist/link
ln -s nowhere dist/dangling
rm -f stale.txt
`;
  function built(t: TestContext): Workspace {
    return new Workspace(t, { 'make.sh': script, 'source.txt': 'one\n', 'stale.txt': 'old\n' });
  }
  const make = ['exec', '--', 'sh', 'make.sh'];

  it('files, modes, symlinks, empty directories and deletions', async (t) => {
    const workspace = built(t);
    const first = await workspace.vt(make);
    assert.deepEqual([first.code, first.all], [0, '']);
    const files = workspace.snapshot('dist');
    workspace.remove('dist');
    workspace.write({ 'stale.txt': 'old\n' });
    expectHit(await workspace.vt(make));
    assert.deepEqual(workspace.snapshot('dist'), files);
    const mode = (name: string): string =>
      (lstatSync(workspace.path(name)).mode & 0o777).toString(8);
    assert.deepEqual([mode('dist/program'), mode('dist/private')], ['755', '600']);
    assert.equal(readlinkSync(workspace.path('dist/link')), 'deep/er/file.txt');
    assert.equal(readlinkSync(workspace.path('dist/dangling')), 'nowhere');
    assert.deepEqual(readdirSync(workspace.path('dist/empty')), []);
    assert.equal(workspace.exists('stale.txt'), false, 'deleted again');
  });

  it('and leaves alone what others put beside it', async (t) => {
    const workspace = built(t);
    await workspace.vt(make);
    // Now with dist there from the start, as it will be found below.
    workspace.remove('dist');
    workspace.write({ 'dist/deep/notes.txt': 'a stranger’s' });
    await workspace.vt(make);
    workspace.remove('dist');
    workspace.write({ 'dist/deep/notes.txt': 'a stranger’s' });
    expectHit(await workspace.vt(make));
    assert.equal(workspace.read('dist/deep/notes.txt'), 'a stranger’s');
    assert.equal(workspace.read('dist/deep/er/file.txt'), 'one\n');
  });

  it('and takes away what another result of the same command had made', async (t) => {
    const workspace = new Workspace(t, {
      'make.sh': 'read name < name.txt; echo made > "dist/$name"\n',
      'name.txt': 'a\n',
      'dist/kept.txt': '',
    });
    const names = (): string[] => readdirSync(workspace.path('dist')).sort();
    await workspace.vt(make);
    workspace.write({ 'name.txt': 'b\n' });
    await workspace.vt(make);
    workspace.remove('dist/a');
    expectHit(await workspace.vt(make));
    assert.deepEqual(names(), ['b', 'kept.txt']);
    workspace.write({ 'name.txt': 'a\n' });
    expectHit(await workspace.vt(make));
    assert.deepEqual(names(), ['a', 'kept.txt']);
  });

  it('and never through a symlink that stands in the way', async (t) => {
    const workspace = new Workspace(t, { 'make.sh': 'echo made > dist/a\n', 'dist/kept.txt': '' });
    const outside = new Workspace(t);
    // Otherwise that dist is a directory is something the result depends on.
    const blindly = ['exec', '--input', 'make.sh', '--', 'sh', 'make.sh'];
    await workspace.vt(blindly);
    expectHit(await workspace.vt(blindly));
    workspace.remove('dist');
    symlinkSync(outside.root, workspace.path('dist'));
    assert.equal(
      (await workspace.vt(blindly)).stderr,
      "$ sh make.sh ○ cache miss: 'dist' could not be restored (symlink), executing\n",
    );
    // The command itself does go through it, as it would without vt.
    assert.deepEqual(readdirSync(outside.root), ['a']);
  });
});

describe('a static binary', () => {
  it('is tracked like any other: a changed input is a miss by name', async (t) => {
    const workspace = new Workspace(t, {
      'reader.c': `#include <stdio.h>
#include <sys/stat.h>
int main(void) {
  char text[100] = "";
  FILE *file = fopen("data/input.txt", "r");
  if (!file || !fgets(text, sizeof text, file)) return 1;
  struct stat status;
  printf("%s%s\\n", text, stat("data/extra.txt", &status) == 0 ? "extra" : "no extra");
  return 0;
}
`,
      'data/input.txt': 'one\n',
    });
    execFileSync('gcc', ['-static', 'reader.c', '-o', 'reader'], { cwd: workspace.root });
    workspace.remove('reader.c');
    const run = async (): Promise<string[]> => {
      const { stdout, stderr } = await workspace.vt(['exec', '--', './reader']);
      return [stdout, stderr];
    };
    const hit = '$ ./reader ◉ cache hit, replaying\n';
    const missed = (reason: string): string => `$ ./reader ○ cache miss: ${reason}, executing\n`;
    assert.deepEqual(await run(), ['one\nno extra\n', '']);
    assert.deepEqual(await run(), ['one\nno extra\n', hit]);
    workspace.write({ 'data/unread.txt': '' });
    assert.deepEqual(await run(), ['one\nno extra\n', hit]);
    workspace.write({ 'data/input.txt': 'two\n' });
    assert.deepEqual(await run(), ['two\nno extra\n', missed("'data/input.txt' modified")]);
    workspace.write({ 'data/extra.txt': '' });
    assert.deepEqual(await run(), ['two\nextra\n', missed("'extra.txt' added in 'data'")]);
  });
});

describe('where results are kept', () => {
  const show = ['exec', '--', 'cat', 'a.txt'];

  it('in .vt/cache without a package.json, in node_modules/.cache/vt with one', async (t) => {
    const bare = new Workspace(t, { 'a.txt': 'a\n' });
    await bare.vt(show);
    expectHit(await bare.vt(show));
    assert.deepEqual(readdirSync(bare.root).sort(), ['.vt', 'a.txt']);
    assert.ok(bare.exists('.vt/cache'));

    const app = new Workspace(t, { 'a.txt': 'a\n', 'package.json': '{}' });
    await app.vt(show);
    expectHit(await app.vt(show));
    assert.deepEqual(readdirSync(app.root).sort(), ['a.txt', 'node_modules', 'package.json']);
    assert.ok(app.exists('node_modules/.cache/vt'));
  });

  it('where VT_CACHE_DIR says, which workspaces may share', async (t) => {
    const shared = new Workspace(t);
    const env = { VT_CACHE_DIR: shared.root };
    const one = new Workspace(t, { 'a.txt': 'a\n' });
    const two = new Workspace(t, { 'a.txt': 'a\n' });
    await one.vt(show, { env });
    expectHit(await two.vt(show, { env }));
    assert.deepEqual(readdirSync(one.root), ['a.txt']);
    assert.deepEqual(readdirSync(two.root), ['a.txt']);
    // Relative to the workspace, and never an output itself.
    const own = { VT_CACHE_DIR: 'kept' };
    assert.equal((await one.vt(show, { env: own })).stderr, '');
    expectHit(await one.vt(show, { env: own }));
    assert.ok(one.exists('kept'));
    assert.equal(
      (await one.vt(['cache', 'clean'], { env: own })).all,
      `vt: removed what was stored in ${one.path('kept')}\n`,
    );
  });

  it('in a directory with other files, which are no part of it', async (t) => {
    const workspace = new Workspace(t, { 'src/a.txt': 'a\n', 'package.json': '{}' });
    const command = ['exec', '-q', '--', 'sh', '-c', 'cat src/a.txt > src/out; cat src/out'];
    for (const [directory, text] of [
      ['src', 'one\n'],
      ['src', 'two\n'],
      ['.', 'three\n'],
      ['.', 'four\n'],
    ] as const) {
      workspace.write({ 'src/a.txt': text });
      const { stdout } = await workspace.vt(command, { env: { VT_CACHE_DIR: directory } });
      assert.equal(stdout, text);
    }
    assert.deepEqual(readdirSync(workspace.path('src')).sort(), ['a.txt', 'out', 'v3']);
    assert.deepEqual(readdirSync(workspace.root).sort(), ['package.json', 'src', 'v3']);
  });

  it('nowhere when that cannot be: one warning, and the task is none the worse', async (t) => {
    const workspace = new Workspace(t, { 'a.txt': 'a\n', 'b.txt': 'b\n', file: '' });
    workspace.write({ 'vite-task.json': '{ "tasks": { "show": "cat a.txt && cat b.txt" } }' });
    const run = await workspace.vt(['run', 'show'], { env: { VT_CACHE_DIR: 'file/below' } });
    assert.equal(run.code, 0);
    assert.match(run.stdout, /^\$ cat a\.txt\na\n/);
    assert.equal(run.stderr.split('vt: warning:').length, 2, run.stderr);
    assert.match(
      run.stderr,
      /^vt: warning: the cache in .*\/file\/below cannot be used, so nothing is kept \(.*ENOTDIR.*\)\n$/,
    );
  });
});

describe('without the native part', () => {
  it('tasks run as ever, and every run says why it is not kept', async (t) => {
    const copy = new Workspace(t);
    mkdirSync(copy.path('vt/dist'), { recursive: true });
    for (const name of ['vt.cjs', 'vt-main.cjs', 'vt-client.cjs', 'vt-sqlite.cjs']) {
      cpSync(path.join(path.dirname(vtPath), name), copy.path('vt/dist', name));
    }
    symlinkSync(path.join(projectRoot, 'node_modules'), copy.path('vt/node_modules'));
    const workspace = new Workspace(t, { 'a.txt': 'a\n' });
    const argv = ['sh', '-c', 'cat a.txt; echo written > b.txt; echo err >&2; exit 0'];
    for (let time = 0; time < 2; time++) {
      const run = await workspace.run([
        process.execPath,
        copy.path('vt/dist/vt.cjs'),
        ...['exec', '--', ...argv],
      ]);
      assert.deepEqual(
        [run.code, run.stdout, run.stderr],
        [
          0,
          'a\n',
          'err\nvt: not cached: file tracking incomplete: the tracker is not built or cannot run here\n',
        ],
      );
    }
    assert.equal(workspace.read('b.txt'), 'written\n');

    // With declared inputs and outputs nothing has to be observed.
    const declared = ['--input', 'a.txt', '--output', 'b.txt'];
    const run = (): Promise<Finished> =>
      workspace.run([
        process.execPath,
        copy.path('vt/dist/vt.cjs'),
        ...['exec', ...declared, '--', ...argv],
      ]);
    assert.equal((await run()).stderr, 'err\n');
    workspace.remove('b.txt');
    expectHit(await run());
    assert.equal(workspace.read('b.txt'), 'written\n');
  });
});

describe('descriptor 3', () => {
  const exec = async (t: TestContext, script: string): Promise<string[]> => {
    const run = await new Workspace(t).vt(['exec', '--', 'sh', '-c', script]);
    return [run.stdout, run.stderr];
  };

  it('written to by a program that takes it for its own: the run is not kept', async (t) => {
    assert.deepEqual(await exec(t, 'echo hello >&3; echo done'), [
      'done\n',
      'vt: not cached: task communication failed: 6 bytes that are no message\n',
    ]);
  });

  it('put to another use: nothing is wrong', async (t) => {
    assert.deepEqual(await exec(t, 'exec 3> own.txt; echo hello >&3; cat own.txt'), [
      'hello\n',
      '',
    ]);
  });
});

describe('a process that outlives its task', () => {
  it('is named, keeps the run out of the cache, and is waited for by nobody', async (t) => {
    const workspace = new Workspace(t, { 'package.json': '{}' });
    const daemon = await CommandedProgram.listen(t, workspace);
    const command = daemon.command.join(' ');
    workspace.write({ 'start.sh': `mkfifo up\n${command} &\nread line < up\necho started\n` });
    const run = workspace.startVt(['exec', '--', 'sh', 'start.sh']);
    const pid = Number((await daemon.said(run)).split(' ')[1]);
    // The main process ends when the daemon, which holds all its descriptors, is there.
    await writeFile(workspace.path('up'), '\n');
    const { code, stdout, stderr } = await run.finished;
    assert.deepEqual(
      [code, stdout, steadyText(stderr)],
      [
        0,
        'started\n',
        `vt: not cached: file tracking incomplete: processes outlived the task: '${oneLine(command)}' (pid …)\n`,
      ],
    );
    daemon.tell('ping');
    assert.equal(await daemon.said(), 'pong 0', 'it is left alone');
    process.kill(pid, 'SIGKILL');
    await daemon.gone();
  });
});

describe('vt inside a task that is cached', () => {
  it('only runs what it is told, and the task as a whole is cached', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{}',
      'vite-task.json': JSON.stringify({
        tasks: { outer: `sh -c 'node "$0" run inner' ${vtPath}`, inner: 'cat a.txt' },
      }),
      'a.txt': 'a\n',
    });
    const run = async (): Promise<string> =>
      plain(steadyText((await workspace.vt(['run', 'outer'])).stdout));
    const outer = `$ sh -c 'node "$0" run inner' ${vtPath}`;
    const inner = '$ cat a.txt ⊘ cache disabled: inside a task that is cached as a whole\n';
    assert.equal(await run(), `${outer}\n${inner}a\n`);
    assert.equal(
      await run(),
      `${outer} ◉ cache hit, replaying\n${inner}a\n\n---\nvt run: cache hit.\n`,
    );
    workspace.write({ 'a.txt': 'b\n' });
    assert.equal(await run(), `${outer} ○ cache miss: 'a.txt' modified, executing\n${inner}b\n`);
  });
});

describe('two runs of one task at once', () => {
  it('both end well, and one result is found afterwards', async (t) => {
    const workspace = new Workspace(t, {
      'make.sh': 'mkdir -p dist; cat a.txt > dist/b.txt; cat a.txt\n',
      'a.txt': 'a\n',
    });
    const make = ['exec', '--', 'sh', 'make.sh'];
    const together = (count: number): Promise<Finished[]> =>
      Promise.all(Array.from({ length: count }, () => workspace.vt(make)));
    for (const run of await together(2)) assert.deepEqual([run.code, run.stdout], [0, 'a\n']);
    // What one found to be there and another not (dist) may have been refused, never kept wrongly.
    await workspace.vt(make);
    expectHit(await workspace.vt(make));
    for (const run of await together(4)) {
      expectHit(run);
      assert.equal(run.stdout, 'a\n');
    }
    workspace.write({ 'a.txt': 'b\n' });
    for (const run of await together(2)) assert.deepEqual([run.code, run.stdout], [0, 'b\n']);
    assert.equal(workspace.read('dist/b.txt'), 'b\n');
    assert.ok(existsSync(workspace.path('.vt/cache')));
  });
});

function oneLine(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b\[\d+m/g, '');
}

describe('what was captured in one way', () => {
  it('is not replayed by vt exec where streams are told apart otherwise', async (t) => {
    const workspace = new Workspace(t);
    const vt = `'${process.execPath}' '${vtPath}' exec -q -- sh -c 'echo out; echo err >&2'`;
    const shell = async (line: string): Promise<string> =>
      (await workspace.run(['sh', '-c', line])).stdout;
    for (let time = 0; time < 2; time++) {
      assert.equal(await shell(`${vt} > log 2>&1; cat log`), 'out\nerr\n');
      assert.equal(await shell(`x=$(${vt} 2> /dev/null); echo "[$x]"`), '[out]\n');
    }
    const terminal = await workspace.run(['sh', '-c', vt], { terminal: true });
    assert.equal(terminal.stdout, 'out\r\nerr\r\n');
    assert.equal(await shell(`x=$(${vt} 2> /dev/null); echo "[$x]"`), '[out]\n');
  });

  it('has no colours for vt run where the output is no terminal', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{"name":"app"}',
      'vite-task.json': JSON.stringify({
        tasks: { color: { command: 'node color.mjs' } },
      }),
      'color.mjs': `const on = process.env.FORCE_COLOR === '1' || process.stdout.isTTY;
console.log(on ? '\\x1b[31mred\\x1b[39m' : 'red');
`,
    });
    for (const line of ['$ node color.mjs\n', '$ node color.mjs ◉ cache hit, replaying\n']) {
      const { stdout } = await workspace.vt(['run', 'color']);
      assert.ok(stdout.startsWith(`${line}red\n`), JSON.stringify(stdout));
    }
    const terminal = await workspace.vt(['run', 'color'], { terminal: true });
    assert.ok(terminal.stdout.includes('\x1b[31mred\x1b[39m'), JSON.stringify(terminal.stdout));
  });
});
