import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Digest } from '../../../cache/brands.js';
import {
  access,
  check,
  child,
  derive,
  ignoreInput,
  ignoreOutput,
  speaker,
  tool,
  type Did,
  type Given,
} from './derive-rig.js';

describe('dependencies', () => {
  check(
    'each kind of look becomes one fact, the strongest',
    {
      accesses: [
        access('', 'directory', { probed: true }),
        access('a', 'file', { content: true, probed: true }),
        access('b', 'absent', { probed: true }),
        access('c', 'file', { probed: true, inspected: true }),
        access('c2', 'file', { probed: true }),
        access('d', 'directory', { probed: true, listed: true }),
        access('e', 'directory', { probed: true }),
        access('l', 'symlink', { probed: true, link: 'a' }),
        access('m', 'symlink', { probed: true }),
        access('/usr/bin/cc', 'file', { executed: true }),
        access('run', 'file', { content: true, executed: true }),
      ],
    },
    {
      dependencies: [
        'content a',
        'absence b',
        'content c',
        'existence c2 file',
        'listing d',
        'existence e directory',
        'link l -> a',
        'existence m symlink',
        'content run',
        'program /usr/bin/cc',
      ],
      outputs: [],
    },
  );

  check(
    'names the task made and removed are told with a listing; temporary ones as a change',
    {
      accesses: [
        access('', 'directory', { listed: true }),
        access('d', 'directory', { listed: true }),
        access('d/new', 'absent', { written: true }),
        access('d/new/below', 'absent', { written: true }),
        access('d/old', 'file', { probed: true, written: true }),
        access('d/kept', 'file', { written: true }),
        access('top.tmp', 'absent', { written: true }),
      ],
      now: { 'd/new': 'directory', 'd/new/below': 'file', 'd/old': 'absent' },
    },
    {
      dependencies: [
        'listing . changed',
        'listing d +new -old ~kept changed',
        'existence d/old file',
        'absence top.tmp',
      ],
      outputs: ['d/kept existed', 'd/new', 'd/new/below', 'd/old existed'],
    },
  );

  check(
    'what a path was before the task changed it is a dependency',
    {
      accesses: [
        access('a', 'absent', { probed: true, written: true }),
        access('d', 'directory', { probed: true, written: true }),
        access('l', 'symlink', { link: 'x', written: true }),
      ],
      now: { a: 'file' },
    },
    {
      dependencies: ['absence a', 'existence d directory', 'link l -> x'],
      outputs: ['a', 'd existed', 'l existed'],
    },
  );

  check(
    'what is not there because of a file above it depends on that file',
    {
      accesses: [
        access('f', 'file', { written: true }),
        access('f/x', 'absent', { probed: true, written: true }),
        access('g/x/y', 'absent', { probed: true }),
        access('g/z', 'absent', { probed: true }),
        access('n', 'absent', { written: true }),
        access('n/x', 'absent', { probed: true }),
      ],
      now: { f: 'directory', 'f/x': 'file', g: 'file', n: 'file', 'g/x': 'absent' },
    },
    {
      dependencies: ['existence f file', 'existence g file', 'absence n/x'],
      outputs: ['f existed', 'f/x', 'n'],
    },
  );

  check(
    'variables reported on the channel, with who asked',
    {
      channel: {
        env: [
          { name: 'A', value: '1', speaker },
          { name: 'B', value: undefined, speaker: { pid: 99, argv: ['sh'] } },
        ],
        envQueries: [
          { pattern: { prefix: 'VITE_' }, matches: new Map([['VITE_X', 'y']]), speaker },
        ],
      },
    },
    {
      dependencies: [
        'env A=1 by 1',
        'env B=undefined by 2',
        'env-query {"prefix":"VITE_"} VITE_X,y by 1',
      ],
      outputs: [],
    },
  );

  test('processes that only spoke are listed behind those that were traced', () => {
    const result = derive({ channel: { env: [{ name: 'A', value: '', speaker: { pid: 99 } }] } });
    assert.deepEqual(result.kind === 'derived' && result.processes, [
      tool,
      child,
      { pid: 99, parent: -1, exe: '', argv: [] },
    ]);
  });
});

