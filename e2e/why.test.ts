import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { mistakes, type Schema } from './harness/json-schema.js';
import { viteWorkspace } from './harness/vite-workspace.js';
import { projectRoot, Workspace, type RunOptions } from './harness/workspace.js';

const schema = JSON.parse(
  readFileSync(path.join(projectRoot, 'docs/why.schema.json'), 'utf8'),
) as Schema;

/** What differs from run to run taken out: times, names of entries, where programs are. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '…')
    .replace(/\b[0-9a-f]{12}\b/g, '‹entry›')
    .replace(/took (?:\d+m )?[\d.]+m?s/g, 'took …')
    .replace(/\(pid \d+\)/g, '(pid …)');
}

async function why(workspace: Workspace, args: readonly string[], options: RunOptions = {}) {
  const { code, stdout, stderr } = await workspace.vt(['why', ...args], options);
  assert.deepEqual([code, stderr], [0, ''], stdout + stderr);
  return steady(stdout);
}

interface WhyJson {
  readonly executions: readonly {
    readonly lastRun: Record<string, unknown> & { readonly entry: EntryJson | null };
    readonly nextRun: Record<string, unknown>;
  }[];
  readonly tasks: readonly {
    readonly task: string;
    readonly uses: readonly Record<string, unknown>[];
  }[];
}
interface EntryJson {
  readonly observations: readonly { kind: string; path?: string; name?: string; by: By }[];
  readonly outputs: readonly { path: string; by: By }[];
  readonly ignored: readonly { part: string; rule: { kind: string; path?: string; by?: By } }[];
}
type By = readonly { readonly argv: readonly string[] }[];

/** The answer as JSON, which must be as docs/why.schema.json says. */
async function whyJson(
  workspace: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<WhyJson> {
  const { code, stdout, stderr } = await workspace.vt(['why', '--json', ...args], options);
  assert.deepEqual([code, stderr], [0, '']);
  const answer = JSON.parse(stdout) as WhyJson;
  assert.deepEqual(mistakes(answer, schema), [], stdout);
  return answer;
}

/** Command lines of a chain of processes, programs by their last name. */
function chain(by: By | undefined): string {
  return (by ?? [])
    .map(({ argv: [program = '', ...args] }) => [path.basename(program), ...args].join(' '))
    .join(' > ');
}

async function run(workspace: Workspace, args: readonly string[], options: RunOptions = {}) {
  const done = await workspace.vt(args, options);
  assert.equal(done.code, 0, done.all);
  return done.all;
}

function example(t: TestContext): Workspace {
  return new Workspace(t, {
    'package.json': '{ "name": "app" }\n',
    'vite-task.json': '{\n  "tasks": {\n    "build": "sh build.sh"\n  }\n}\n',
    'build.sh': 'cat src/*.txt > out.txt\ntail -n 1 logs/last.log\n',
    'src/a.txt': 'one\n',
    'logs/last.log': 'yesterday\n',
  });
}

/** The blocks of docs/why.md, by the command in their first line. */
function documented(): Map<string, string> {
  const document = readFileSync(path.join(projectRoot, 'docs/why.md'), 'utf8');
  return new Map(
    [...document.matchAll(/^```\n\$ (.*)\n([^]*?)^```$/gm)].map(([, command = '', text = '']) => [
      command,
      steady(text),
    ]),
  );
}

describe('the worked example of docs/why.md', () => {
  it('is what vt prints, and its advice helps', async (t) => {
    const workspace = example(t);
    const blocks = documented();
    await run(workspace, ['run', 'build']);
    workspace.write({ 'src/a.txt': 'two\n', 'src/.a.txt.swp': '', 'logs/last.log': 'today\n' });
    assert.match(
      await run(workspace, ['run', 'build']),
      /○ cache miss: 'logs\/last\.log' modified, executing/,
    );
    for (const args of [['build'], ['src/a.txt'], ['out.txt'], ['src/new.txt']]) {
      const command = `vt why ${args.join(' ')}`;
      assert.equal(await why(workspace, args), blocks.get(command), command);
    }

    const advised =
      '{ "command": "sh build.sh", "cache": { "input": [{ "auto": true }, "!logs/**"] } }';
    workspace.write({
      'vite-task.json': `{\n  "tasks": {\n    "build": ${advised}\n  }\n}\n`,
    });
    assert.match(
      await run(workspace, ['run', 'build']),
      /○ cache miss: input configuration changed, executing/,
    );
    workspace.write({ 'logs/last.log': 'tomorrow\n', 'logs/new.log': '' });
    assert.match(await run(workspace, ['run', 'build']), /◉ cache hit/);
    const command = 'vt why logs/last.log';
    assert.equal(await why(workspace, ['logs/last.log']), blocks.get(command), command);
  });
});

describe('which process read it', () => {
  const readers = async (workspace: Workspace, args: readonly string[] = ['build']) => {
    const { executions } = await whyJson(workspace, args);
    const entry = executions[0]?.lastRun.entry;
    assert.ok(entry);
    const of = (wanted: string) =>
      chain(entry.observations.find((one) => one.path === wanted && one.kind !== 'absence')?.by);
    const by = (wanted: string) => chain(entry.outputs.find((one) => one.path === wanted)?.by);
    return { of, by };
  };

  it('a shell script: the program that the shell started, the shell for its redirections', async (t) => {
    const workspace = new Workspace(t, {
      'build.sh': 'cat a | sort > out\nread -r line < b\n',
      a: 'x\n',
      b: 'y\n',
    });
    await run(workspace, ['exec', '--', 'sh', 'build.sh']);
    const { of, by } = await readers(workspace, ['--', 'sh', 'build.sh']);
    assert.equal(of('a'), 'sh build.sh > cat a');
    assert.equal(of('b'), 'sh build.sh');
    assert.equal(of('build.sh'), 'sh build.sh');
    assert.match(by('out'), /^sh build\.sh( > sh build\.sh)?( > sort)?$/);
  });

  it('make: the recipe’s command', async (t) => {
    const workspace = new Workspace(t, {
      Makefile: 'out: in\n\t@cp in out\n',
      in: 'x\n',
    });
    await run(workspace, ['exec', '--', 'make', '-s']);
    const { of, by } = await readers(workspace, ['--', 'make', '-s']);
    assert.equal(of('Makefile'), 'make -s');
    assert.equal(by('out'), 'make -s > cp in out');
    assert.match(of('in'), /^make -s( > cp in out)?$/, 'make looked at it first');
  });

  it('node: itself for its worker threads, the child for what a child reads', async (t) => {
    const workspace = new Workspace(t, {
      'main.js': `
        const { Worker } = require('node:worker_threads');
        const { spawnSync } = require('node:child_process');
        spawnSync(process.execPath, ['child.js'], { stdio: 'inherit' });
        new Worker('./worker.js');`,
      'worker.js': `require('node:fs').readFileSync('by-worker')`,
      'child.js': `require('node:fs').readFileSync('by-child')`,
      'by-worker': '',
      'by-child': '',
    });
    await run(workspace, ['exec', '--', 'node', 'main.js']);
    const { of } = await readers(workspace, ['--', 'node', 'main.js']);
    assert.equal(of('by-worker'), 'node main.js');
    assert.equal(of('by-child'), 'node main.js > node child.js');
    assert.equal(of('worker.js'), 'node main.js');
  });

  it('Vite: what it read, missed, asked for, and said to be its own', async (t) => {
    const workspace = viteWorkspace(t);
    await run(workspace, ['run', 'build']);
    const { executions } = await whyJson(workspace, ['build']);
    const entry = executions[0]?.lastRun.entry;
    assert.ok(entry);
    const by = (kind: string, wanted: string) => {
      const found = entry.observations.find(
        (one) => one.kind === kind && (one.path === wanted || one.name === wanted),
      );
      return chain(found?.by);
    };
    // Which of Vite's threads and helpers is first is Vite's business; all are this process.
    const vite = /^node .*vite(\.js)? build/;
    assert.match(by('content', 'src/main.js'), vite);
    assert.match(by('content', 'index.html'), vite);
    assert.match(by('absence', '.env.local'), vite);
    assert.match(by('env', 'NODE_ENV'), vite);
    const reports = entry.ignored.filter(({ rule }) => rule.kind === 'report');
    const outDir = reports.find(({ part, rule }) => part === 'reads' && rule.path === 'dist');
    assert.match(chain(outDir?.rule.by), vite);
    assert.match(chain(entry.outputs.find((one) => one.path === 'dist/index.html')?.by), vite);

    assert.match(await why(workspace, ['.env.local']), /looked for by node .*vite/);
    assert.match(
      await why(workspace, ['--env', 'VITE_GREETING']),
      /^env 'VITE_GREETING' \(not set\)\n {2}vite-app#build\n {4}matches 'VITE_\*', asked for by node .*; unchanged$/m,
    );
    const greeting = await whyJson(workspace, ['--env', 'VITE_GREETING'], {
      env: { VITE_GREETING: 'private-value' },
    });
    assert.ok(!JSON.stringify(greeting).includes('private-value'));
    assert.match(
      await why(workspace, ['build'], { env: { VITE_GREETING: 'private-value' } }),
      /next run: cache miss: env 'VITE_GREETING' changed\n.*\n {4}env 'VITE_GREETING' is now set\n {6}asked for by node .*\n {2}help: if the result does not depend on 'VITE_GREETING': "untrackedEnv": \["VITE_GREETING"\] \(vite-task\.json:1:14\)/,
    );
  });
});

describe('a run that left no result', () => {
  it('names the path and the processes, also later', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'vite-task.json': '{ "tasks": { "opt": "sh opt.sh", "fail": "sh -c \'exit 3\'" } }',
      'opt.sh': `exec '${process.execPath}' '${path.join(projectRoot, 'dist/vt.cjs')}' report disable-cache 'a dev server'`,
    });
    await run(workspace, ['run', 'opt']);
    assert.match(
      await why(workspace, ['opt']),
      /last run: …, first run: nothing was stored yet\n {2}took …; not cached: the task opted out: a dev server \(asked by .*\); "optOut": false overrules it\nnext run: first run: nothing is stored\n/,
    );
    const json = await whyJson(workspace, ['opt']);
    assert.equal(json.executions[0]?.lastRun['outcome'], 'not-cached');
    assert.deepEqual(json.executions[0]?.lastRun.entry, null);

    assert.equal((await workspace.vt(['run', 'fail'])).code, 3);
    assert.match(await why(workspace, ['fail']), /\n {2}took …; not cached: exited with 3\n/);
    await whyJson(workspace, ['fail']);
  });
});

