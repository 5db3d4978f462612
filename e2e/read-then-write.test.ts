import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot, Workspace } from './harness/workspace.js';

/**
 * Commands that change files they have read or looked at: the result depends on what the files were
 * before, and a hit puts what they were after in their place.
 */

/** Runs a command under `vt exec`; `hit`, `run`, the reason of a miss, or why it was not cached. */
async function exec(workspace: Workspace, argv: readonly string[], cwd = ''): Promise<string> {
  const command = ['exec', '--name', 'it', '--', ...argv];
  const { code, stderr, all } = await workspace.vt(command, { cwd });
  assert.equal(code, 0, all);
  const said = /cache miss: (.*), executing|(cache hit, replaying)/.exec(stderr);
  const refused = /^vt: (not cached: .*?)(?: \(.*)?$/m.exec(stderr)?.[1];
  return refused ?? (said?.[2] === undefined ? (said?.[1] ?? 'run') : 'hit');
}

const sh = (script: string): string[] => ['sh', '-c', script];
const modules = path.join(projectRoot, 'node_modules');
const prettier = ['node', path.join(modules, 'prettier/bin/prettier.cjs')];
const tsc = ['node', path.join(modules, 'typescript/bin/tsc')];
const eslint = ['node', path.join(modules, 'eslint/bin/eslint.js')];

describe('a formatter', () => {
  it('hits on a formatted file from its second time on, and on each earlier state', async (t) => {
    const [raw, neat, other] = ['let  a=1\n', 'let a = 1;\n', 'let  b\n'];
    const workspace = new Workspace(t, { 'package.json': '{}', 'a.js': raw });
    const format = (): Promise<string> => exec(workspace, [...prettier, '--write', 'a.js']);
    assert.equal(await format(), 'run');
    assert.equal(workspace.read('a.js'), neat);
    assert.equal(await format(), "'a.js' modified");
    assert.equal(await format(), 'hit');
    assert.equal(workspace.read('a.js'), neat);
    workspace.write({ 'a.js': raw });
    assert.equal(await format(), 'hit');
    assert.equal(workspace.read('a.js'), neat, 'what the formatter made of it');
    assert.equal(await format(), 'hit');
    workspace.write({ 'a.js': other });
    assert.equal(await format(), "'a.js' modified");
    assert.equal(workspace.read('a.js'), 'let b;\n');
    workspace.write({ 'a.js': raw });
    assert.equal(await format(), 'hit');
    assert.equal(workspace.read('a.js'), neat);
  });

  it('that repairs hits, too: eslint --fix', async (t) => {
    const config = 'export default [{ rules: { "prefer-const": "error" } }];\n';
    const workspace = new Workspace(t, {
      'package.json': '{"type":"module"}',
      'eslint.config.js': config,
      'a.js': 'let a = 1;\nexport { a };\n',
    });
    const fix = (): Promise<string> => exec(workspace, [...eslint, '--fix', 'a.js']);
    assert.equal(await fix(), 'run');
    assert.equal(workspace.read('a.js'), 'const a = 1;\nexport { a };\n');
    assert.equal(await fix(), "'a.js' modified");
    assert.equal(await fix(), 'hit');
    workspace.write({ 'a.js': 'let a = 1;\nexport { a };\n' });
    assert.equal(await fix(), 'hit');
    assert.equal(workspace.read('a.js'), 'const a = 1;\nexport { a };\n');
  });
});

describe('a tool that keeps a file of its own state', () => {
  it('tsc --incremental hits, and after an edit and back', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{}',
      'tsconfig.json':
        '{"compilerOptions":{"incremental":true,"types":[],"lib":["es5"],"skipLibCheck":true,"outDir":"out"},"files":["a.ts"]}',
      'a.ts': 'export const a: number = 1;\n',
    });
    const compile = (): Promise<string> => exec(workspace, [...tsc, '-p', '.']);
    const settle = async (): Promise<void> => {
      for (let runs = 0; (await compile()) !== 'hit'; runs++) assert.ok(runs < 3, 'never hits');
    };
    await settle();
    const first = workspace.read('out/a.js');
    workspace.write({ 'a.ts': 'export const a: number = 2;\n' });
    assert.equal(await compile(), "'a.ts' modified");
    await settle();
    assert.notEqual(workspace.read('out/a.js'), first);
    workspace.write({ 'a.ts': 'export const a: number = 1;\n' });
    assert.match(await compile(), / modified$/, 'its own file is another than at first');
    assert.equal(workspace.read('out/a.js'), first);
    await settle();
  });

  it('eslint --cache hits, and finds a new mistake', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{"type":"module"}',
      'eslint.config.js': 'export default [{ rules: { "no-debugger": "warn" } }];\n',
      'a.js': 'export {};\n',
    });
    const argv = [...eslint, '--cache', '--cache-strategy', 'content', 'a.js'];
    for (let runs = 0; (await exec(workspace, argv)) !== 'hit'; runs++) assert.ok(runs < 3);
    workspace.write({ 'a.js': 'debugger;\n' });
    const { stdout } = await workspace.vt(['exec', '-q', '--name', 'it', '--', ...argv]);
    assert.match(stdout, /Unexpected 'debugger' statement/);
  });
});