describe('reports', () => {
  const rewritten = access('dist/x', 'file', { content: true, written: true });

  test('read then written is refused with the path and both processes', () => {
    assert.deepEqual(derive({ accesses: [rewritten] }), {
      kind: 'read-then-written',
      path: 'dist/x',
      reader: tool,
      writer: child,
    });
  });

  check(
    'ignoreInput settles it: output only',
    { accesses: [rewritten], channel: ignoreInput('/ws/dist') },
    { dependencies: [], outputs: ['dist/x existed'] },
  );
  check(
    'ignoreOutput settles it: what counts is the content the task left',
    { accesses: [rewritten], channel: ignoreOutput('/ws/dist/x') },
    { dependencies: ['content dist/x as left'], outputs: [] },
  );
  check(
    'both: neither input nor output, with everything below, but not what only begins alike',
    {
      accesses: [
        access('c', 'directory', { listed: true }),
        access('c/f', 'file', { content: true, written: true }),
        access('c/l', 'symlink', { link: 'f' }),
        access('c/n', 'absent', { probed: true }),
        access('cc', 'file', { content: true }),
      ],
      channel: { ...ignoreInput('/ws/c'), ...ignoreOutput('/ws/c') },
    },
    { dependencies: ['content cc'], outputs: [] },
  );
  check(
    'a report of the workspace covers all; one of elsewhere nothing',
    {
      accesses: [access('a', 'file', { content: true }), access('b', 'absent', { written: true })],
      now: { b: 'file' },
      channel: { ...ignoreInput('/ws'), ...ignoreOutput('/elsewhere') },
    },
    { dependencies: [], outputs: ['b'] },
  );
  check(
    'a report through a symlink covers the real place',
    {
      accesses: [access('real/f', 'file', { content: true })],
      channel: ignoreInput('/ws/link'),
      physical: { '/ws/link': '/ws/real' },
    },
    { dependencies: [], outputs: [] },
  );
  check(
    'private state that was not there before is no dependency either',
    {
      accesses: [access('state', 'absent', { probed: true, written: true })],
      now: { state: 'file' },
      channel: ignoreOutput('/ws/state'),
    },
    { dependencies: [], outputs: [] },
  );
});

