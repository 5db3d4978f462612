import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { Workspace, projectRoot, vtPath } from './harness/workspace.js';
import type { Finished } from './harness/workspace.js';

interface Copy {
  /** Where vt is. */
  readonly folder: string;
  readonly kept: () => string[];
  readonly edit: (content: string) => void;
  readonly run: (env?: Record<string, string>) => Promise<Finished>;
}

/** A vt of its own, which nobody has used, and a command that hits from its second run on. */
function copyOfVt(t: TestContext): Copy {
  const home = new Workspace(t);
  const folder = home.path('vt/dist');
  mkdirSync(folder, { recursive: true });
  for (const name of ['vt.cjs', 'vt-main.cjs', 'vt-client.cjs', 'vt-sqlite.cjs', 'native']) {
    cpSync(path.join(path.dirname(vtPath), name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(projectRoot, 'node_modules'), home.path('vt/node_modules'));
  const workspace = new Workspace(t, { 'a.txt': 'a\n' });
  const kept = path.join(folder, 'code-cache');
  return {
    folder,
    kept: () => (existsSync(kept) ? readdirSync(kept).map((name) => path.join(kept, name)) : []),
    edit: (content) => {
      workspace.write({ 'a.txt': content });
    },
    run: (env = {}) =>
      workspace.run([process.execPath, path.join(folder, 'vt.cjs'), 'exec', '--', 'cat', 'a.txt'], {
        env,
      }),
  };
}

const missed = { code: 0, stdout: 'a\n', stderr: '' };
const hit = { code: 0, stdout: 'a\n', stderr: '~$ cat a.txt ◉ cache hit, replaying\n' };
const seen = ({ code, stdout, stderr }: Finished): unknown => ({
  code,
  stdout,
  stderr: stderr.replace(/^.*(?=\$ )/, '~'),
});

it('the first run leaves compiled code behind, the first hit that needs no index adds to it, and later ones use it', async (t) => {
  const vt = copyOfVt(t);
  assert.deepEqual(seen(await vt.run()), missed);
  const [ofRun = '', ...none] = vt.kept();
  assert.match(ofRun, /-exec-r$/);
  assert.deepEqual(none, []);
  const runs = readFileSync(ofRun).length;
  assert.deepEqual(seen(await vt.run()), hit);
  assert.deepEqual(
    vt.kept(),
    [ofRun],
    'this one read the index, and what it needed is in it already',
  );
  assert.deepEqual(seen(await vt.run()), hit);
  const [file = '', ...others] = vt.kept();
  assert.ok(file.endsWith('-exec-hr') && others.length === 0);
  const code = readFileSync(file);
  assert.ok(code.length > runs);
  assert.deepEqual(seen(await vt.run()), hit);
  vt.edit('b\n');
  assert.equal((await vt.run()).stdout, 'b\n');
  assert.deepEqual(readFileSync(file), code, 'one that can be used is left as it is');
  assert.deepEqual(vt.kept(), [file]);
});

it('code that replaying left is added to by the first run', async (t) => {
  const vt = copyOfVt(t);
  for (let time = 0; time < 2; time++) await vt.run();
  for (const file of vt.kept()) rmSync(file);
  assert.deepEqual(seen(await vt.run()), hit);
  assert.match(vt.kept().join(), /-exec-h$/);
  vt.edit('b\n');
  assert.equal((await vt.run()).stdout, 'b\n');
  assert.match(vt.kept().join(), /-exec-hr$/);
});

it('code that V8 refuses is made anew; other flags of V8 have their own', async (t) => {
  const vt = copyOfVt(t);
  for (let time = 0; time < 3; time++) await vt.run();
  const [file = ''] = vt.kept();
  const code = readFileSync(file);
  writeFileSync(file, code.subarray(0, code.length / 2));
  assert.deepEqual(seen(await vt.run()), hit);
  const [again = '', ...others] = vt.kept();
  assert.ok(readFileSync(again).length > code.length / 2);
  assert.deepEqual(others, []);
  const env = { NODE_OPTIONS: '--max-old-space-size=1000' };
  assert.deepEqual(seen(await vt.run(env)), hit);
  assert.equal(vt.kept().length, 2);
});

it('of another bundle goes when one is made; where none can be made vt works all the same', async (t) => {
  const vt = copyOfVt(t);
  const kept = path.join(vt.folder, 'code-cache');
  mkdirSync(kept);
  writeFileSync(path.join(kept, '0123456789abcdef-v1-x64-0-exec'), 'old');
  assert.deepEqual(seen(await vt.run()), missed);
  assert.equal(vt.kept().length, 1);
  const [file = ''] = vt.kept();
  assert.doesNotMatch(file, /0123456789abcdef/);

  const other = copyOfVt(t);
  writeFileSync(path.join(other.folder, 'code-cache'), 'a file is in the way');
  chmodSync(path.join(other.folder, 'code-cache'), 0o400);
  assert.deepEqual(seen(await other.run()), missed);
  assert.deepEqual(seen(await other.run()), hit);
});
