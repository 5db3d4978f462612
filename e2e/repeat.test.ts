import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { answered, untilAnswered } from './harness/repeated.js';
import {
  projectRoot,
  vtProgram,
  Workspace,
  type Finished,
  type RunOptions,
} from './harness/workspace.js';

// Shows: cache.repeated

/**
 * A repeated invocation is answered without Node as long as all that vt looked at is the same, with the
 * same words; each thing that may change is changed here, and must be seen.
 */

function whyNot(): string | false {
  if (!readFileSync(vtProgram).subarray(0, 4).equals(Buffer.from('\x7fELF'))) {
    return 'dist/vt is not compiled';
  }
  return spawnSync('prlimit', ['--version']).error ? 'no prlimit (util-linux)' : false;
}

const files = {
  'package.json': '{ "name": "app" }\n',
  'vite-task.json':
    '{ "tasks": { "build": { "command": "sh build.sh", "cache": { "env": ["MODE"] } } } }\n',
  'build.sh': `set -e
cat src/a.txt src/link
for name in src/*.txt; do echo "$name"; done
test -e local.conf && cat local.conf
mkdir -p out
cat src/a.txt > out/a.txt
helper
`,
  'src/a.txt': 'one\n',
  'src/b.txt': 'two\n',
  'src/c.md': 'three\n',
};

/** The record does not depend on the terminal or shell of whoever runs the tests. */
interface Stage {
  readonly workspace: Workspace;
  readonly options: RunOptions;
  readonly run: readonly string[];
}

function stage(t: TestContext, run: readonly string[] = ['run', 'build']): Stage {
  const workspace = new Workspace(t, files);
  symlinkSync('b.txt', workspace.path('src/link'));
  workspace.script('bin/helper', '#!/bin/sh\necho helped\n');
  const options = {
    env: { PATH: `${workspace.path('bin')}:${process.env['PATH'] ?? ''}`, MODE: 'dev' },
  };
  return { workspace, options, run };
}

/** One change, and how vt in Node takes it. */
interface Change {
  readonly does: (stage: Stage) => void | Promise<unknown>;
  /** What to run then, where it is something else. */
  readonly run?: readonly string[];
  readonly options?: (stage: Stage) => RunOptions;
  readonly says: RegExp;
}

const hit = /◉ cache hit, replaying/;

/** Writes other bytes of the same length, with the times there were. */
function editSecretly(file: string): void {
  const { atime, mtime } = statSync(file);
  writeFileSync(file, readFileSync(file, 'utf8').replace('one', 'two'));
  utimesSync(file, atime, mtime);
}