describe('configuration', () => {
  const looks = [
    access('src/a', 'file', { content: true }),
    access('src', 'directory', { listed: true }),
    access('src/.hidden', 'file', { content: true }),
    access('lib/b', 'file', { content: true }),
    access('lib/x.tmp', 'absent', { probed: true }),
  ];
  check(
    'exclusions win over tracking, dot files and the subtree’s listing included',
    { accesses: looks, input: { exclude: ['src/**', '**/*.tmp'] } },
    { dependencies: ['content lib/b'], outputs: [] },
  );
  check(
    'a directory whose every name is excluded has nothing to list',
    { accesses: looks, input: { exclude: ['src/*'] } },
    {
      dependencies: ['content lib/b', 'absence lib/x.tmp', 'existence src directory'],
      outputs: [],
    },
  );
  check(
    'named files are inputs whatever was read or reported',
    {
      accesses: looks,
      input: { include: ['lib/**'], exclude: ['lib/x*'] },
      inputMatches: ['lib/b', 'lib/unread'],
      channel: ignoreInput('/ws'),
    },
    {
      dependencies: [
        'content lib/b',
        'glob lib/** !lib/x* = lib/b,lib/unread',
        'content lib/unread by the runner',
      ],
      outputs: [],
    },
  );
  check(
    'without auto only the named files are',
    {
      accesses: [...looks, access('/usr/bin/cc', 'file', { executed: true })],
      input: { auto: false, include: ['lib/*'] },
      inputMatches: ['lib/b'],
    },
    { dependencies: ['glob lib/* ! = lib/b', 'content lib/b by the runner'], outputs: [] },
  );
  check(
    'named symlinks count by where they lead, and by the file there',
    {
      accesses: [],
      input: { auto: false, include: ['lib/*'] },
      inputMatches: ['lib/a', 'lib/b', 'lib/c', 'lib/d'],
      now: { 'lib/a': 'symlink', 'lib/c': 'symlink', 'lib/d': 'symlink', none: 'absent' },
      links: { 'lib/a': '../shared/a', 'lib/c': '/elsewhere/c', 'lib/d': '../none' },
    },
    {
      dependencies: [
        'glob lib/* ! = lib/a,lib/b,lib/c,lib/d',
        'link lib/a -> ../shared/a',
        'content shared/a by the runner',
        'content lib/b by the runner',
        'link lib/c -> /elsewhere/c',
        'link lib/d -> ../none',
        'absence none by the runner',
      ],
      outputs: [],
    },
  );
  test('a named symlink to a directory is refused: what is below is matched by nothing', () => {
    assert.deepEqual(
      derive({
        input: { auto: false, include: ['lib/*'] },
        inputMatches: ['lib/a'],
        now: { 'lib/a': 'symlink', shared: 'directory' },
        links: { 'lib/a': '../shared' },
      }),
      { kind: 'unreadable-input', path: 'lib/a', detail: 'not-a-file' },
    );
  });
  check(
    'no input at all',
    { accesses: looks, input: { auto: false } },
    { dependencies: [], outputs: [] },
  );
  test('a named input that the task changes is refused, in spite of reports', () => {
    assert.deepEqual(
      derive({
        accesses: [access('lib/b', 'file', { written: true })],
        input: { include: ['lib/**'] },
        inputMatches: ['lib/b'],
        channel: { ...ignoreInput('/ws'), ...ignoreOutput('/ws') },
      }),
      { kind: 'read-then-written', path: 'lib/b', writer: child },
    );
  });
  const made = [
    access('dist/a', 'absent', { written: true }),
    access('dist/a.map', 'absent', { written: true }),
    access('log', 'file', { content: true, written: true }),
  ];
  const now = { 'dist/a': 'file', 'dist/a.map': 'file' } as const;
  check(
    'an output exclusion settles read and written',
    { accesses: made, now, output: { exclude: ['log', '**/*.map'] } },
    { dependencies: ['content log as left'], outputs: ['dist/a'] },
  );
  check(
    'named outputs are outputs whatever was reported, also those the task left alone',
    {
      accesses: made,
      now,
      output: { include: ['dist/**'], exclude: ['log'] },
      outputMatches: ['dist/a', 'dist/a.map', 'dist/other'],
      channel: ignoreOutput('/ws'),
    },
    {
      dependencies: ['content log as left'],
      outputs: ['dist/a', 'dist/a.map', 'dist/other existed'],
    },
  );
  check(
    'without auto only the named ones are, deletions too',
    {
      accesses: [...made, access('dist/old', 'file', { written: true })],
      now: { ...now, 'dist/old': 'absent' },
      output: { auto: false, include: ['dist/*'] },
      outputMatches: ['dist/a', 'dist/a.map'],
    },
    {
      dependencies: ['content log as left'],
      outputs: ['dist/a', 'dist/a.map', 'dist/old existed'],
    },
  );
});