describe('advice that helps when it is followed', () => {
  const task = (cache: object | undefined, more: object = {}): Record<string, string> => ({
    'vite-task.json': JSON.stringify({
      tasks: { build: { command: 'sh build.sh', ...(cache && { cache }), ...more } },
    }),
  });
  const help = async (workspace: Workspace, options: RunOptions = {}) =>
    (await why(workspace, ['build'], options))
      .split('\n')
      .filter((line) => line.includes('help:'))
      .map((line) => line.trim());

  it('a variable of `env`', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'build.sh': 'true',
      ...task({ env: ['WHERE'] }),
    });
    const [a, b] = [{ env: { WHERE: 'a' } }, { env: { WHERE: 'b' } }];
    await run(workspace, ['run', 'build'], a);
    assert.deepEqual(await help(workspace, b), [
      'help: if the result does not depend on \'WHERE\': move "WHERE" from "env" to "untrackedEnv" (vite-task.json:1:11)',
    ]);
    workspace.write(task({ untrackedEnv: ['WHERE'] }));
    await run(workspace, ['run', 'build'], a);
    assert.match(await run(workspace, ['run', 'build'], b), /cache hit/);
  });

  it('a private directory of a tool', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'build.sh': 'cat node_modules/.tool/state\n',
      'node_modules/.tool/state': '1',
      ...task(undefined),
    });
    await run(workspace, ['run', 'build']);
    workspace.write({ 'node_modules/.tool/state': '2' });
    assert.deepEqual(await help(workspace), [
      "help: if 'node_modules/.tool/state' is a tool's own business: let it call ignoreInput and ignoreOutput ('node_modules/.tool'), or " +
        '[{ "auto": true }, "!node_modules/.tool/**"] for "input" and "output" (vite-task.json:1:11)',
    ]);
    const rules = [{ auto: true }, '!node_modules/.tool/**'];
    workspace.write(task({ input: rules, output: rules }));
    await run(workspace, ['run', 'build']);
    workspace.write({ 'node_modules/.tool/state': '3', 'node_modules/.tool/more': '' });
    assert.match(await run(workspace, ['run', 'build']), /cache hit/);
  });

  it('a file that another task writes', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'build.sh': 'cat gen.txt',
      'seed.txt': '1\n',
      'vite-task.json': JSON.stringify({
        tasks: { build: 'sh build.sh', gen: 'sh -c "cat seed.txt > gen.txt"' },
      }),
    });
    await run(workspace, ['run', 'gen']);
    await run(workspace, ['run', 'build']);
    workspace.write({ 'gen.txt': 'by hand\n' });
    assert.deepEqual(await help(workspace), [
      'help: \'gen.txt\' is written by app#gen: with it in "dependsOn" (vite-task.json:1:11) it is written first',
    ]);
    workspace.write(task(undefined, { dependsOn: ['gen'] }));
    workspace.write({
      'vite-task.json': JSON.stringify({
        tasks: {
          build: { command: 'sh build.sh', dependsOn: ['gen'] },
          gen: 'sh -c "cat seed.txt > gen.txt"',
        },
      }),
    });
    assert.match(
      await run(workspace, ['run', 'build']),
      /cat seed\.txt.*hit[^]*sh build\.sh .*hit/,
    );
  });
});