const changes: Readonly<Record<string, Change>> = {
  'a file it reads is edited': {
    does: ({ workspace }) => {
      workspace.write({ 'src/a.txt': 'other\n' });
    },
    says: /'src\/a\.txt' modified/,
  },
  'a file it reads is edited, with the same size and mtime': {
    does: ({ workspace }) => {
      editSecretly(workspace.path('src/a.txt'));
    },
    says: /'src\/a\.txt' modified/,
  },
  'a file it reads is replaced by a copy': {
    does: ({ workspace }) => {
      copyFileSync(workspace.path('src/a.txt'), workspace.path('copy'));
      renameSync(workspace.path('copy'), workspace.path('src/a.txt'));
    },
    says: hit,
  },
  'a file it reads is removed': {
    does: ({ workspace }) => {
      workspace.remove('src/a.txt');
    },
    says: /'a\.txt' removed from 'src'/,
  },
  'a file appears in a directory it lists': {
    does: ({ workspace }) => {
      workspace.write({ 'src/new.txt': 'new\n' });
    },
    says: /'new\.txt' added in 'src'/,
  },
  'a file it looked for appears': {
    does: ({ workspace }) => {
      workspace.write({ 'local.conf': 'local\n' });
    },
    says: /'local\.conf' added in workspace root/,
  },
  'a link it reads is turned': {
    does: ({ workspace }) => {
      workspace.remove('src/link');
      symlinkSync('c.md', workspace.path('src/link'));
    },
    says: /'src\/link' modified/,
  },
  'a directory above its files gives way to another one': {
    does: ({ workspace }) => {
      cpSync(workspace.path('src'), workspace.path('other'), { recursive: true });
      workspace.write({ 'other/a.txt': 'other\n' });
      renameSync(workspace.path('src'), workspace.path('old'));
      renameSync(workspace.path('other'), workspace.path('src'));
    },
    says: /modified/,
  },
  'the configuration is edited': {
    does: ({ workspace }) => {
      workspace.write({ 'vite-task.json': '{ "tasks": { "build": "echo other" } }' });
    },
    says: /\$ echo other/,
  },
  'package.json is edited': {
    does: ({ workspace }) => {
      workspace.write({ 'package.json': '{ "name": "app", "version": "2.0.0" }\n' });
    },
    says: hit,
  },
  'package.json gets a script of that name': {
    does: ({ workspace }) => {
      workspace.write({ 'package.json': '{ "scripts": { "build": "echo script" } }' });
    },
    says: /error\[/,
  },
  'it becomes part of a workspace': {
    does: ({ workspace }) => {
      workspace.write({ 'pnpm-workspace.yaml': 'packages: [packages/*]\n' });
    },
    says: hit,
  },
  'an output is edited': {
    does: ({ workspace }) => {
      workspace.write({ 'out/a.txt': 'spoilt\n' });
    },
    says: hit,
  },
  'an output is removed': {
    does: ({ workspace }) => {
      workspace.remove('out');
    },
    says: hit,
  },
  'an output gets another mode': {
    does: ({ workspace }) => {
      chmodSync(workspace.path('out/a.txt'), 0o755);
    },
    says: /'out\/a\.txt' could not be restored/,
  },
  'a program on PATH is replaced': {
    does: ({ workspace }) => {
      workspace.script('bin/helper', '#!/bin/sh\necho helped otherwise\n');
    },
    says: /helped otherwise/,
  },
  'a program comes before it on PATH': {
    does: ({ workspace }) => {
      workspace.script('node_modules/.bin/helper', '#!/bin/sh\necho helped before\n');
    },
    says: /helped before/,
  },
  'a variable has another value': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, env: { ...options.env, MODE: 'prod' } }),
    says: /env 'MODE' changed/,
  },
  'a variable is new that does not count': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, env: { ...options.env, OTHER: '1' } }),
    says: hit,
  },
  'a variable is gone': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, env: { ...options.env, MODE: undefined } }),
    says: /env 'MODE' changed/,
  },
  'arguments are given': {
    does: () => undefined,
    run: ['run', 'build', 'more'],
    says: /\$ sh build\.sh more/,
  },
  'it is run elsewhere in the workspace': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, cwd: 'src' }),
    says: hit,
  },
  'in a terminal': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, terminal: true }),
    says: hit,
  },
  'the cache is cleaned': {
    does: ({ workspace }) => workspace.vt(['cache', 'clean']),
    says: /^\$ sh build\.sh\n/,
  },
  'what was stored is collected': {
    does: ({ workspace }) => workspace.vt(['cache', 'gc', '--max-size', '0']),
    says: /\$ sh build\.sh/,
  },
  'another cache is chosen': {
    does: () => undefined,
    options: ({ options }) => ({ ...options, env: { ...options.env, VT_CACHE_DIR: 'elsewhere' } }),
    says: /\$ sh build\.sh/,
  },
  'a restore was broken off': {
    does: ({ workspace }) => {
      workspace.write({ 'node_modules/.cache/vt/v3/tmp/journal-0-1-00': 'of somebody' });
    },
    says: hit,
  },
  'the index waits for many notes': {
    does: ({ workspace }) => {
      workspace.write({ 'node_modules/.cache/vt/v3/hits.log': '{}\n'.repeat(200_000) });
    },
    says: hit,
  },
  'the record is cut off': {
    does: ({ workspace }) => {
      truncateSync(recordOf(workspace), 1000);
    },
    says: hit,
  },
  'the record may be written by others': {
    does: ({ workspace }) => {
      chmodSync(recordOf(workspace), 0o666);
    },
    says: hit,
  },
};