describe('noise', () => {
  check(
    'the repository and the runner’s own directory are neither input nor output',
    {
      accesses: [
        access('.git', 'directory', { listed: true }),
        access('.git/index', 'file', { content: true, written: true }),
        access('.gitignore', 'file', { content: true }),
        access('node_modules/.cache/vt/x', 'file', { content: true, written: true }),
        access('node_modules/.cache/vtx', 'file', { content: true }),
      ],
    },
    { dependencies: ['content .gitignore', 'content node_modules/.cache/vtx'], outputs: [] },
  );
  check(
    'of what package managers rewrite only the existence counts, of links where they lead',
    {
      accesses: [
        access('node_modules/.bin/vite', 'symlink', { link: '../vite/x.js', probed: true }),
        access('app/node_modules/.bin/tsc', 'file', { content: true }),
        access('app/node_modules/.bin', 'directory', { listed: true }),
        access('node_modules/.modules.yaml', 'file', { content: true, written: true }),
        access('node_modules/.pnpm-workspace-state-v1.json', 'absent', { probed: true }),
        access('node_modules/.bin/deep/x', 'file', { content: true }),
      ],
    },
    {
      dependencies: [
        'listing app/node_modules/.bin',
        'existence app/node_modules/.bin/tsc file',
        'content node_modules/.bin/deep/x',
        'link node_modules/.bin/vite -> ../vite/x.js',
        'existence node_modules/.modules.yaml file',
        'absence node_modules/.pnpm-workspace-state-v1.json',
      ],
      outputs: ['node_modules/.modules.yaml existed'],
    },
  );
  check(
    'nothing below a directory marked as a cache is an input to who writes there; what is made is kept',
    {
      accesses: [
        access('target', 'directory', { probed: true, listed: true }),
        access('target/deep/x', 'file', { content: true, written: true }),
        access('target/other/y', 'file', { content: true }),
        access('target2', 'file', { content: true }),
      ],
      tagged: ['target', ''],
    },
    {
      dependencies: ['existence target directory', 'content target2'],
      outputs: ['target/deep/x existed'],
    },
  );
  check(
    'to who only reads there it is like any other',
    {
      accesses: [
        access('target', 'directory', { listed: true }),
        access('target/app', 'file', { content: true }),
        access('cache/app', 'file', { written: true }),
        access('cache/inner/x', 'file', { content: true }),
      ],
      tagged: ['target', 'cache/inner'],
    },
    {
      dependencies: ['content cache/inner/x', 'listing target', 'content target/app'],
      outputs: ['cache/app existed'],
    },
  );
});

describe('outputs', () => {
  check(
    'what was made, changed, deleted; not what came and went, nor what is elsewhere',
    {
      accesses: [
        access('a', 'absent', { written: true }),
        access('b', 'file', { written: true }),
        access('c', 'file', { probed: true, written: true }),
        access('empty', 'absent', { probed: true, written: true }),
        access('tmp', 'absent', { probed: true, written: true }),
        access('/tmp/x', 'absent', { written: true }),
      ],
      now: { a: 'file', c: 'absent', empty: 'directory' },
    },
    {
      dependencies: ['existence c file', 'absence empty', 'absence tmp'],
      outputs: ['a', 'b existed', 'c existed', 'empty'],
    },
  );

  test('with who changed them first, if that was seen', () => {
    const result = derive({
      accesses: [access('dist/a', 'absent', { written: true })],
      output: { auto: true, include: ['dist/**'] },
      outputMatches: ['dist/a', 'dist/b'],
      now: { 'dist/a': 'file' },
    });
    assert.ok(result.kind === 'derived');
    assert.deepEqual(
      result.outputs.map(({ path, writer }) => [path, writer]),
      [
        ['dist/a', 1],
        ['dist/b', undefined],
      ],
    );
  });
});

describe('refusals', () => {
  test('a task that opted out, before anything else is looked at', () => {
    assert.deepEqual(
      derive({
        channel: { cacheDisabled: { reason: 'dev server', speaker }, failures: [] },
        incomplete: [{ cause: 'io-uring' }],
      }),
      { kind: 'opted-out', reason: 'dev server', speaker },
    );
  });

  test('with the command line that tracking saw of a process that was gone too soon', () => {
    const { pid } = child;
    assert.deepEqual(derive({ channel: { cacheDisabled: { speaker: { pid } } } }), {
      kind: 'opted-out',
      speaker: { pid, argv: child.argv },
    });
    const failures = [{ kind: 'unfinished-message', speaker: { pid } }] as const;
    assert.deepEqual(derive({ channel: { failures } }), {
      kind: 'channel-failed',
      failures: [{ kind: 'unfinished-message', speaker: { pid, argv: child.argv } }],
    });
  });

  test('unless the user’s configuration does not let it', () => {
    const channel = { cacheDisabled: { speaker } };
    assert.equal(derive({ channel, mayOptOut: false }).kind, 'derived');
  });

  test('a channel that failed', () => {
    const failures = [{ kind: 'garbage', bytes: 3 }] as const;
    assert.deepEqual(derive({ channel: { failures } }), { kind: 'channel-failed', failures });
  });

  test('tracking that is incomplete, unless nothing is automatic', () => {
    const incomplete = [{ cause: 'io-uring' }, { cause: 'survivors' }] as const;
    assert.deepEqual(derive({ incomplete }), { kind: 'tracking-incomplete', incomplete });
    const declared = { input: { auto: false }, output: { auto: false } };
    assert.equal(derive({ incomplete: [{ cause: 'io-uring' }], ...declared }).kind, 'derived');
    assert.deepEqual(derive({ incomplete, ...declared }), {
      kind: 'tracking-incomplete',
      incomplete: [{ cause: 'survivors' }],
    });
  });

  test('a path of which nobody knows what it was', () => {
    const unknown = access('x', 'unknown', { probed: true, written: true });
    const refused = { kind: 'read-then-written', path: 'x', reader: tool, writer: child };
    assert.deepEqual(derive({ accesses: [unknown] }), refused);
    assert.deepEqual(derive({ accesses: [unknown], channel: ignoreInput('/ws/x') }), refused);
    const both = { ...ignoreInput('/ws/x'), ...ignoreOutput('/ws/x') };
    assert.equal(derive({ accesses: [unknown], channel: both }).kind, 'derived');
    const listed = access('', 'directory', { listed: true });
    assert.deepEqual(derive({ accesses: [unknown, listed], channel: both }), refused);
  });

  test('something read that is not a file', () => {
    assert.deepEqual(derive({ accesses: [access('fifo', 'other', { content: true })] }), {
      kind: 'unreadable-input',
      path: 'fifo',
      detail: 'not-a-file',
    });
  });
});

