import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'node:test';
import { Workspace, type Finished } from './harness/workspace.js';

/** The rows of docs/tracking.md: what a result depends on, what it does not. */

interface Row {
  readonly does: string;
  /** Run by sh, in a workspace with `files`. */
  readonly script: string;
  readonly then: (workspace: Workspace) => void;
  /** Undefined: a hit. */
  readonly miss?: string;
}

const files = {
  'package.json': '{}',
  'a.txt': 'a\n',
  'dir/b.txt': 'b\n',
  'dir/sub/c.txt': 'c\n',
  'node_modules/.bin/tool': 'one\n',
  'node_modules/one/bin.sh': 'echo one\n',
  'node_modules/two/bin.sh': 'echo two\n',
  'tool-cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55\n',
  'tool-cache/state': 'one\n',
  '.git/HEAD': 'ref: refs/heads/main\n',
};

const rows: readonly Row[] = [
  {
    does: 'reads a file whose content changes',
    script: 'cat a.txt',
    then: (w) => w.write({ 'a.txt': 'other\n' }),
    miss: "'a.txt' modified",
  },
  {
    does: 'reads a file that is written again as it was',
    script: 'cat a.txt',
    then: (w) => w.write({ 'a.txt': 'a\n' }),
  },
  {
    does: 'reads a file that becomes executable',
    script: 'cat a.txt',
    then: (w) => {
      chmodSync(w.path('a.txt'), 0o755);
    },
    miss: "'a.txt' modified",
  },
  {
    does: 'reads a file that is deleted',
    script: 'cat a.txt 2>/dev/null || true',
    then: (w) => {
      w.remove('a.txt');
    },
    miss: "'a.txt' removed from workspace root",
  },
  {
    does: 'only looks at a file, as those do that decide by times, and it changes',
    script: 'test -e a.txt',
    then: (w) => w.write({ 'a.txt': 'other\n' }),
    miss: "'a.txt' modified",
  },
  {
    does: 'only asks whether a file exists, which becomes a directory',
    script: 'test -e a.txt',
    then: (w) => {
      unlinkSync(w.path('a.txt'));
      mkdirSync(w.path('a.txt'));
    },
    miss: "'a.txt' modified",
  },
  {
    does: 'asks whether a file is there, without a look at it, and it changes',
    script: `node -e 'require("node:fs").existsSync("a.txt")'`,
    then: (w) => w.write({ 'a.txt': 'other\n' }),
  },
  {
    does: 'asks whether a file is there, and it is removed',
    script: `node -e 'require("node:fs").existsSync("a.txt")'`,
    then: (w) => {
      w.remove('a.txt');
    },
    miss: "'a.txt' removed from workspace root",
  },
  {
    does: 'asks whether it may execute a file, and then it may',
    script: 'test -x a.txt || true',
    then: (w) => {
      chmodSync(w.path('a.txt'), 0o755);
    },
    miss: "'a.txt' modified",
  },
  {
    does: 'reads a file whose times change',
    script: 'ls -l a.txt; cat a.txt',
    then: (w) => {
      utimesSync(w.path('a.txt'), 1, 1);
    },
  },
  {
    does: 'looks for a file that is not there, and then is',
    script: 'cat dir/missing.txt 2>/dev/null || true',
    then: (w) => w.write({ 'dir/missing.txt': '' }),
    miss: "'missing.txt' added in 'dir'",
  },
  {
    does: 'lists a directory that gets an entry',
    script: 'ls dir',
    then: (w) => w.write({ 'dir/new.txt': '' }),
    miss: "'new.txt' added in 'dir'",
  },
  {
    does: 'lists a directory that loses one',
    script: 'ls dir',
    then: (w) => {
      w.remove('dir/b.txt');
    },
    miss: "'b.txt' removed from 'dir'",
  },
  {
    does: 'lists a directory, of which a file changes',
    script: 'ls dir',
    then: (w) => w.write({ 'dir/b.txt': 'other\n' }),
  },
  {
    does: 'reads a file in a directory that gets an entry',
    script: 'cat dir/b.txt',
    then: (w) => w.write({ 'dir/new.txt': '' }),
  },
  {
    does: 'reads through a symlink that then leads elsewhere',
    script: 'cat link',
    then: (w) => {
      unlinkSync(w.path('link'));
      symlinkSync('dir/b.txt', w.path('link'));
    },
    miss: "'link' modified",
  },
  {
    does: 'reads in a directory that becomes a symlink to the same files',
    script: 'cat dir/b.txt',
    then: (w) => {
      renameSync(w.path('dir'), w.path('moved'));
      symlinkSync('moved', w.path('dir'));
    },
  },
  {
    does: 'makes a file in a directory that then is not there',
    script: '{ echo made > dir/sub/new.txt; } 2>/dev/null || true',
    then: (w) => {
      w.remove('dir/sub');
    },
    miss: "'sub' removed from 'dir'",
  },
  {
    does: 'reads what package managers link to, in node_modules/.bin',
    script: 'cat node_modules/.bin/tool',
    then: (w) => w.write({ 'node_modules/.bin/tool': 'two\n' }),
  },
  {
    does: 'reads below a directory with a CACHEDIR.TAG that it writes in',
    script: 'cat tool-cache/state; echo used > tool-cache/log',
    then: (w) => w.write({ 'tool-cache/state': 'two\n' }),
  },
  {
    does: 'only reads below a directory with a CACHEDIR.TAG',
    script: 'cat tool-cache/state',
    then: (w) => w.write({ 'tool-cache/state': 'two\n' }),
    miss: "'tool-cache/state' modified",
  },
  {
    does: 'goes through a link in node_modules/.bin that leads elsewhere now',
    script: 'sh node_modules/.bin/linked',
    then: (w) => {
      w.remove('node_modules/.bin/linked');
      symlinkSync('../two/bin.sh', w.path('node_modules/.bin/linked'));
    },
    miss: "'node_modules/.bin/linked' modified",
  },
  {
    does: "reads the repository's own files",
    script: 'cat .git/HEAD',
    then: (w) => w.write({ '.git/HEAD': 'ref: refs/heads/other\n' }),
  },
];