describe('values of variables', () => {
  it('are neither kept nor shown, whatever is asked', async (t) => {
    const value = (name: string) => `a-private-value-of-${name}`;
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "app" }',
      'vite-task.json': JSON.stringify({
        tasks: {
          build: {
            command: `SET=${value('SET')} sh build.sh`,
            cache: { env: ['KEYED'] },
          },
        },
      }),
      'build.sh': 'echo 1 > out.txt; sh -c "true $KEYED"',
    });
    const env = { KEYED: value('KEYED') };
    await run(workspace, ['run', 'build'], { env });
    for (const args of [['-v', 'build'], ['out.txt'], ['--env', 'KEYED'], ['--env', 'SET']]) {
      for (const now of [env, {}, { KEYED: value('other') }]) {
        const text = await why(workspace, args, { env: now });
        const json = JSON.stringify(await whyJson(workspace, args, { env: now }));
        for (const shown of [text, json]) assert.ok(!shown.includes('a-private-value'), shown);
      }
    }
    assert.match(
      await why(workspace, ['build'], { env: {} }),
      /^app#build: \$ SET=‹SET:[0-9a-f]{16}› sh build\.sh\n[^]*\n {4}env 'KEYED' is now unset\n/,
    );
    for (const [file, bytes] of workspace.snapshot('node_modules')) {
      assert.ok(!bytes.includes('a-private-value'), file);
    }
  });
});