describe('what the result leaves out, and who said so', () => {
  const ignored = (given: Given) => {
    const result = derive(given);
    assert.ok(result.kind === 'derived', JSON.stringify(result));
    return (result.ignored ?? []).map(
      ({ part, by, paths, more }) =>
        `${part} ${JSON.stringify(by)}: ${paths.map((p) => `${p.path} by ${p.process}`).join()} ${more}`,
    );
  };

  test('a report of the task, by the process that made it, also where nothing was touched', () => {
    assert.deepEqual(
      ignored({
        accesses: [
          access('cache/a', 'file', { content: true, written: true }),
          access('cache/b', 'absent', { probed: true }),
        ],
        channel: {
          ignoredInputs: [{ path: '/ws/cache', speaker: { ...speaker, label: 'vite' } }],
          ignoredOutputs: [
            { path: '/ws/cache', speaker },
            { path: '/ws/none', speaker },
            { path: '/elsewhere', speaker },
          ],
        },
      }),
      [
        'reads {"kind":"report","path":"cache","speaker":1,"label":"vite"}: cache/a by 0,cache/b by 0 0',
        'writes {"kind":"report","path":"cache","speaker":1}: cache/a by 1 0',
        'writes {"kind":"report","path":"none","speaker":1}:  0',
      ],
    );
  });

  test('the glob of the configuration that excluded it, the first of several', () => {
    assert.deepEqual(
      ignored({
        accesses: [
          access('logs/a.log', 'file', { content: true }),
          access('logs/b.log', 'absent', { written: true }),
          access('src/a', 'file', { content: true }),
        ],
        input: { exclude: ['logs/**', '**/*.log'] },
        output: { exclude: ['**/*.log'] },
      }),
      [
        'reads {"kind":"excluded","glob":"logs/**"}: logs/a.log by 0 0',
        'writes {"kind":"excluded","glob":"**/*.log"}: logs/b.log by 1 0',
      ],
    );
  });

  test('a configuration that names what counts: what it names is not left out', () => {
    assert.deepEqual(
      ignored({
        accesses: [
          access('src/a', 'file', { content: true }),
          access('other', 'file', { content: true }),
        ],
        input: { auto: false, include: ['src/**'] },
        inputMatches: ['src/a'],
      }),
      ['reads {"kind":"not-named"}: other by 0 0'],
    );
  });

  test('rules of vt itself', () => {
    assert.deepEqual(
      ignored({
        accesses: [
          access('.git/HEAD', 'file', { content: true }),
          access('node_modules/.bin/vite', 'file', { content: true }),
          access('node_modules/.cache/vt/v2/index.db', 'file', { written: true }),
          access('target/debug/x', 'file', { content: true }),
          access('target/log', 'absent', { written: true }),
        ],
        tagged: ['target'],
      }),
      [
        'reads {"kind":"version-control","path":".git"}: .git/HEAD by 0 0',
        'reads {"kind":"cache-tag","path":"target"}: target/debug/x by 0 0',
        'contents {"kind":"package-manager"}: node_modules/.bin/vite by 0 0',
        'writes {"kind":"own-cache","path":"node_modules/.cache/vt"}: node_modules/.cache/vt/v2/index.db by 1 0',
      ],
    );
  });

  test('of a great many paths the first ones, and how many more', () => {
    const accesses = Array.from({ length: 620 }, (_, n) =>
      access(`cache/${String(n).padStart(3, '0')}`, 'file', { content: true }),
    );
    const result = derive({ accesses, channel: ignoreInput('/ws/cache') });
    assert.ok(result.kind === 'derived');
    const [rule] = result.ignored ?? [];
    assert.deepEqual(
      [rule?.paths.length, rule?.more, rule?.paths[499]?.path],
      [500, 120, 'cache/499'],
    );
  });
});