describe('a command that', () => {
  for (const { does, script, then, miss } of rows) {
    it(`${does} ${miss === undefined ? 'hits' : 'misses'}`, async (t) => {
      const workspace = new Workspace(t, files);
      symlinkSync('a.txt', workspace.path('link'));
      symlinkSync('../one/bin.sh', workspace.path('node_modules/.bin/linked'));
      const run = async (): Promise<string> => {
        const { code, stderr } = await workspace.vt([
          'exec',
          '--name',
          'it',
          '--',
          'sh',
          '-c',
          script,
        ]);
        assert.equal(code, 0, stderr);
        return /(◉ cache hit|○ cache miss: .*), \w+\n$/.exec(stderr)?.[1] ?? stderr;
      };
      assert.equal(await run(), '');
      assert.equal(await run(), '◉ cache hit');
      then(workspace);
      assert.equal(await run(), miss === undefined ? '◉ cache hit' : `○ cache miss: ${miss}`);
    });
  }
});

describe('a command that looks whether its output exists', () => {
  it('hits from its third run on', async (t) => {
    const workspace = new Workspace(t, { 'a.txt': 'a\n' });
    const copy = async (): Promise<string> =>
      (await workspace.vt(['exec', '--', 'cp', 'a.txt', 'b.txt'])).stderr;
    assert.equal(await copy(), '');
    assert.equal(
      await copy(),
      "$ cp a.txt b.txt ○ cache miss: 'b.txt' added in workspace root, executing\n",
    );
    assert.equal(await copy(), '$ cp a.txt b.txt ◉ cache hit, replaying\n');
    workspace.remove('b.txt');
    assert.equal(await copy(), '$ cp a.txt b.txt ◉ cache hit, replaying\n');
    assert.equal(workspace.read('b.txt'), 'a\n');
  });
});

describe('a command that decides by the times of files', () => {
  it('misses after an edit although it only looked at the file', async (t) => {
    for (const [file, changed, argv, files] of [
      [
        'src/a.txt',
        'other\n',
        ['make', '-s'],
        { 'src/a.txt': 'a\n', Makefile: 'b.txt: src/a.txt\n\tcat src/a.txt; cp src/a.txt b.txt\n' },
      ],
      [
        'module.py',
        'print("other one")\n',
        ['python3', 'main.py'],
        { 'module.py': 'print("a")\n', 'main.py': 'import module\n' },
      ],
    ] as const) {
      const workspace = new Workspace(t, files);
      const run = (): Promise<Finished> => workspace.vt(['exec', '--', ...argv]);
      // Until what it makes for itself (b.txt, __pycache__) is there and found.
      for (let time = 0; time < 3; time++) await run();
      assert.match((await run()).stderr, /◉ cache hit, replaying/);
      workspace.write({ [file]: changed });
      const after = await run();
      assert.ok(after.stderr.includes(`○ cache miss: '${file}' modified, executing`), after.stderr);
      assert.match(after.stdout, /other/);
    }
  });
});

describe('outside the workspace', () => {
  it('files are neither inputs nor outputs, programs count by identity', async (t) => {
    const elsewhere = new Workspace(t, { 'data.txt': 'one\n' });
    elsewhere.script('program', '#!/bin/sh\ncat "$1/data.txt"; echo made > "$1/made.txt"\n');
    const workspace = new Workspace(t);
    const run = async (): Promise<string[]> => {
      const command = [elsewhere.path('program'), elsewhere.root];
      const { stdout, stderr } = await workspace.vt(['exec', '--name', 'it', '--', ...command]);
      return [stdout, stderr.replaceAll(elsewhere.root, 'elsewhere')];
    };
    const line = '$ elsewhere/program elsewhere';
    assert.deepEqual(await run(), ['one\n', '']);
    elsewhere.write({ 'data.txt': 'two\n' });
    elsewhere.remove('made.txt');
    assert.deepEqual(await run(), ['one\n', `${line} ◉ cache hit, replaying\n`]);
    assert.equal(elsewhere.exists('made.txt'), false);
    writeFileSync(elsewhere.path('program'), '#!/bin/sh\necho updated\n');
    assert.deepEqual(await run(), [
      'updated\n',
      `${line} ○ cache miss: program 'elsewhere/program' changed, executing\n`,
    ]);
  });
});

