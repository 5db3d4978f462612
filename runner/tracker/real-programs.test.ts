import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { PathAccess } from './task-trace.js';
import { hasProgram, TracedWorkspace, untraceable } from './testing/trace-program.js';

/**
 * Accesses in short, below the workspace: what was there before, and what was done. Whether a path
 * is looked at besides being read differs between versions of a program, so `probed` is left out
 * where more was done, as are the workspace itself and `but`.
 */
function inBrief(
  accesses: readonly PathAccess[],
  root: string,
  but = /^$/,
): Record<string, string> {
  const brief: Record<string, string> = {};
  for (const access of accesses) {
    if (!access.path.startsWith(`${root}/`)) continue;
    const path = access.path.slice(root.length + 1);
    if (but.test(path)) continue;
    const words: string[] = [];
    if (access.contentRead) words.push('read');
    if (access.listed) words.push('listed');
    if (access.linkFollowed) words.push(`-> ${access.linkFollowed.target}`);
    if (access.executed) words.push('executed');
    if (access.written) words.push('written');
    brief[path] = [access.before, ...(words.length > 0 ? words : ['probed'])].join(' ');
  }
  return brief;
}

describe('real programs', { skip: untraceable() }, () => {
  let workspace: TracedWorkspace;
  beforeEach(() => {
    workspace = new TracedWorkspace();
    write('a', 'text\n');
    write('src/m.c', '#include "h.h"\nint main(void) { return H; }\n');
    write('src/h.h', '#define H 0\n');
  });
  afterEach(() => {
    workspace.dispose();
  });

  function write(path: string, text: string): void {
    const file = join(workspace.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  function brief(argv: readonly string[], but?: RegExp): Record<string, string> {
    const { accesses, incomplete } = workspace.trace(argv);
    assert.deepEqual(incomplete, []);
    return inBrief(accesses, workspace.root, but);
  }

  const sh = (script: string): Record<string, string> => brief(['sh', '-c', script]);

  test('cat reads', () => {
    assert.deepEqual(sh('cat a none 2>/dev/null || :'), { a: 'file read', none: 'absent probed' });
  });

  test('test and ls look', () => {
    assert.deepEqual(sh('test -e a && test ! -e b; cd src && ls >/dev/null'), {
      a: 'file probed',
      b: 'absent probed',
      src: 'directory listed',
    });
  });

  test('redirections', () => {
    write('log', '1\n');
    write('over', '1\n');
    assert.deepEqual(sh('echo 2 >>log; echo 3 >new; echo 4 >over; cat new over >/dev/null'), {
      log: 'file read written',
      new: 'absent written',
      over: 'file written',
    });
  });

  test('cp, onto nothing and onto a file', () => {
    write('old', 'x\n');
    assert.deepEqual(sh('cp a new; cp a old; cp -p a kept'), {
      a: 'file read',
      kept: 'absent written',
      new: 'absent written',
      old: 'file written',
    });
  });

  test('mv of a new file, of an old file, and of a directory', () => {
    assert.deepEqual(sh('echo x >t; mv t u; mv a b; mv src lib'), {
      a: 'file read written',
      b: 'absent written',
      lib: 'absent written',
      'lib/h.h': 'absent written',
      'lib/m.c': 'absent written',
      src: 'directory listed written',
      'src/h.h': 'file read written',
      'src/m.c': 'file read written',
      t: 'absent written',
      u: 'absent written',
    });
  });

  test('ln and reading through links', () => {
    symlinkSync('src', join(workspace.root, 'dir'));
    assert.deepEqual(
      sh('ln -s a l; ln a hard; cat l dir/h.h >/dev/null; readlink dir >/dev/null'),
      {
        a: 'file read',
        dir: 'symlink -> src',
        hard: 'absent written',
        l: 'absent written',
        'src/h.h': 'file read',
      },
    );
  });

  test('mkdir -p, where all is missing and where all is there', () => {
    assert.deepEqual(sh('mkdir -p x/y/z; mkdir -p src/sub'), {
      src: 'directory probed',
      'src/sub': 'absent written',
      x: 'absent written',
      'x/y': 'absent written',
      'x/y/z': 'absent written',
    });
  });

  test('rm -rf of a directory, and making it anew', () => {
    assert.deepEqual(sh('rm -rf src; mkdir src; echo >src/new; ls src >/dev/null'), {
      src: 'directory listed written',
      'src/h.h': 'file written',
      'src/m.c': 'file written',
      'src/new': 'absent written',
    });
  });

  test('chmod and touch change what they find', () => {
    assert.deepEqual(sh('chmod +x a; touch src/h.h; echo x >n; chmod +x n'), {
      a: 'file read written',
      n: 'absent written',
      src: 'directory probed',
      'src/h.h': 'file read written',
    });
  });

  test('a script in the workspace is executed, its interpreter and the search for it too', () => {
    write('bin/run', '#!/bin/sh\ncat "$1"\n');
    chmodSync(join(workspace.root, 'bin/run'), 0o755);
    const path = `${join(workspace.root, 'none')}:${join(workspace.root, 'bin')}:${process.env['PATH']}`;
    const { accesses, processes } = workspace.trace(['sh', '-c', 'run a'], {
      ...process.env,
      PATH: path,
    });
    const found = inBrief(accesses, workspace.root, /^none\/(?!run$)|^bin\/(?!run$)/);
    assert.deepEqual(found, {
      a: 'file read',
      'bin/run': 'file read executed',
      'none/run': 'absent probed',
    });
    const reader = accesses.find((a) => a.path === join(workspace.root, 'a'))?.contentRead?.process;
    assert.deepEqual(processes[reader!]?.argv, ['cat', 'a']);
    assert.ok(accesses.some((a) => a.path.endsWith('/cat') && a.executed));
  });

  test('tar packs and unpacks', { skip: !hasProgram('tar') && 'no tar' }, () => {
    assert.deepEqual(brief(['tar', '-cf', 's.tar', 'src']), {
      's.tar': 'absent written',
      src: 'directory listed',
      'src/h.h': 'file read',
      'src/m.c': 'file read',
    });
    mkdirSync(join(workspace.root, 'out'));
    assert.deepEqual(brief(['tar', '-xf', 's.tar', '-C', 'out']), {
      out: 'directory probed',
      'out/src': 'absent written',
      'out/src/h.h': 'absent written',
      'out/src/m.c': 'absent written',
      's.tar': 'file read',
    });
  });

  test('node reads, lists, makes directories, copies, renames and removes', () => {
    write('old/f', 'x');
    const script = `
      const fs = require('node:fs');
      fs.rmSync('old', { recursive: true });
      fs.mkdirSync('n/m', { recursive: true });
      fs.writeFileSync('n/m/f', '1');
      fs.readFileSync('src/h.h');
      fs.readdirSync('src');
      fs.existsSync('nope/x');
      fs.copyFileSync('a', 'copy');
      fs.renameSync('n', 'r');
      fs.appendFileSync('a', '');
      fs.mkdtempSync('tmp-');
    `;
    const found = brief([process.execPath, '-e', script]);
    const temporary = readdirSync(workspace.root).find((name) => name.startsWith('tmp-'))!;
    assert.deepEqual(found, {
      a: 'file read written',
      copy: 'absent written',
      n: 'absent written',
      'n/m': 'absent written',
      'n/m/f': 'absent written',
      'nope/x': 'absent probed',
      old: 'directory listed written',
      'old/f': 'file written',
      r: 'absent written',
      'r/m': 'absent written',
      'r/m/f': 'absent written',
      src: 'directory listed',
      'src/h.h': 'file read',
      [temporary]: 'absent written',
    });
  });

  test('python replaces atomically', { skip: !hasProgram('python3') && 'no python3' }, () => {
    write('out', 'old');
    const script = [
      'import os, tempfile, shutil',
      'd, name = tempfile.mkstemp(dir=".")',
      'os.write(d, b"new"); os.close(d)',
      'os.replace(name, "out")',
      'os.makedirs("p/q")',
      'shutil.copytree("src", "p/src")',
      'open("a").read()',
    ].join('\n');
    // mkstemp's name is random; a version manager in front of python looks for its own files.
    assert.deepEqual(brief(['python3', '-c', script], /^tmp|^\.python-version$/), {
      a: 'file read',
      out: 'file written',
      p: 'absent written',
      'p/q': 'absent written',
      'p/src': 'absent written',
      'p/src/h.h': 'absent written',
      'p/src/m.c': 'absent written',
      src: 'directory listed',
      'src/h.h': 'file read',
      'src/m.c': 'file read',
    });
  });

  test('git status reads what it compares', { skip: !hasProgram('git') && 'no git' }, () => {
    const git = (...args: string[]): void => {
      const name = ['-c', 'user.email=a@b.c', '-c', 'user.name=x', '-c', 'commit.gpgsign=false'];
      execFileSync('git', [...name, ...args], { cwd: workspace.root, stdio: 'ignore' });
    };
    git('init');
    git('add', '-A');
    git('commit', '-m', 'x');
    write('src/new', '');
    const found = brief(['git', 'status', '--porcelain'], /^\.git(\/|$)/);
    // Depending on the time of the commit, git compares contents or only times.
    for (const path of ['a', 'src/h.h', 'src/m.c']) {
      assert.match(found[path] ?? 'none', /^file (probed|read)$/);
      delete found[path];
    }
    const attributes = found['src/.gitattributes'];
    assert.ok(attributes === undefined || attributes === 'absent probed');
    delete found['src/.gitattributes'];
    delete found['.gitattributes'];
    assert.deepEqual(found, {
      '.gitignore': 'absent probed',
      src: 'directory listed',
      'src/.gitignore': 'absent probed',
    });
  });

  test('gcc compiles', { skip: !hasProgram('gcc') && 'no gcc' }, () => {
    const found = brief(['gcc', '-c', 'src/m.c', '-o', 'm.o'], /\.gch$/);
    assert.deepEqual(found, {
      'm.o': 'absent written',
      src: 'directory probed',
      'src/h.h': 'file read',
      'src/m.c': 'file read',
    });
    const { accesses } = workspace.trace(['gcc', '-c', 'src/m.c', '-o', 'm.o']);
    assert.equal(inBrief(accesses, workspace.root)['m.o'], 'file written');
  });
});
