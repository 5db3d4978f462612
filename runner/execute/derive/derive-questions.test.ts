import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Digest } from '../../../cache/brands.js';
import type { ExplainedLooks } from '../../tracker/explained-looks.js';
import type { Incompleteness } from '../../tracker/task-trace.js';
import { access, check, child, derive, ignoreInput, speaker, tool } from './derive-rig.js';

describe('questions', () => {
  const speakerless = { speaker };
  const exists = (path: string) =>
    ({ kind: 'exists', path: `/ws/${path}`, ...speakerless }) as const;
  const json = (path: string) =>
    ({ kind: 'json', path: `/ws/${path}`, pointer: '/a', ...speakerless }) as const;
  const glob = (matches: readonly string[], include = '**/*.ts') =>
    ({
      kind: 'glob',
      directory: '/ws/src',
      include: [include],
      exclude: ['x/**'],
      matches,
      ...speakerless,
    }) as const;
  const globOf = (matches: string) =>
    `glob src/**/*.ts !src/x/**,.git/**,node_modules/.cache/vt/** = ${matches}`;

  check(
    'each is a fact of its own',
    {
      channel: {
        queries: [
          exists('f'),
          exists('none'),
          exists('d'),
          json('p.json'),
          json('none'),
          glob(['b.ts', 'a.ts']),
        ],
      },
      now: { none: 'absent', d: 'directory', src: 'directory' },
    },
    {
      dependencies: [
        'existence f file',
        'absence none',
        'existence d directory',
        'json p.json /a by 1',
        'absence none',
        globOf('src/a.ts,src/b.ts'),
      ],
      outputs: [],
    },
  );

  check(
    'symlinks on the way count, to where they lead; outside the workspace nothing does',
    {
      channel: {
        queries: [
          json('l/p.json'),
          exists('out/x'),
          { kind: 'exists', path: '/etc/passwd', speaker },
        ],
      },
      links: { l: 'real/./dir', out: '/etc' },
      now: { l: 'symlink', out: 'symlink', real: 'directory', 'real/dir': 'directory' },
    },
    {
      dependencies: ['link l -> real/./dir', 'json real/dir/p.json /a by 1', 'link out -> /etc'],
      outputs: [],
    },
  );

  check(
    'what the task changed counts as it was before',
    {
      accesses: [
        access('made', 'absent', { written: true }),
        access('made/p.json', 'absent', { written: true }),
        access('old', 'file', { written: true }),
        access('kept.json', 'file', {
          written: true,
          held: { digest: 'd' as Digest, executable: false, ctimeNs: 1n },
        }),
        access('src/gone.ts', 'file', { written: true }),
        access('src/new.ts', 'absent', { written: true }),
        access('src/x/new.ts', 'absent', { written: true }),
      ],
      channel: {
        queries: [
          exists('made/p.json'),
          exists('old'),
          json('kept.json'),
          glob(['new.ts', 'a.ts']),
        ],
      },
      now: {
        made: 'directory',
        'made/p.json': 'file',
        old: 'absent',
        src: 'directory',
        'src/gone.ts': 'absent',
        'src/new.ts': 'file',
        'src/x/new.ts': 'file',
      },
    },
    {
      dependencies: [
        'absence made',
        'existence old file',
        'content kept.json',
        globOf('src/a.ts,src/gone.ts'),
      ],
      outputs: [
        'kept.json existed',
        'made',
        'made/p.json',
        'old existed',
        'src/gone.ts existed',
        'src/new.ts',
        'src/x/new.ts',
      ],
    },
  );

  for (const [name, accesses, query, now] of [
    [
      'a file whose content before is not known',
      [access('p', 'file', { written: true })],
      json('p'),
      {},
    ],
    [
      'what was there before is not known',
      [access('p', 'unknown', { written: true })],
      exists('p'),
      {},
    ],
    [
      'a directory on the way was replaced',
      [access('d', 'directory', { written: true })],
      exists('d/p'),
      { d: 'file' },
    ],
    [
      'a directory with possible matches went',
      [access('src/d', 'directory', { written: true })],
      glob([]),
      { src: 'directory', 'src/d': 'absent' },
    ],
    [
      'a symlink that may have matched went',
      [access('src/l.ts', 'symlink', { written: true })],
      glob([]),
      { src: 'directory', 'src/l.ts': 'absent' },
    ],
  ] as const) {
    test(`not kept: ${name}`, () => {
      const result = derive({ accesses, channel: { queries: [query] }, now });
      assert.equal(result.kind, 'read-then-written');
    });
  }

  check(
    'the configuration wins, and the task’s own ignore reports do not',
    {
      channel: {
        ...ignoreInput('/ws/state'),
        queries: [exists('state/f'), exists('logs/f'), exists('.git/HEAD')],
      },
      input: { exclude: ['logs/**'] },
    },
    { dependencies: ['existence state/f file'], outputs: [] },
  );
  check(
    'without the automatic part there are none',
    { channel: { queries: [exists('f'), json('f'), glob([])] }, input: { auto: false } },
    { dependencies: [], outputs: [] },
  );

  test('looks are explained only from a moment on, and where the task changed nothing', () => {
    const explained: ExplainedLooks[][] = [];
    const since = '/ipc/since-1';
    derive({
      accesses: [access('w', 'absent', { written: true })],
      channel: {
        queries: [
          exists('f'),
          { ...exists('w'), since },
          { ...exists('s'), since },
          { ...json('p'), since },
          { ...glob([], '{a,b/*}/*.ts'), since },
          { ...exists('logs/f'), since },
        ],
      },
      input: { exclude: ['logs/**'] },
      now: { src: 'directory' },
      without: (looks) => explained.push([...looks]),
    });
    const covered = [
      '',
      's',
      'p',
      'src',
      'src/a',
      'src/a/c',
      'src/b',
      'src/b/x',
      'src/x',
      'w',
      'logs/f',
    ];
    assert.deepEqual(
      explained[0]?.map(({ part, pid, since: at, covers }) => [
        part,
        pid,
        at,
        covered.filter((path) => covers(path === '' ? '/ws' : `/ws/${path}`)),
      ]),
      [
        ['state', 11, since, ['s']],
        ['content', 11, since, ['p']],
        ['names', 11, since, ['src', 'src/a', 'src/b', 'src/b/x']],
      ],
    );
  });
});

