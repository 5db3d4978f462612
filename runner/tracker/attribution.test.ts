import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { PathAccess, TaskTrace, Touch } from './task-trace.js';
import { hasProgram, TracedWorkspace, untraceable } from './testing/trace-program.js';

/** Which process did what first: its arguments at that time, and those of its parents. */
describe('every touch carries the process that made it', { skip: untraceable() }, () => {
  let workspace: TracedWorkspace;
  let trace: TaskTrace;
  beforeEach(() => {
    workspace = new TracedWorkspace();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(workspace.root, name), `${name}\n`);
  });
  afterEach(() => {
    workspace.dispose();
  });

  function write(name: string, text: string): void {
    writeFileSync(join(workspace.root, name), text);
  }

  function run(argv: readonly string[]): void {
    trace = workspace.trace(argv);
    assert.deepEqual(trace.incomplete, []);
  }

  type Kind = { [K in keyof PathAccess]-?: PathAccess[K] extends Touch | undefined ? K : never };

  function processOf(path: string, kind: Kind[keyof PathAccess]): number {
    const access = trace.accesses.find((found) => found.path === join(workspace.root, path));
    const touch = access?.[kind];
    assert.ok(touch, `${path}: ${kind}`);
    return touch.process;
  }

  /** The arguments of who did it, then of its parent, up to the task's main process. */
  function who(path: string, kind: Kind[keyof PathAccess]): string[] {
    const line: string[] = [];
    let at = processOf(path, kind);
    while (at !== -1) {
      const process = trace.processes[at];
      assert.ok(process);
      line.push(process.argv.join(' '));
      at = process.parent;
    }
    return line;
  }

  test('the main process, and what it starts', () => {
    const script = 'read -r x <a; cat b >d; (read -r x <c; :); :';
    run(['sh', '-c', script]);
    const sh = `sh -c ${script}`;
    assert.deepEqual(who('a', 'contentRead'), [sh]);
    assert.deepEqual(who('b', 'contentRead'), ['cat b', sh]);
    assert.deepEqual(who('c', 'contentRead'), [sh, sh], 'a fork of the shell');
    const cat = trace.processes[processOf('b', 'contentRead')];
    assert.match(cat?.exe ?? '', /\/cat$/);
    assert.notEqual(cat?.pid, trace.processes[processOf('a', 'contentRead')]?.pid);
  });

  test('the same process, before and after it became another program', () => {
    write('second', 'read -r x <b\nexec cat c\n');
    const script = 'read -r x <a; exec sh second';
    run(['sh', '-c', script]);
    assert.deepEqual(who('a', 'contentRead'), [`sh -c ${script}`]);
    assert.deepEqual(who('b', 'contentRead'), ['sh second']);
    assert.deepEqual(who('c', 'contentRead'), ['cat c']);
    const pids = ['a', 'b', 'c'].map(
      (path) => trace.processes[processOf(path, 'contentRead')]?.pid,
    );
    assert.equal(new Set(pids).size, 1);
  });

  test('the first of several', () => {
    const script = 'cat a; head -n 1 a; tail -n 1 a; :';
    run(['sh', '-c', script]);
    assert.deepEqual(who('a', 'contentRead'), ['cat a', `sh -c ${script}`]);
  });

  test('also when a program was tried before that cannot be executed', () => {
    write('plain', 'no program\n');
    const script = './plain 2>/dev/null; read -r x <a; exec cat b';
    run(['sh', '-c', script]);
    assert.deepEqual(who('a', 'contentRead'), [`sh -c ${script}`]);
    assert.deepEqual(who('b', 'contentRead'), ['cat b']);
  });

  test('orphans that outlive the main process', () => {
    // Twice forked, and it goes on when the task's main process has ended.
    write('wait', 'while kill -0 $1 2>/dev/null; do :; done; exec cat a >copy');
    const script = `mkfifo go; (sh -c 'read -r x <go; . ./wait' sh $$ &) ; echo >go`;
    run(['sh', '-c', script]);
    assert.deepEqual(who('a', 'contentRead').slice(0, 1), ['cat a']);
    const cat = trace.processes[processOf('a', 'contentRead')];
    const main = trace.processes[processOf('go', 'written')];
    assert.ok(cat && main);
    assert.notEqual(cat.pid, main.pid);
  });

  test('outputs: a file renamed into place is its renamer’s', () => {
    const script = 'cp a tmp; mv tmp out; mkdir made; ln -s a link; rm b; :';
    run(['sh', '-c', script]);
    const sh = `sh -c ${script}`;
    assert.deepEqual(who('out', 'written'), ['mv tmp out', sh]);
    assert.deepEqual(who('made', 'written'), ['mkdir made', sh]);
    assert.deepEqual(who('link', 'written'), ['ln -s a link', sh]);
    assert.deepEqual(who('b', 'written'), ['rm b', sh]);
  });

  test('looks, listings and links', () => {
    const script = 'ln -s a link; test -e none; ls >/dev/null; cat link; :';
    run(['sh', '-c', script]);
    const sh = `sh -c ${script}`;
    assert.deepEqual(who('none', 'probed'), [sh]);
    assert.deepEqual(who('', 'listed'), ['ls', sh]);
    assert.deepEqual(who('a', 'contentRead'), ['cat link', sh]);
  });

  test('programs of the workspace, with their interpreter', () => {
    write('tool', '#!/bin/sh\nread -r x <a\n');
    spawnSync('chmod', ['+x', join(workspace.root, 'tool')]);
    const script = './tool one; :';
    run(['sh', '-c', script]);
    assert.deepEqual(who('a', 'contentRead'), ['/bin/sh ./tool one', `sh -c ${script}`]);
    assert.deepEqual(who('tool', 'executed'), [`sh -c ${script}`, `sh -c ${script}`]);
  });

  test('make and its recipes', { skip: hasProgram('make') ? false : 'no make' }, () => {
    write('Makefile', 'all: d e\nd: a\n\tcat a >d; :\ne: b\n\tcp b e\n');
    run(['make', '-s', '-j2']);
    assert.deepEqual(who('Makefile', 'contentRead'), ['make -s -j2']);
    assert.deepEqual(who('a', 'probed'), ['make -s -j2']);
    assert.deepEqual(who('a', 'contentRead'), ['cat a', '/bin/sh -c cat a >d; :', 'make -s -j2']);
    assert.deepEqual(who('b', 'contentRead'), ['cp b e', 'make -s -j2']);
    assert.deepEqual(who('e', 'written'), ['cp b e', 'make -s -j2']);
  });

  test('worker threads are the process, child processes are not', () => {
    write(
      'main.cjs',
      `const { Worker, isMainThread } = require('node:worker_threads');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
if (isMainThread) {
  new Worker(__filename).on('exit', () => {
    execFileSync(process.execPath, ['-e', 'require("fs").readFileSync("b")']);
    fs.promises.readFile('c').then(() => fs.writeFileSync('out', ''));
  });
} else {
  fs.readFileSync('a');
}
`,
    );
    const { execPath } = process;
    run([execPath, 'main.cjs']);
    const main = `${execPath} main.cjs`;
    for (const path of ['main.cjs', 'a', 'c']) {
      assert.deepEqual(who(path, 'contentRead'), [main], path);
    }
    assert.deepEqual(who('out', 'written'), [main]);
    const child = `${execPath} -e require("fs").readFileSync("b")`;
    assert.deepEqual(who('b', 'contentRead'), [child, main]);
  });

  test('without the shim too', () => {
    const script = 'cat a; env -i /bin/cat b; :';
    trace = workspace.trace(['env', '-i', '/bin/sh', '-c', script]);
    assert.deepEqual(trace.incomplete, []);
    const sh = `/bin/sh -c ${script}`;
    assert.deepEqual(who('a', 'contentRead'), ['cat a', sh]);
    assert.deepEqual(who('b', 'contentRead'), ['/bin/cat b', sh]);
  });
});
