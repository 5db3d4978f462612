import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { steadyText } from './harness/steady-text.js';
import { projectRoot, vtPath, Workspace } from './harness/workspace.js';

/**
 * What a result depends on when a process says what it looks at files for (docs/problems.md, “A file
 * of which a value counts”), and what it declares to read and write where it cannot be traced.
 */
const data = (values: object): string => JSON.stringify({ version: '1', ...values });

const tool = `
  const { createRequire } = require('module');
  const fs = require('fs');
  const client = require(process.env.VP_RUN_NODE_CLIENT_PATH);
  const parse = () => JSON.parse(fs.readFileSync('data.json', 'utf8'));
`;

class Asked {
  readonly workspace: Workspace;
  readonly #command: readonly string[];

  constructor(t: TestContext, program: string, command: readonly string[] = ['node', 'tool.cjs']) {
    this.workspace = new Workspace(t, {
      'package.json': '{}',
      'data.json': data({}),
      'tool.cjs': tool + program,
      'src/a.ts': '',
    });
    this.#command = command;
  }

  /** `hit`, `run`, or the reason of the miss; and what was printed. */
  async run(): Promise<string> {
    const run = await this.workspace.vt(['exec', '--', ...this.#command]);
    assert.equal(run.code, 0, run.all);
    const [, reason] = /cache miss: (.*), executing/.exec(run.stderr) ?? [];
    const how = run.stderr.includes('cache hit') ? 'hit' : (reason ?? 'run');
    const rest = steadyText(run.stderr)
      .split('\n')
      .filter((line) => line.startsWith('vt: '));
    return [how, ...rest, run.stdout.trimEnd()].join(' | ');
  }

  async why(): Promise<readonly string[]> {
    const { stdout } = await this.workspace.vt(['why', '-v', '--', ...this.#command]);
    return stdout.split('\n').map((line) => line.trim());
  }
}

describe('a value of a JSON file', () => {
  it('counts, and the rest of the file does not, though the process reads it', async (t) => {
    const asked = new Asked(
      t,
      `console.log(client.labelled('plugin x').dependOnJson('data.json', '/version'), parse().version)`,
    );
    assert.equal(await asked.run(), 'run | 1 1');
    asked.workspace.write({ 'data.json': data({ other: 1 }) });
    assert.equal(await asked.run(), 'hit | 1 1');
    asked.workspace.write({ 'data.json': data({ version: '2' }) });
    assert.equal(await asked.run(), `'/version' of 'data.json' changed | 2 2`);
    asked.workspace.remove('data.json');
    asked.workspace.write({ 'data.json': data({ other: 2 }) });
    assert.equal(await asked.run(), 'hit | 1 1');
    const line = `'/version' of 'data.json': asked for by node tool.cjs (plugin x)`;
    assert.ok((await asked.why()).includes(line), (await asked.why()).join('\n'));
  });

  const missed = `'data.json' modified | 1`;
  for (const [name, program, command] of [
    ['was read before', `parse(); console.log(client.dependOnJson('data.json', '/version'))`],
    [
      'is read by another process, too',
      `console.log(client.dependOnJson('data.json', '/version')); parse();
       require('child_process').execFileSync('cat', ['data.json'])`,
    ],
    [
      'is read by another process alone',
      `console.log(client.dependOnJson('data.json', '/version'));
       require('child_process').execFileSync('cat', ['data.json'])`,
    ],
    [
      'was read by another process before',
      `console.log(client.dependOnJson('data.json', '/version')); parse()`,
      ['sh', '-c', 'cat data.json > /dev/null; node tool.cjs'],
    ],
  ] as const) {
    it(`does not stand for the content where the file ${name}`, async (t) => {
      const asked = new Asked(t, program, command);
      assert.equal(await asked.run(), 'run | 1');
      asked.workspace.write({ 'data.json': data({ other: 1 }) });
      assert.equal(await asked.run(), missed);
    });
  }

  it('is what the file was before the task changed it', async (t) => {
    const asked = new Asked(
      t,
      `console.log(client.dependOnJson('data.json', '/version'));
       fs.writeFileSync('data.json', JSON.stringify({ ...parse(), count: 1 }))`,
    );
    assert.equal(await asked.run(), 'run | 1');
    assert.equal(await asked.run(), missed);
    assert.equal(await asked.run(), 'hit | 1');
  });
});

it('which files match counts, and other names beside them do not', async (t) => {
  const asked = new Asked(
    t,
    `console.log(client.dependOnGlob('src/**/*.ts', { exclude: '**/*.d.ts' }).join());
     fs.readdirSync('src');
     fs.writeFileSync('src/made.ts', '')`,
  );
  assert.equal(await asked.run(), 'run | src/a.ts');
  asked.workspace.write({ 'src/readme.md': '', 'src/a.d.ts': '' });
  asked.workspace.remove('src/made.ts');
  assert.equal(await asked.run(), 'hit | src/a.ts');
  asked.workspace.remove('src/made.ts');
  asked.workspace.write({ 'src/b/c.ts': '' });
  assert.equal(await asked.run(), `'c.ts' added in 'src/b' | src/a.ts,src/b/c.ts`);
});

it('whether something is there counts, and what it holds does not', async (t) => {
  const asked = new Asked(
    t,
    `console.log(client.dependOnExists('flag'), fs.statSync('flag', { throwIfNoEntry: false })?.isFile())`,
  );
  assert.equal(await asked.run(), 'run | absent undefined');
  asked.workspace.write({ flag: '' });
  assert.equal(await asked.run(), `'flag' added in workspace root | file true`);
  asked.workspace.write({ flag: 'more' });
  assert.equal(await asked.run(), 'hit | file true');
});

it('a shell script asks with vt report, inside a task and outside', async (t) => {
  const script = [
    `vt() { name=$2; shift 2; node '${vtPath}' report "$name" "$@"; }`,
    `vt report depend-on-json --label 'plugin x' data.json /version`,
    `vt report depend-on-json data.json /list`,
    `vt report depend-on-json data.json /none || echo none`,
    `vt report depend-on-glob 'src/*' --exclude 'src/b*'`,
    `vt report depend-on-exists flag || echo no flag`,
    `vt report depend-on-exists src && echo src`,
  ].join('\n');
  const asked = new Asked(t, '', ['sh', 'ask.sh']);
  asked.workspace.write({
    'ask.sh': script,
    'src/b.ts': '',
    'data.json': data({ list: [1, 'a'] }),
  });
  const answers = ['1', '[1,"a"]', 'none', 'src/a.ts', 'no flag', 'src'].join('\n');
  const bare = await asked.workspace.run(['sh', 'ask.sh']);
  assert.equal(bare.stdout.trimEnd(), answers);
  assert.equal(await asked.run(), `run | ${answers}`);
  asked.workspace.write({ 'src/b2.ts': '', 'data.json': data({ list: [1, 'a'], other: 1 }) });
  assert.equal(await asked.run(), `hit | ${answers}`);
  asked.workspace.write({ 'data.json': data({ list: [1, 'b'] }) });
  assert.match(await asked.run(), /^'\/list' of 'data.json' changed \|/);
});

it('the Python client asks the same', async (t) => {
  const program = [
    'import json, os, sys',
    `sys.path.insert(0, ${JSON.stringify(path.join(projectRoot, 'client/python/src'))})`,
    'import vt_client',
    'with vt_client.labelled("plugin x"):',
    '    print(vt_client.depend_on_json("data.json", "/version"))',
    'print(json.load(open("data.json"))["version"])',
    'print(vt_client.depend_on_glob("src/**/*.ts"), os.listdir("src") != [])',
    'print(vt_client.depend_on_exists("flag"), os.path.isfile("flag"))',
    'vt_client.declare_complete(inputs=["declared"], outputs=[])',
  ].join('\n');
  const asked = new Asked(t, '', ['python3', 'ask.py']);
  asked.workspace.write({ 'ask.py': program });
  const answers = ['1', '1', "['src/a.ts'] True", 'absent False'].join('\n');
  assert.equal(await asked.run(), `run | ${answers}`);
  asked.workspace.write({ 'data.json': data({ other: 1 }), 'src/readme.md': '' });
  assert.equal(await asked.run(), `hit | ${answers}`);
  const lines = await asked.why();
  assert.ok(lines.includes("'/version' of 'data.json': asked for by python3 ask.py (plugin x)"));
  assert.ok(lines.includes("'declared' (missing): looked for by python3 ask.py"), lines.join('\n'));
  asked.workspace.write({ 'data.json': data({ version: '2' }) });
  assert.match(await asked.run(), /^'\/version' of 'data.json' changed \|/);
});

const compiler = spawnSync('cc', ['--version']).error ? 'no C compiler (cc)' : false;

describe(
  'a process that cannot be traced',
  { skip: process.arch !== 'x64' ? 'not x86-64' : compiler },
  () => {
    const untraced = `file tracking incomplete: a system call was made through a foreign ABI in './odd int80 in.txt' (pid …) (a call of another architecture or ABI)`;
    const script = (declared: string): string => `${declared}\n./odd int80 in.txt > out/o\n`;
    const setUp = (t: TestContext, declared: string): Asked => {
      const asked = new Asked(t, '', ['sh', 'wrap.sh']);
      asked.workspace.write({
        'wrap.sh': script(declared),
        'in.txt': 'one\n',
        'more/x': '',
        'out/.keep': '',
      });
      const source = path.join(projectRoot, 'e2e/fail-closed/odd.c');
      execFileSync('cc', ['-O1', source, '-o', asked.workspace.path('odd')]);
      return asked;
    };

    it('keeps the run out of the cache', async (t) => {
      const asked = setUp(t, '');
      for (let time = 0; time < 2; time++) {
        assert.equal(await asked.run(), `run | vt: not cached: ${untraced} | `);
      }
    });

    it('does not when what it reads and writes is declared by the one that started it', async (t) => {
      const declare = `node '${vtPath}' report declare-complete --input in.txt --input more --output out`;
      const asked = setUp(t, declare);
      assert.equal(await asked.run(), 'run | ');
      asked.workspace.remove('out/o');
      assert.equal(await asked.run(), 'hit | ');
      assert.match(asked.workspace.read('out/o'), /^one\n/);
      asked.workspace.write({ 'more/y': '' });
      assert.equal(await asked.run(), `'y' added in 'more' | `);
      asked.workspace.write({ 'in.txt': 'two\n' });
      assert.equal(await asked.run(), `'in.txt' modified | `);
      assert.match(asked.workspace.read('out/o'), /^two\n/);
    });

    it('does when another process declares', async (t) => {
      const asked = setUp(t, `sh -c "node '${vtPath}' report declare-complete --input in.txt; :"`);
      assert.equal(await asked.run(), `run | vt: not cached: ${untraced} | `);
    });
  },
);