describe('a file that the task changed', () => {
  const held = { digest: 'a'.repeat(64) as Digest, executable: false, ctimeNs: 5n };
  const content = (path: string, before?: object) => ({
    kind: 'content',
    path,
    observer: 0,
    ...(before && { before }),
  });
  const dependencies = (given: Given): unknown => {
    const result = derive(given);
    return result.kind === 'derived' ? result.dependencies : result;
  };

  test('depends on what it held before, once it was read or looked at', () => {
    for (const did of [{ content: true }, { probed: true, inspected: true }] as const) {
      const accesses = [access('f', 'file', { ...did, written: true, held })];
      assert.deepEqual(dependencies({ accesses }), [content('f', held)]);
    }
  });

  test('depends on no more than that it is there when nothing more was learnt', () => {
    const accesses = [access('f', 'file', { probed: true, written: true, held })];
    const existence = { kind: 'existence', path: 'f', entry: 'file', observer: 0 };
    assert.deepEqual(dependencies({ accesses }), [existence]);
  });

  test('depends on what a look showed also where it is deleted', () => {
    const accesses = [access('f', 'file', { inspected: true, probed: true, written: true, held })];
    assert.deepEqual(dependencies({ accesses, now: { f: 'absent' } }), [content('f', held)]);
  });

  test('is compared where it was moved to', () => {
    const accesses = [access('d/f', 'file', { content: true, written: true, movedTo: 'e/f' })];
    const moved = content('d/f', { movedTo: 'e/f' });
    assert.deepEqual(dependencies({ accesses, now: { 'd/f': 'absent' } }), [moved]);
  });

  test('is told as unchanged where it only got another name', () => {
    const accesses = [access('f', 'file', { content: true, held })];
    assert.deepEqual(dependencies({ accesses }), [content('f', held)]);
  });

  test('is refused where what it held is not known, with the reason', () => {
    const conflict = { kind: 'read-then-written', path: 'f', reader: tool, writer: child };
    const changedBy = (did: Did) => [access('f', 'file', { content: true, written: true, ...did })];
    for (const [did, refusal] of [
      [{}, conflict],
      [{ held: { failure: 'too-large' } }, { ...conflict, because: 'too-large' }],
      [{ held: { failure: 'unreadable' } }, { ...conflict, because: 'unreadable' }],
      [{ held: { failure: 'changed' } }, { kind: 'modified-during-run', path: 'f' }],
    ] as const) {
      assert.deepEqual(dependencies({ accesses: changedBy(did) }), refusal);
    }
  });

  test('counts when it is a named input, too', () => {
    const given = { input: { include: ['f'] }, inputMatches: ['f'] };
    const accesses = [access('f', 'file', { written: true, held })];
    assert.deepEqual(
      (dependencies({ accesses, ...given }) as object[]).filter(
        (dependency) => 'before' in dependency,
      ),
      [{ ...content('f', held), observer: -1 }],
    );
  });

  test('needs nothing of it known when it is no input, or no output', () => {
    const accesses = [access('f', 'file', { content: true, written: true })];
    for (const channel of [ignoreInput('/ws/f'), ignoreOutput('/ws/f')]) {
      assert.equal(derive({ accesses, channel }).kind, 'derived');
    }
  });
});