describe('a process that declares all it reads and writes', () => {
  const grandchild = { pid: 12, parent: 1, exe: '/bin/grandchild', argv: ['grandchild'] };
  const complete = (
    pid: number,
    inputs: readonly string[] = [],
    outputs: readonly string[] = [],
  ) => ({
    speaker: { pid },
    pid,
    inputs: inputs.map((path) => `/ws/${path}`),
    outputs: outputs.map((path) => `/ws/${path}`),
  });

  check(
    'adds to what was seen',
    {
      accesses: [
        access('a', 'file', { content: true }),
        access('gen', 'absent', { written: true }),
      ],
      channel: { complete: [complete(11, ['b', 'none', 'd', 'gen'], ['out', 'gone'])] },
      now: {
        none: 'absent',
        d: 'directory',
        'd/x': 'file',
        out: 'file',
        gone: 'absent',
        gen: 'file',
      },
      outputMatches: ['d/x', 'd/y'],
    },
    {
      dependencies: [
        'content a',
        'content b',
        'absence none',
        'glob d/** !.git/**,node_modules/.cache/vt/** = d/x,d/y',
        'content d/x',
        'content d/y',
        'absence gen',
      ],
      outputs: ['gen', 'out existed'],
    },
  );

  const foreign = (pid?: number): Incompleteness => ({
    cause: 'foreign-abi',
    ...(pid !== undefined && { pid }),
  });
  for (const [name, declared, incomplete, main, kept] of [
    ['of itself', 11, foreign(11), undefined, true],
    ['of what descends from it', 11, foreign(12), undefined, true],
    ['not of what it descends from', 12, foreign(11), undefined, false],
    ['not of a process that nobody saw start', 11, foreign(99), undefined, false],
    ['not of nobody in particular', 11, foreign(), undefined, false],
    ['of all, by the main process', 10, foreign(99), 10, true],
    ['of all, without a tracker', 10, { cause: 'no-tracker' }, 10, true],
    ['not of all by another', 11, { cause: 'log-overflow', pid: 10 }, 10, false],
    ['not what still runs', 10, { cause: 'survivors', pid: 12 }, 10, false],
    [
      'not what a root of its own had other names for',
      10,
      { cause: 'root-changed', pid: 12 },
      10,
      false,
    ],
    ['not what was damaged', 10, { cause: 'log-damaged', pid: 10 }, 10, false],
  ] as const) {
    test(`stands for what was not seen ${name}`, () => {
      const result = derive({
        processes: [tool, child, grandchild],
        incomplete: [incomplete],
        channel: { complete: [complete(declared)] },
        ...(main !== undefined && { mainPid: main }),
      });
      assert.equal(result.kind, kept ? 'derived' : 'tracking-incomplete');
    });
  }
});