describe('what is asked about', () => {
  it('a name is a task if there is one; flags force either', async (t) => {
    const workspace = example(t);
    workspace.write({ build: 'a file of the same name' });
    await run(workspace, ['run', 'build']);
    const { code, stdout, stderr } = await workspace.vt(['why', 'build']);
    assert.equal(code, 0);
    assert.match(stdout, /^app#build: \$ sh build\.sh\n/);
    assert.equal(stderr, "vt: 'build' is also a file: vt why --file build\n");
    assert.match(await why(workspace, ['--file', 'build']), /^'build' \(file\)\n/);
    assert.match(await why(workspace, ['./build']), /^'build' \(file\)\n/);
    assert.match(await why(workspace, ['--task', 'build']), /^app#build: /);
    assert.match(await why(workspace, ['app#build']), /^app#build: /);
    assert.match(
      await why(workspace, ['a.txt'], { cwd: 'src' }),
      /^'src\/a\.txt' \(file\)\n {2}app#build\n/,
    );
    assert.match(
      await why(workspace, ['src']),
      /^'src' \(folder\)\n {2}app#build\n {4}listed by sh build\.sh/,
    );
    assert.match(
      await why(workspace, ['nothing.here']),
      /^'nothing\.here' \(missing\)\n {2}no task/,
    );
    const unknown = await workspace.vt(['why', 'biuld']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /Task "biuld" not found\.[^]*did you mean "build"\?/);
  });

  it('refuses what has no single meaning', async (t) => {
    const workspace = example(t);
    for (const [args, said] of [
      [[], 'needs a task, a file, --env or a command after `--`'],
      [['--file', 'a', '--env', 'B'], '--file and --env of `vt why` exclude each other'],
      [['--env', 'B', 'build'], 'has no use for "build"'],
      [['--name', 'x', 'build'], 'needs a command after `--` for --name'],
      [['--file', 'x', '--', 'ls'], '--file and -- of `vt why` exclude each other'],
    ] as const) {
      const { code, stderr } = await workspace.vt(['why', ...args]);
      assert.equal(code, 1);
      assert.ok(stderr.includes(said), stderr);
    }
  });

  it('says the same of every kind as JSON, by its schema, and writes nothing', async (t) => {
    const workspace = example(t);
    await whyJson(workspace, ['build']);
    assert.equal(workspace.exists('node_modules'), false, 'no cache is made');
    await run(workspace, ['run', 'build']);
    await run(workspace, ['run', 'build']);
    const before = workspace.snapshot('.');
    for (const args of [
      ['build'],
      ['src/a.txt'],
      ['src'],
      ['src/never'],
      ['out.txt'],
      ['--env', 'CI'],
      ['--', 'sh', 'build.sh'],
    ]) {
      await whyJson(workspace, args);
    }
    workspace.write({ 'src/a.txt': 'changed\n' });
    before.set('src/a.txt', 'changed\n');
    await whyJson(workspace, ['build']);
    assert.deepEqual(workspace.snapshot('.'), before);
  });

  it('a cache that cannot be read: one warning, as if nothing were stored', async (t) => {
    const workspace = example(t);
    await run(workspace, ['run', 'build']);
    const index = [...workspace.snapshot('node_modules').keys()].find((name) =>
      name.endsWith('index.db'),
    );
    assert.ok(index);
    workspace.write({
      [index]: 'no database at all, but long enough to be looked at as one'.repeat(99),
    });
    const { code, stdout, stderr } = await workspace.vt(['why', 'build']);
    assert.equal(code, 0);
    assert.match(stdout, /last run: none is known\nnext run: first run: nothing is stored\n$/);
    assert.match(stderr, /^vt: warning: the cache in .* cannot be used.*\n$/);
  });
});

describe('vt run -v, -vv and --last-details', () => {
  it('tell all that differs, and with -vv all that it depends on', async (t) => {
    const workspace = example(t);
    await run(workspace, ['run', 'build']);
    workspace.write({ 'src/a.txt': 'two\n', 'logs/last.log': 'today\n' });
    const verbose = await run(workspace, ['run', '-v', 'build']);
    const differing = `    cache miss: 'logs/last.log' modified\n      also 'src/a.txt' modified\n`;
    assert.ok(verbose.includes(differing), verbose);
    assert.doesNotMatch(verbose, /depends on:/);
    assert.ok((await run(workspace, ['run', '--last-details'])).includes(differing));

    // Once more for the output that is there now.
    await run(workspace, ['run', 'build']);
    for (const [args, shown] of [
      [['run', '-vv', 'build'], 'stdout'],
      [['exec', '-vv', '--', 'sh', 'build.sh'], 'stderr'],
    ] as const) {
      await workspace.vt(args);
      const again = (await workspace.vt(args))[shown];
      assert.match(again, /\n {4}unchanged:\n/);
      for (const line of [
        "      'logs/last.log'",
        "      'src' (folder)",
        "      'src/a.txt'",
        "    outputs:\n      'out.txt'",
      ]) {
        assert.ok(again.includes(`${line}\n`), again);
      }
    }
    workspace.remove('out.txt');
    workspace.write({ 'src/a.txt': 'three\n' });
    const miss = await run(workspace, ['run', '-v', '--verbose', 'build']);
    assert.match(miss, /\n {4}depends on:\n[^]*'src\/a\.txt'\n[^]*outputs:\n {6}'out\.txt'\n/);
  });
});
