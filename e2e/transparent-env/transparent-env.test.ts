import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { mistakes, type Schema } from '../harness/json-schema.js';
import { steadyText } from '../harness/steady-text.js';
import { projectRoot, Workspace } from '../harness/workspace.js';
import { readFileSync } from 'node:fs';

// Shows: tools.transparent-env

/** getenv of programs that know nothing of vt (docs/configuration.md, “Variables that programs look for”). */

const compiler = spawnSync('cc', ['--version']).error ? 'no C compiler (cc)' : false;
let asks = '';
let place = '';

before(() => {
  if (compiler !== false) return;
  place = mkdtempSync(path.join(os.tmpdir(), 'vt-asks-'));
  asks = path.join(place, 'asks');
  const source = path.join(projectRoot, 'e2e/transparent-env/asks.c');
  execFileSync('cc', [
    '-std=c11',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-pthread',
    source,
    '-o',
    asks,
  ]);
});
after(() => {
  if (place !== '') rmSync(place, { recursive: true });
});

type Env = Readonly<Record<string, string>>;

function workspaceOf(t: TestContext, files: Readonly<Record<string, string>> = {}): Workspace {
  return new Workspace(t, { 'package.json': '{}', ...files });
}

/** How it was decided, vt's own lines, and what was printed. */
async function run(
  workspace: Workspace,
  command: readonly string[],
  env: Env = {},
  flags: readonly string[] = ['--auto-env'],
): Promise<string> {
  const ran = await workspace.vt(['exec', ...flags, '--', ...command], { env });
  assert.equal(ran.code, 0, ran.all);
  const [, reason] = /cache miss: (.*), executing/.exec(ran.stderr) ?? [];
  const how = ran.stderr.includes('cache hit') ? 'hit' : (reason ?? 'run');
  const own = steadyText(ran.stderr)
    .split('\n')
    .filter((line) => line.startsWith('vt: '))
    .map((line) => line.replace(/\bpid \d+/g, 'pid …'));
  return [how, ...own, ran.stdout.trimEnd()].join(' | ');
}

const reads: readonly (readonly [
  name: string,
  needs: string,
  command: readonly string[],
  files?: Env,
])[] = [
  ['node: process.env', 'node', ['node', '-p', 'process.env.API_URL ?? null']],
  [
    'python: the C library, not os.environ',
    'python3',
    ['python3', 'ask.py'],
    {
      'ask.py': `import ctypes, os
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
found = getenv(b"API_URL")
assert os.getenv("API_URL") is None
print(found.decode() if found else "null")`,
    },
  ],
  ['git', 'git', ['git', '-c', 'alias.x=!true', 'var', 'GIT_AUTHOR_IDENT']],
];