const noNpm = spawnSync('npm', ['--version']).error ? 'no npm on PATH' : false;

describe('a command that rewrites a file', () => {
  it('npm pkg set hits on the manifest as it was, and as it is', { skip: noNpm }, async (t) => {
    const before = '{\n  "name": "p",\n  "version": "1.0.0"\n}\n';
    const workspace = new Workspace(t, { 'package.json': before });
    const set = (): Promise<string> => exec(workspace, ['npm', 'pkg', 'set', 'version=2.0.0']);
    assert.equal(await set(), 'run');
    const after = workspace.read('package.json');
    assert.match(after, /"version": "2.0.0"/);
    assert.equal(await set(), "'package.json' modified");
    assert.equal(await set(), 'hit');
    workspace.write({ 'package.json': before });
    assert.equal(await set(), 'hit');
    assert.equal(workspace.read('package.json'), after);
  });

  for (const [how, script] of [
    ['in place: sed -i', "sed -i 's/one/two/' f"],
    ['through another: rename', "sed 's/one/two/' f > g && mv g f"],
    ['by a descriptor for both', 'exec 3<>f; read word <&3; exec 4<>f; echo two >&4'],
    ['with a new mode', 'cat f; chmod +x f; echo two > f'],
    ['deleted in between', 'read word < f; rm f; echo two > f'],
  ] as const) {
    it(`${how}`, async (t) => {
      const workspace = new Workspace(t, { f: 'one\n' });
      const mode = (): number => statSync(workspace.path('f')).mode & 0o777;
      const run = (): Promise<string> => exec(workspace, sh(script));
      assert.equal(await run(), 'run');
      assert.equal(workspace.read('f'), 'two\n');
      const after = mode();
      assert.equal(await run(), "'f' modified");
      assert.equal(await run(), 'hit');
      workspace.write({ f: 'one\n' });
      chmodSync(workspace.path('f'), 0o644);
      assert.equal(await run(), 'hit');
      assert.equal(workspace.read('f'), 'two\n');
      assert.equal(mode(), after);
      workspace.write({ f: 'other\n' });
      assert.equal(await run(), "'f' modified");
    });
  }
});

describe('what differs with each run', () => {
  for (const [what, script, states] of [
    ['a counter', 'n=$(cat f); echo $((n + 1)) > f', ['1\n', '2\n', '3\n', '4\n']],
    ['a log that grows', 'echo x >> f', ['1\n', '1\nx\n', '1\nx\nx\n', '1\nx\nx\nx\n']],
    [
      'a file as long as it was before, and one more',
      'n=$(stat -c %s f); head -c $((n + 1)) /dev/zero | tr "\\0" x > f',
      ['1\n', 'xxx', 'xxxx', 'xxxxx'],
    ],
  ] as const) {
    it(`is never replayed wrongly: ${what}`, async (t) => {
      const workspace = new Workspace(t, { f: states[0] });
      for (const state of states.slice(1)) {
        assert.notEqual(await exec(workspace, sh(script)), 'hit');
        assert.equal(workspace.read('f'), state);
      }
      workspace.write({ f: states[1] });
      assert.equal(await exec(workspace, sh(script)), 'hit', 'the same again as from that state');
      assert.equal(workspace.read('f'), states[2]);
    });
  }

  it('is kept with all it was made of: a backup', async (t) => {
    const workspace = new Workspace(t, { f: '1\n' });
    const backup = sh('cp f f.bak; mv f.bak f.old; echo "$(cat f)1" > f');
    for (const [f, old] of [
      ['11\n', '1\n'],
      ['111\n', '11\n'],
      ['1111\n', '111\n'],
    ]) {
      assert.notEqual(await exec(workspace, backup), 'hit');
      assert.deepEqual([workspace.read('f'), workspace.read('f.old')], [f, old]);
    }
    workspace.write({ f: '11\n', 'f.old': '1\n' });
    assert.equal(await exec(workspace, backup), 'hit');
    assert.deepEqual([workspace.read('f'), workspace.read('f.old')], ['111\n', '11\n']);
  });

  it('is not replayed after a look at its size, although it was deleted', async (t) => {
    const workspace = new Workspace(t, { log: 'short\n' });
    const rotate = sh('if [ -s log ]; then rm log; fi; echo done');
    assert.equal(await exec(workspace, rotate), 'run');
    assert.equal(workspace.exists('log'), false);
    workspace.write({ log: 'another\n' });
    assert.equal(await exec(workspace, rotate), "'log' modified");
    workspace.write({ log: '' });
    assert.equal(await exec(workspace, rotate), "'log' modified");
    assert.equal(workspace.exists('log'), true, 'it was empty');
    workspace.write({ log: 'short\n' });
    assert.equal(await exec(workspace, rotate), 'hit');
    assert.equal(workspace.exists('log'), false);
  });
});

