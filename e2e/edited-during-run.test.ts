import assert from 'node:assert/strict';
import { chmodSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Workspace } from './harness/workspace.js';

/**
 * An editor that writes at a commanded moment: between the two halves of a task. Whatever it does to a
 * path that the task's result depends on, the result is not kept.
 */
interface Row {
  readonly name: string;
  /** What the task does before the edit, and what after it. */
  readonly first?: string;
  readonly then?: string;
  readonly edit: (workspace: Workspace) => void;
  /** The path that is named; undefined: the edit does not matter. */
  readonly named?: string;
  /** What is said of it. */
  readonly said?: RegExp;
}

/** Other bytes of the same size, with the old times. */
function editUnseen(workspace: Workspace, name: string): void {
  const { atime, mtime } = statSync(workspace.path(name));
  workspace.write({ [name]: 'B\n' });
  utimesSync(workspace.path(name), atime, mtime);
}

function replace(workspace: Workspace, name: string): void {
  const { atime, mtime } = statSync(workspace.path(name));
  workspace.write({ [`${name}.new`]: 'B\n' });
  utimesSync(workspace.path(`${name}.new`), atime, mtime);
  renameSync(workspace.path(`${name}.new`), workspace.path(name));
}

const write = (w: Workspace): void => w.write({ f: 'edited\n' });

const rows: readonly Row[] = [
  { name: 'before the task reads it', then: 'cat f', edit: write, named: 'f' },
  { name: 'after the task has read it', first: 'cat f', edit: write, named: 'f' },
  {
    name: 'with its size and times as they were, before it is read',
    then: 'cat f',
    edit: (w) => editUnseen(w, 'f'),
    named: 'f',
  },
  {
    name: 'with its size and times as they were, after it was read',
    first: 'cat f',
    edit: (w) => editUnseen(w, 'f'),
    named: 'f',
  },
  { name: 'by renaming another over it', first: 'cat f', edit: (w) => replace(w, 'f'), named: 'f' },
  { name: 'by deleting it', first: 'cat f', edit: (w) => w.remove('f'), named: 'f' },
  {
    name: 'by making it executable',
    first: 'cat f',
    edit: (w) => chmodSync(w.path('f'), 0o755),
    named: 'f',
  },
  { name: 'after a look at it', first: 'stat f >&2', edit: (w) => editUnseen(w, 'f'), named: 'f' },
  {
    name: 'before the task reads and changes it',
    then: 'cat f; echo more >> f',
    edit: (w) => editUnseen(w, 'f'),
    named: 'f',
  },
  {
    name: 'between the reading and the change',
    first: 'cat f',
    then: 'echo more > f',
    edit: (w) => replace(w, 'f'),
    named: 'f',
    // Nobody has looked at the other file, so it is not read before it is overwritten.
    said: /read and wrote 'f' \(/,
  },
  {
    name: 'between a look and the deletion',
    first: 'stat f >&2',
    then: 'rm f',
    edit: (w) => editUnseen(w, 'f'),
    named: 'f',
  },
  {
    name: 'below a directory that is moved then',
    first: 'cat d/g',
    then: 'mv d e',
    edit: (w) => editUnseen(w, 'd/g'),
    named: 'd/g',
  },
  {
    name: 'by moving another directory to where its own was',
    first: 'cat v1/a',
    edit: (w) => {
      renameSync(w.path('v1'), w.path('v0'));
      renameSync(w.path('v2'), w.path('v1'));
    },
    named: 'v1',
  },
  {
    name: 'by turning a link on the way to it',
    first: 'cat current/a',
    edit: (w) => {
      symlinkSync('v2', w.path('next'));
      renameSync(w.path('next'), w.path('current'));
    },
    named: 'current',
  },
  {
    name: 'of a path that was not there, by making it',
    first: 'cat none 2>/dev/null',
    edit: (w) => w.write({ none: '' }),
    named: 'none',
  },
  {
    name: 'of a directory that was listed, by a new name',
    first: 'ls d',
    edit: (w) => w.write({ 'd/new': '' }),
    named: 'd',
  },
  { name: 'of what the task does not look at', first: 'cat d/g', edit: write },
];

describe('an edit while the task runs', () => {
  for (const { name, first = ':', then = ':', edit, named, said } of rows) {
    it(name, async (t) => {
      const workspace = new Workspace(t, {
        ...{ f: 'A\n', 'd/g': 'A\n' },
        ...{ 'v1/a': '1\n', 'v2/a': '2\n' },
      });
      symlinkSync('v1', workspace.path('current'));
      const control = new Workspace(t);
      await control.run(['mkfifo', control.path('go')]);
      const script = `${first}; echo waiting; read line < ${control.path('go')}; ${then}`;
      const run = workspace.startVt(['exec', '--', 'sh', '-c', script]);
      const waiting = new Promise<void>((resolve) => {
        run.child.stdout.on('data', (chunk: Buffer) => {
          if (chunk.includes('waiting')) resolve();
        });
      });
      await Promise.race([waiting, run.finished.then(({ all }) => assert.fail(all))]);
      edit(workspace);
      writeFileSync(control.path('go'), '\n');
      const { stderr } = await run.finished;
      const notice = /^vt: not cached: (.*)$/m.exec(stderr)?.[1];
      if (said !== undefined) assert.match(notice ?? '', said);
      else assert.equal(notice, named && `'${named}' was modified while the task ran`);
    });
  }
});

describe('a program outside the workspace', () => {
  it('that is replaced while the task runs keeps the run out of the cache', async (t) => {
    const elsewhere = new Workspace(t);
    const program = elsewhere.path('program');
    elsewhere.script('program', `#!/bin/sh\necho echo two > ${program}\n`);
    const { all } = await new Workspace(t).vt(['exec', '--', program]);
    assert.equal(all, `vt: not cached: '${program}' was modified while the task ran\n`);
  });
});

describe('times that do not tell two states of a file apart', () => {
  it('never give a wrong hit: edits at once, of the same size, with the same mtime', async (t) => {
    const workspace = new Workspace(t);
    const put = (text: string): void => {
      workspace.write({ f: text });
      utimesSync(workspace.path('f'), 1, 1);
    };
    for (let round = 0; round < 8; round++) {
      const text = `${String(round % 3)}\n`;
      put(text);
      const { stdout } = await workspace.vt(['exec', '-q', '--', 'cat', 'f']);
      assert.equal(stdout, text);
    }
  });
});