describe('a program that is found in PATH', () => {
  it('is another one with another PATH, or where its link leads elsewhere', async (t) => {
    const elsewhere = new Workspace(t);
    for (const version of ['one', 'two']) {
      elsewhere.script(`${version}/tool`, `#!/bin/sh\necho ${version}\n`);
    }
    symlinkSync('../one/tool', elsewhere.path('one/linked'));
    const workspace = new Workspace(t);
    const run = async (name: string, version: string): Promise<string> => {
      const PATH = `${elsewhere.path(version)}:${process.env['PATH'] ?? ''}`;
      const { stdout, stderr } = await workspace.vt(['exec', '--', 'sh', '-c', `${name}; true`], {
        env: { PATH },
      });
      return stdout + (/◉ cache hit|○ cache miss: .*(?=, ex)/.exec(stderr)?.[0] ?? stderr);
    };
    const miss = (file: string): string =>
      `○ cache miss: program '${elsewhere.path(file)}' changed`;
    assert.equal(await run('tool', 'one'), 'one\n');
    assert.equal(await run('tool', 'two'), `two\n${miss('one/tool')}`);
    assert.equal(await run('tool', 'one'), 'one\n◉ cache hit');
    assert.equal(await run('tool', 'two'), 'two\n◉ cache hit');

    assert.equal(await run('linked', 'one'), 'one\n');
    elsewhere.remove('one/linked');
    symlinkSync('../two/tool', elsewhere.path('one/linked'));
    assert.equal(await run('linked', 'one'), `two\n${miss('one/tool')}`);
  });
});

describe('a symlink that an input glob matches', () => {
  it('counts by where it leads and by the file there', async (t) => {
    const workspace = new Workspace(t, {
      'shared/one': '1\n',
      'shared/two': '2\n',
      'src/a': 'a\n',
    });
    symlinkSync('../shared/one', workspace.path('src/link'));
    const run = async (): Promise<string> => {
      const flags = ['--input', 'src/**', '--output', 'out'];
      const { stdout, stderr } = await workspace.vt(['exec', ...flags, '--', 'cat', 'src/link']);
      return stdout + (/◉ cache hit|○ cache miss: .*(?=, ex)/.exec(stderr)?.[0] ?? stderr);
    };
    assert.equal(await run(), '1\n');
    assert.equal(await run(), '1\n◉ cache hit');
    workspace.write({ 'shared/one': 'other\n' });
    assert.equal(await run(), "other\n○ cache miss: 'shared/one' modified");
    workspace.remove('src/link');
    symlinkSync('../shared/two', workspace.path('src/link'));
    assert.equal(await run(), "2\n○ cache miss: 'src/link' modified");
  });
});

describe('what nobody can see', () => {
  it('time and randomness are replayed as they were', async (t) => {
    const workspace = new Workspace(t);
    const command = [
      'exec',
      '-q',
      '--',
      'node',
      '-p',
      'process.hrtime.bigint() + "" + Math.random()',
    ];
    const first = await workspace.vt(command);
    assert.equal((await workspace.vt(command)).stdout, first.stdout);
  });
});

describe('standard input', () => {
  it('of a cached command is empty, of an uncached one is what vt gets', async (t) => {
    const workspace = new Workspace(t);
    const cat = async (...flags: string[]): Promise<string> => {
      const argv = ['exec', '-q', ...flags, '--', 'cat'];
      const run = workspace.startVt(argv, { input: 'open' });
      run.child.stdin.end('said\n');
      return (await run.finished).stdout;
    };
    assert.equal(await cat(), '');
    assert.equal(await cat('--no-cache'), 'said\n');
  });
});

describe('an input that somebody edits while the task runs', () => {
  it('keeps the run out of the cache', async (t) => {
    const workspace = new Workspace(t, { 'a.txt': 'a\n' });
    const script = 'cat a.txt; mkfifo go; echo waiting; read line < go; rm go';
    const run = workspace.startVt(['exec', '--', 'sh', '-c', script]);
    const waiting = new Promise<void>((resolve) => {
      run.child.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('waiting')) resolve();
      });
    });
    await Promise.race([waiting, run.finished.then(({ all }) => assert.fail(all))]);
    workspace.write({ 'a.txt': 'edited\n' });
    writeFileSync(workspace.path('go'), '\n');
    assert.equal(
      (await run.finished).stderr,
      "vt: not cached: 'a.txt' was modified while the task ran\n",
    );
  });
});