const repeats = 'node_modules/.cache/vt/v3/repeats';

function recordOf(workspace: Workspace): string {
  const [record, ...others] = readdirSync(workspace.path(repeats)).filter((it) =>
    /^[0-9a-f]+$/.test(it),
  );
  assert.ok(record !== undefined && others.length === 0, 'one record');
  return workspace.path(repeats, record);
}

describe('a repeated invocation', { skip: whyNot() }, () => {
  it('is answered without Node, word for word', async (t) => {
    const { workspace, options, run } = stage(t);
    const first = await untilAnswered(workspace, run, options);
    assert.match(
      first.stdout,
      /^\$ sh build\.sh ◉ cache hit, replaying\none\ntwo\nsrc\/a\.txt\nsrc\/b\.txt\nhelped\n\n---\nvt run: cache hit, \d+ms saved\.\n$/,
    );
    assert.equal(first.stderr, '');
    const again = await workspace.run(
      [process.execPath, path.join(projectRoot, 'dist/vt.cjs'), ...run],
      options,
    );
    const steady = (text: string): string => text.replace(/\d+ms/, '<time>');
    assert.equal(steady(again.stdout), steady(first.stdout));
  });

  it('so is vt exec, each stream for itself', async (t) => {
    const script = ['sh', '-c', 'cat src/a.txt; echo err >&2; cat src/b.txt'];
    const { workspace, options, run } = stage(t, ['exec', '--', ...script]);
    const { stdout, stderr } = await untilAnswered(workspace, run, options);
    assert.equal(stdout, 'one\ntwo\n');
    assert.match(stderr, /^\$ sh -c .* ◉ cache hit, replaying\nerr\n$/);
  });

  for (const [name, { does, run: otherRun, options: otherOptions, says }] of Object.entries(
    changes,
  )) {
    it(`is one for Node when ${name}`, async (t) => {
      const here = stage(t);
      const { workspace, options, run } = here;
      await untilAnswered(workspace, run, options);
      await does(here);
      const [now, with_] = [otherRun ?? run, otherOptions?.(here) ?? options];
      assert.equal(await answered(workspace, now, with_), undefined);
      const seen = await workspace.vt(now, with_);
      assert.match(seen.all, says);
    });
  }

  it('and is answered again when things are as they were for a while', async (t) => {
    const { workspace, options, run } = stage(t);
    await untilAnswered(workspace, run, options);
    workspace.write({ 'src/a.txt': 'other\n' });
    assert.match((await workspace.vt(run, options)).all, /'src\/a\.txt' modified/);
    assert.match((await untilAnswered(workspace, run, options)).stdout, /\nother\n/);
    assert.equal(workspace.read('out/a.txt'), 'other\n');
    // Another result of the same task: what it restores is not what the record is about.
    workspace.write({ 'src/a.txt': 'one\n' });
    assert.match((await workspace.vt(run, options)).stdout, /◉ cache hit, replaying\none\n/);
    workspace.write({ 'src/a.txt': 'other\n' });
    assert.equal(await answered(workspace, run, options), undefined);
    assert.match((await workspace.vt(run, options)).stdout, /◉ cache hit, replaying\nother\n/);
    assert.equal(workspace.read('out/a.txt'), 'other\n');
  });

  it('modes in turns have records of their own', async (t) => {
    const { workspace, options, run } = stage(t);
    const prod = { ...options, env: { ...options.env, MODE: 'prod' } };
    const dev = options;
    await untilAnswered(workspace, run, dev);
    await untilAnswered(workspace, run, prod);
    // The confirmation is of one of them at a time.
    assert.equal(await answered(workspace, run, dev), undefined);
    await untilAnswered(workspace, run, dev);
  });

  it('is one for Node inside a task, so that the task is seen to look', async (t) => {
    const { workspace, options, run } = stage(t);
    await untilAnswered(workspace, run, options);
    const nested = { ...options, env: { ...options.env, VT_IPC_DIR: '/nonexistent' } };
    assert.equal(await answered(workspace, run, nested), undefined);
    const outer = ['exec', '--', vtProgram, ...run];
    assert.match((await workspace.vt(outer, options)).stdout, /helped\n/);
    workspace.write({ 'src/a.txt': 'other\n' });
    assert.match((await workspace.vt(outer, options)).stderr, /'src\/a\.txt' modified/);
  });

  it('knows vt and node by their files', async (t) => {
    const home = new Workspace(t);
    cpSync(path.dirname(vtProgram), home.path('dist'), { recursive: true });
    symlinkSync(path.join(projectRoot, 'node_modules'), home.path('node_modules'));
    const { workspace, options } = stage(t);
    const limited = async (): Promise<boolean> => {
      const argv = ['prlimit', '--as=100000000', '--core=0', home.path('dist/vt'), 'run', 'build'];
      return (await workspace.run(argv, options)).code === 0;
    };
    const untilLimited = async (): Promise<void> => {
      for (let time = 0; time < 5 && !(await limited()); time++)
        await workspace.run([home.path('dist/vt'), 'run', 'build'], options);
      assert.ok(await limited());
    };
    await untilLimited();
    for (const name of ['vt-main.cjs', 'vt.cjs', 'vt-yaml.cjs', 'vt']) {
      copyFileSync(home.path('dist', name), home.path('copy'));
      renameSync(home.path('copy'), home.path('dist', name));
      assert.ok(!(await limited()), name);
      await untilLimited();
    }
    workspace.script('bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
    assert.ok(!(await limited()), 'another node on PATH');
    for (let time = 0; time < 4; time++)
      await workspace.run([home.path('dist/vt'), 'run', 'build'], options);
    assert.ok(!(await limited()), 'a script that stands for node may choose one each time');
  });

  const unrecorded: Readonly<Record<string, (stage: Stage) => RunOptions>> = {
    'with options of Node that load something': ({ workspace, options }) => {
      workspace.write({ 'loaded.cjs': '' });
      const NODE_OPTIONS = `--require ${workspace.path('loaded.cjs')}`;
      return { ...options, env: { ...options.env, NODE_OPTIONS } };
    },
    'while a file it looks at is from the future': ({ workspace, options }) => {
      utimesSync(workspace.path('vite-task.json'), 4e9, 4e9);
      return options;
    },
    'without a place for records': ({ workspace, options }) => {
      workspace.write({ [repeats]: 'in the way' });
      return options;
    },
  };
  for (const [name, prepare] of Object.entries(unrecorded)) {
    it(`leaves no record ${name}`, async (t) => {
      const here = stage(t);
      await here.workspace.vt(here.run, here.options);
      const options = prepare(here);
      for (let time = 0; time < 4; time++) await here.workspace.vt(here.run, options);
      assert.match((await here.workspace.vt(here.run, options)).stdout, hit);
      assert.equal(await answered(here.workspace, here.run, options), undefined);
    });
  }

  it('with harmless options of Node is answered', async (t) => {
    const { workspace, options, run } = stage(t);
    const NODE_OPTIONS = '--max-old-space-size=2000 --no-warnings';
    await untilAnswered(workspace, run, { ...options, env: { ...options.env, NODE_OPTIONS } });
  });

  it('leaves what a hit leaves: its place among the last used, and the details', async (t) => {
    const { workspace, options, run } = stage(t);
    const shown = async (): Promise<number> => {
      const { stdout } = await workspace.vt(['cache', 'stats', '--json'], options);
      return (JSON.parse(stdout) as { hits: number }).hits;
    };
    await untilAnswered(workspace, run, options);
    const before = await shown();
    rmSync(workspace.path('node_modules/.cache/vt/last-details.txt'));
    assert.ok(await answered(workspace, run, options));
    assert.ok(await answered(workspace, run, options));
    assert.equal(await shown(), before + 2);
    const details = await workspace.vt(['run', '--last-details'], options);
    assert.match(
      details.stdout,
      /^\[1\] app#build: \$ sh build\.sh\n {4}cache hit: output replayed\n {4}outputs: 0 files restored, 1 already right\n {4}time: \d+ms, \d+ms saved\n$/,
    );
    const why = await workspace.vt(['why', 'build'], options);
    assert.match(why.stdout, /hit/);
  });

  it('keeps no value of a variable, and nothing that was printed, for others to read', async (t) => {
    const { workspace, options } = stage(t);
    workspace.write({
      'vite-task.json': '{ "tasks": { "build": "PASSWORD=open-sesame sh build.sh" } }',
    });
    const secret = { ...options, env: { ...options.env, MODE: 'very-secret-mode' } };
    await untilAnswered(workspace, ['run', 'build'], secret);
    const record = recordOf(workspace);
    const bytes = readFileSync(record, 'latin1');
    for (const text of ['very-secret-mode', 'open-sesame', 'helped', 'PASSWORD']) {
      assert.ok(!bytes.includes(text), text);
    }
    for (const file of [record, workspace.path(repeats, 'salt')]) {
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }
  });

  it('goes to Node for every flipped bit and every length of the record', async (t) => {
    const { workspace, options, run } = stage(t);
    await untilAnswered(workspace, run, options);
    const record = recordOf(workspace);
    const good = readFileSync(record);
    const spoil = async (bytes: Buffer, what: string): Promise<void> => {
      writeFileSync(record, bytes);
      assert.equal(await answered(workspace, run, options), undefined, what);
    };
    for (let at = 0; at < good.length; at += Math.ceil(good.length / 40)) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at & 7);
      await spoil(bytes, `bit ${at & 7} of byte ${at}`);
    }
    for (const length of [0, 1, 47, 48, 104, good.length - 1]) {
      await spoil(good.subarray(0, length), `${length} bytes`);
    }
    writeFileSync(record, good);
    assert.ok(await answered(workspace, run, options));
  });

  it('is answered in a terminal as in Node, one of the same size', async (t) => {
    const { workspace, options: given } = stage(t);
    workspace.write({
      'vite-task.json': '{ "tasks": { "build": "printf \'\\\\033[31mred\\\\033[0m\\\\n\'" } }',
    });
    const options = { ...given, terminal: true, env: { ...given.env, TERM: 'xterm' } };
    const start = async (program: string, columns: number): Promise<Finished> => {
      const command = `stty cols ${columns} rows 24; exec ${program} run build`;
      return workspace.run(['sh', '-c', command], options);
    };
    const limited = `prlimit --as=100000000 --core=0 '${vtProgram}'`;
    let seen = await start(`'${vtProgram}'`, 80);
    for (let time = 0; time < 5 && (await start(limited, 80)).code !== 0; time++) {
      seen = await start(`'${vtProgram}'`, 80);
    }
    const answer = await start(limited, 80);
    const steady = ({ code, stdout }: Finished): string =>
      `${code} ${stdout.replace(/\d+ms/, '<time>')}`;
    assert.equal(steady(answer), steady(seen));
    assert.ok(answer.stdout.includes('\x1b[31mred\x1b[0m'));
    assert.notEqual((await start(limited, 81)).code, 0);
  });

  it('of many packages, and their sum; another package is seen', async (t) => {
    const { workspace, options } = stage(t);
    workspace.write({ 'package.json': '{ "name": "root", "workspaces": ["packages/*"] }' });
    for (const name of ['a', 'b', 'c']) {
      workspace.write({
        [`packages/${name}/package.json`]: `{ "name": "${name}" }`,
        [`packages/${name}/vite-task.json`]: '{ "tasks": { "test": "cat in.txt" } }',
        [`packages/${name}/in.txt`]: `${name}\n`,
      });
    }
    const run = ['run', '-r', 'test'];
    const { stdout } = await untilAnswered(workspace, run, options);
    for (const name of ['a', 'b', 'c']) assert.match(stdout, new RegExp(`\\n${name}\\n`));
    assert.match(stdout, /vt run: 3\/3 cache hit \(100%\), 3\/3 successful, \d+ms saved\. /);
    workspace.write({
      'packages/d/package.json': '{ "name": "d" }',
      'packages/d/vite-task.json': '{ "tasks": { "test": "echo d" } }',
    });
    assert.equal(await answered(workspace, run, options), undefined);
    assert.match((await workspace.vt(run, options)).stdout, /vt run: 3\/4 cache hit/);
  });

  it('plans that are run in turns are remembered one by one', async (t) => {
    const { workspace, options } = stage(t);
    workspace.write({ 'package.json': '{ "name": "root", "workspaces": ["packages/*"] }' });
    for (const name of ['a', 'b']) {
      workspace.write({
        [`packages/${name}/package.json`]: `{ "name": "${name}" }`,
        [`packages/${name}/vite-task.json`]: '{ "tasks": { "one": "cat in", "two": "wc in" } }',
        [`packages/${name}/in`]: `${name}\n`,
      });
    }
    for (const task of ['one', 'two']) await untilAnswered(workspace, ['run', '-r', task], options);
    for (const task of ['one', 'two']) {
      assert.ok(await answered(workspace, ['run', '-r', task], options), task);
    }
  });

  it('in a linked worktree is answered from the cache of the main one', async (t) => {
    const { workspace, options } = stage(t);
    const git = async (...args: readonly string[]): Promise<void> => {
      const identity = ['-c', 'user.name=x', '-c', 'user.email=x@localhost'];
      const { code, all } = await workspace.run(['git', ...identity, ...args]);
      assert.equal(code, 0, all);
    };
    workspace.write({ '.gitignore': 'node_modules\nout\nlinked\n' });
    await git('init', '-q');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'first');
    await git('worktree', 'add', '-q', 'linked/tree');
    for (const cwd of ['linked/tree', 'linked/tree/src']) {
      const { stdout } = await untilAnswered(workspace, ['run', 'build'], { ...options, cwd });
      assert.match(stdout, /cache hit, replaying\none\n/);
    }
    workspace.write({ 'linked/tree/src/a.txt': 'other\n' });
    assert.equal(
      await answered(workspace, ['run', 'build'], { ...options, cwd: 'linked/tree' }),
      undefined,
    );
    assert.ok(!existsSync(workspace.path('linked/tree/node_modules')));
  });

  it('is answered into a pipe that is slow, and to nobody', async (t) => {
    const { workspace, options } = stage(t);
    workspace.write({ 'build.sh': 'seq 3000; cat src/a.txt\n' });
    const shell = async (script: string): Promise<string> =>
      (await workspace.run(['sh', '-c', script], options)).stdout;
    // By the shell, too: it may hand on variables in another order, or more of them.
    await shell(`for time in 1 2 3 4; do '${vtProgram}' run build | cat > shown; done`);
    const limited = `prlimit --as=100000000 --core=0 '${vtProgram}' run build`;
    const slow = await shell(`${limited} | (read -r line; echo "$line"; wc -l)`);
    assert.match(slow, hit);
    assert.equal(Number(slow.split('\n')[1]), workspace.read('shown').split('\n').length - 2);
    assert.equal(await shell(`{ ${limited}; echo $? > code; } | true; cat code`), '0\n');
    assert.equal(await shell(`${limited} > /dev/full; echo $?`), '0\n');
  });
});