describe('a file whose content nobody asked for', () => {
  it('may hold anything when it is overwritten or deleted', async (t) => {
    const workspace = new Workspace(t, { out: 'earlier\n', gone: 'earlier\n' });
    const script = 'echo made > out; node -e "fs.unlinkSync(\'gone\')"';
    assert.equal(await exec(workspace, sh(script)), 'run');
    workspace.write({ out: 'something else\n', gone: 'something else\n' });
    assert.equal(await exec(workspace, sh(script)), 'hit');
    assert.equal(workspace.read('out'), 'made\n');
    assert.equal(workspace.exists('gone'), false);
  });
});

describe('a directory that is moved', () => {
  it('is restored from what was in it, and only then', async (t) => {
    const workspace = new Workspace(t, { 'd/a': 'a\n', 'd/e/b': 'b\n' });
    const move = sh('cat d/a; mv d f; echo more >> f/e/b');
    assert.equal(await exec(workspace, move), 'run');
    const reset = (b: string): void => {
      workspace.remove('f');
      workspace.write({ 'd/a': 'a\n', 'd/e/b': b });
    };
    reset('b\n');
    assert.equal(await exec(workspace, move), 'hit');
    assert.equal(workspace.exists('d'), false);
    assert.equal(workspace.read('f/a'), 'a\n');
    assert.equal(workspace.read('f/e/b'), 'b\nmore\n');
    reset('other\n');
    assert.match(await exec(workspace, move), /'d\/e\/b' modified/);
    assert.equal(workspace.read('f/e/b'), 'other\nmore\n');
  });

  it('is moved again when it holds one file more, at any depth', async (t) => {
    const workspace = new Workspace(t, { 'd/a': 'a\n', 'd/e/b': 'b\n' });
    symlinkSync('a', workspace.path('d/l'));
    const move = (): Promise<string> => exec(workspace, ['mv', 'd', 'f']);
    const back = (): void => {
      renameSync(workspace.path('f'), workspace.path('d'));
    };
    assert.equal(await move(), 'run');
    back();
    assert.equal(await move(), 'hit');
    assert.equal(workspace.exists('d'), false);
    assert.equal(readlinkSync(workspace.path('f/l')), 'a');
    for (const more of ['new', 'e/new']) {
      back();
      workspace.write({ [`d/${more}`]: 'new\n' });
      assert.notEqual(await move(), 'hit', more);
      assert.equal(workspace.exists('d'), false);
      assert.equal(workspace.read(`f/${more}`), 'new\n');
    }
  });

  it('out of the workspace makes no result, as what it held is not known; a file does', async (t) => {
    const workspace = new Workspace(t, { 'w/package.json': '{}', 'w/a': 'a\n' });
    symlinkSync('..', workspace.path('w/l'));
    const move = (name: string): Promise<string> => exec(workspace, ['mv', name, 'l/n'], 'w');
    const clear = (): void => {
      // No hit makes it: what is outside is no result.
      rmSync(workspace.path('n'), { recursive: true, force: true });
    };
    for (let times = 0; times < 2; times++) {
      mkdirSync(workspace.path('w/d'));
      symlinkSync('n', workspace.path('w/d/l'));
      assert.equal(await move('d'), "not cached: read and wrote 'd'");
      assert.equal(workspace.exists('w/d'), false);
      clear();
    }
    for (const said of ['run', 'hit']) {
      workspace.write({ 'w/a': 'a\n' });
      assert.equal(await move('a'), said);
      assert.equal(workspace.exists('w/a'), false);
      clear();
    }
  });

  it('into the workspace is a result with all it holds', async (t) => {
    const workspace = new Workspace(t, { 'w/package.json': '{}' });
    for (const said of ['run', 'hit']) {
      workspace.write({ 'n/e/a': 'a\n' });
      symlinkSync('e', workspace.path('n/l'));
      assert.equal(await exec(workspace, ['mv', '../n', 'd'], 'w'), said);
      assert.equal(workspace.read('w/d/l/a'), 'a\n');
      workspace.remove('w/d');
      // A hit leaves it: what is outside is no result.
      rmSync(workspace.path('n'), { recursive: true, force: true });
    }
  });
});

describe('what was there before is not known', () => {
  it('of a file too large to be read while the task waits', async (t) => {
    const workspace = new Workspace(t, { f: '' });
    truncateSync(workspace.path('f'), 129 * 2 ** 20);
    assert.equal(
      await exec(workspace, sh('head -c 1 f > /dev/null; echo x >> f')),
      "not cached: read and wrote 'f', which is larger than 128 MiB",
    );
  });
});