describe('a variable that a program looks for', () => {
  for (const [name, needs, command, files] of reads) {
    const missing = spawnSync(needs, ['--version']).error ? `no ${needs}` : false;
    it(`is passed when it is asked for, and counts: ${name}`, { skip: missing }, async (t) => {
      const workspace = workspaceOf(t, files);
      const isGit = needs === 'git';
      const variable = isGit ? 'GIT_AUTHOR_DATE' : 'API_URL';
      const base: Env = isGit
        ? { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_CONFIG_NOSYSTEM: '1' }
        : {};
      const [one, two] = isGit
        ? ['1000000000 +0000', '2000000000 +0000']
        : ['http://a', 'http://b'];
      const shown = (value: string): string => (isGit ? `A <a@b> ${value}` : value);
      const env = (value: string): Env => ({ ...base, [variable]: value, OTHER: value });
      assert.equal(await run(workspace, command, env(one)), `run | ${shown(one)}`);
      assert.equal(
        await run(workspace, command, { ...env(one), OTHER: 'x' }),
        `hit | ${shown(one)}`,
      );
      assert.equal(
        await run(workspace, command, env(two)),
        `env '${variable}' changed | ${shown(two)}`,
      );
      assert.equal(await run(workspace, command, env(one)), `hit | ${shown(one)}`);
      if (isGit) return;
      assert.equal(await run(workspace, command), `env '${variable}' changed | null`);
      assert.equal(await run(workspace, command), 'hit | null');
    });
  }

  it('is asked for in a task of the configuration that says so', async (t) => {
    const workspace = workspaceOf(t, {
      'vite-task.json': JSON.stringify({
        tasks: {
          ask: { command: `node -p process.env.API_URL`, cache: { env: ['MODE', { auto: true }] } },
          not: {
            command: `node -p process.env.API_URL`,
            cache: { env: ['MODE', { auto: false }] },
          },
        },
      }),
    });
    const ran = async (task: string, API_URL: string): Promise<string> =>
      (await workspace.vt(['run', task], { env: { API_URL } })).stdout;
    assert.equal(await ran('ask', 'a'), '$ node -p process.env.API_URL\na\n');
    assert.match(await ran('ask', 'b'), /cache miss: env 'API_URL' changed, executing\nb\n$/);
    assert.equal(await ran('not', 'a'), '$ node -p process.env.API_URL\nundefined\n');
    assert.match(await ran('not', 'b'), /cache hit, replaying\nundefined\n/);
  });

  it('is not passed without that, and vt why says who looked for it', async (t) => {
    const workspace = workspaceOf(t);
    const command = ['node', '-e', 'process.env.API_URL; process.env.NOT_SET'];
    assert.equal(await run(workspace, command, { API_URL: 'a' }, []), 'run | ');
    assert.equal(await run(workspace, command, { API_URL: 'b' }, []), 'hit | ');
    const { stdout } = await workspace.vt(['why', '--', ...command], { env: { API_URL: 'b' } });
    const [, said] = /\nlooked for in the environment, and withheld:\n([^]*)$/.exec(stdout) ?? [];
    assert.equal(
      said,
      `  'API_URL' by node -e 'process.env.API_URL; process.env.NOT_SET'\n` +
        `  help: if the result may depend on them: --env API_URL, or --auto-env\n`,
    );
    const json = await workspace.vt(['why', '--json', '--', ...command], { env: { API_URL: 'b' } });
    const file = path.join(projectRoot, 'docs/why.schema.json');
    const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema;
    const value: unknown = JSON.parse(json.stdout);
    assert.deepEqual(mistakes(value, schema), []);
    assert.match(json.stdout, /"withheld":\s*\[\s*\{\s*"name":\s*"API_URL"/);
  });

  it('does not reach who reads the environment as a whole, nor a static program', async (t) => {
    const workspace = workspaceOf(t);
    const list = ['node', '-p', `Object.keys(process.env).includes('API_URL')`];
    assert.equal(await run(workspace, list, { API_URL: 'a' }), 'run | false');
    assert.equal(await run(workspace, list, { API_URL: 'b' }), 'hit | false');
    const shell = ['sh', '-c', 'echo "${API_URL-is not set}"'];
    assert.equal(await run(workspace, shell, { API_URL: 'a' }), 'run | is not set');
    assert.equal(await run(workspace, shell, { API_URL: 'b' }), 'hit | is not set');
  });

  it('with a secret value keeps a run out of the cache that shows it', async (t) => {
    const workspace = workspaceOf(t);
    const command = ['node', '-p', 'process.env.API_KEY'];
    const shown = `run | vt: not cached: the value of the variable 'API_KEY' is in what the task printed (stdout) | 0123456789`;
    for (let time = 0; time < 2; time++) {
      const ran = await run(workspace, command, { API_KEY: '0123456789' });
      assert.match(ran, /^run \| vt: not cached: .*'?API_KEY'?.* \| 0123456789$/, shown);
    }
  });
});

describe('what a program does with its environment', { skip: compiler }, () => {
  it('is asked once for each process and name, by any thread, in handlers and children', async (t) => {
    const workspace = workspaceOf(t);
    const words = [
      'threads:API_A',
      'signal:API_B',
      'fork',
      'get:API_A',
      'get:API_C',
      'vfork-exec',
      'get:API_A',
      'get:NONE',
    ];
    const env = { API_A: 'a', API_B: 'b', API_C: 'c' };
    const printed = ['API_A a', 'API_B b', 'API_A a', 'API_C c', 'API_A a', 'NONE is not set'].join(
      '\n',
    );
    assert.equal(await run(workspace, [asks, ...words], env), `run | ${printed}`);
    assert.equal(await run(workspace, [asks, ...words], env), `hit | ${printed}`);
    const { stdout } = await workspace.vt(['why', '-v', '--auto-env', '--', asks, ...words], {
      env,
    });
    const names = [...stdout.matchAll(/^ {2}env '(\w+)'( \(not set\))?: asked/gm)].map(
      ([, name, unset = '']) => name + unset,
    );
    assert.deepEqual(names, ['API_A', 'API_B', 'API_C', 'NONE (not set)']);
  });

  it('is as without vt: set, kept, put, unset, cleared, at random', async (t) => {
    const workspace = workspaceOf(t);
    let seed = 5;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const names = ['A', 'B', 'API_A', 'API_B', 'NONE'];
    const env: Env = { A: '1', B: '', API_A: 'x=y', API_B: 'long '.repeat(3000) };
    for (let round = 0; round < 40; round++) {
      const words = Array.from({ length: 12 }, () => {
        const name = names[random(names.length)] ?? '';
        const changes = [
          `set:${name}=${random(9)}`,
          `keep:${name}=k`,
          `put:${name}=p`,
          `put:${name}`,
          `unset:${name}`,
        ];
        const roll = random(24);
        if (roll === 0) return 'clear';
        if (roll === 1) return 'fork';
        return roll < 12
          ? (changes[random(changes.length)] ?? '')
          : `${random(2) === 0 ? 'get' : 'secure'}:${name}`;
      });
      const bare = await workspace.run([asks, ...words], { env });
      const ran = await workspace.vt(['exec', '-q', '--auto-env', '--', asks, ...words], { env });
      assert.equal(ran.stdout, bare.stdout, words.join(' '));
    }
  });

  it('is not answered to who took all of it away', async (t) => {
    const workspace = workspaceOf(t);
    for (const word of ['clear', 'empty']) {
      assert.equal(
        await run(workspace, [asks, word, 'get:API_A'], { API_A: 'a' }),
        'run | API_A is not set',
      );
    }
  });

  it('could not be asked for: it is absent, and the run is not kept', async (t) => {
    const workspace = workspaceOf(t);
    const lost = (name: string): string =>
      `run | vt: not cached: task communication failed: a report of '${asks} full get:${name}' (pid …) could not be delivered (the process could not write to the channel) | ${name} is not set`;
    for (const name of ['API_A', 'NONE']) {
      for (let time = 0; time < 2; time++) {
        assert.equal(
          await run(workspace, [asks, 'full', `get:${name}`], { API_A: 'a' }),
          lost(name),
        );
      }
    }
    const long = 'N'.repeat(500);
    assert.equal(
      await run(workspace, [asks, `get:${long}`], { [long]: 'a' }),
      `run | ${long} is not set`,
    );
    assert.equal(
      await run(workspace, [asks, `get:${long}`], { [long]: 'b' }),
      `hit | ${long} is not set`,
    );
  });

  it('large values arrive whole', async (t) => {
    const workspace = workspaceOf(t);
    const value = 'v'.repeat(100_000);
    assert.equal(
      await run(workspace, [asks, 'get:API_A'], { API_A: value }),
      `run | API_A ${value}`,
    );
  });
});
