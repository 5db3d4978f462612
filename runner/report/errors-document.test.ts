import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';
import type { CacheWarning } from '../../cache/cache.js';
import type { MissReason } from '../../cache/miss-reason.js';
import { isWarning, type ConfigProblem } from '../config/config-problem.js';
import type { SourceRange } from '../config/source-range.js';
import type { ChannelFailure } from '../execute/channel/channel-record.js';
import type { HiddenEdge } from '../execute/edges/hidden-edge.js';
import type { NotCached } from '../execute/outcome.js';
import { isPlanWarning, type PlanProblem } from '../plan/plan-problem.js';
import type { IncompletenessCause } from '../tracker/task-trace.js';
import { cacheWarningText } from './cache-warning-text.js';
import { describeProblem, type Problem } from './diagnostic/describe-problem.js';
import { missReasonText } from './miss-reason-text.js';
import { notCachedText } from './not-cached-text.js';
import type { UsageProblem } from './usage-problem.js';

/**
 * One sample for each kind there is: the type checker keeps these complete, and the texts that the
 * document has to quote come from the code.
 */
type SampleOfEach<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: Extract<T, { readonly kind: K }>;
};

const at: SourceRange = { file: '/app/vite-task.json', text: '', offset: 0, length: 0 };
const p = (text: string): WorkspacePath => text as WorkspacePath;
const place = '/app/node_modules/.cache/vt' as AbsolutePath;
const speaker = { pid: 7, argv: ['node', 'tool.js'] };
const task = 'build';

const configProblems: SampleOfEach<ConfigProblem> = {
  'syntax-error': { kind: 'syntax-error', detail: 'CommaExpected', at },
  'unreadable-file': { kind: 'unreadable-file', file: at.file, errno: 'EACCES' },
  'unknown-field': {
    kind: 'unknown-field',
    field: 'inputs',
    owner: '"cache" of task "build"',
    nearest: 'input',
    known: [],
    at,
  },
  'duplicate-field': { kind: 'duplicate-field', field: 'build', owner: '"tasks"', at },
  'wrong-type': {
    kind: 'wrong-type',
    field: 'command',
    expected: 'a string or an array of strings',
    got: 'a number',
    at,
  },
  'root-only-field': { kind: 'root-only-field', field: 'cache', at },
  'bad-task-name': { kind: 'bad-task-name', task: 'a#b', at },
  'no-command': { kind: 'no-command', task: 'all', at },
  'task-is-script': { kind: 'task-is-script', task, at, script: at },
  'bad-glob': { kind: 'bad-glob', pattern: 'dist/[a', reason: 'unclosed-bracket', at },
  'cwd-outside-package': { kind: 'cwd-outside-package', cwd: '../lib', at },
  'both-generations': { kind: 'both-generations', field: 'env', task, at },
  'older-form': { kind: 'older-form', task, fields: ['env'], others: 0, at },
  'only-exclusions': { kind: 'only-exclusions', field: 'input', task, at },
  'no-effect-yet': { kind: 'no-effect-yet', field: 'cache.remote', at },
};

type RequestProblem = Exclude<PlanProblem, ConfigProblem>;
const requestProblems: SampleOfEach<RequestProblem> = {
  'yaml-error': { kind: 'yaml-error', detail: 'Missing closing quote', at },
  'duplicate-package': { kind: 'duplicate-package', name: 'lib', at, other: at },
  'member-outside-workspace': { kind: 'member-outside-workspace', glob: '../shared/*', at },
  'unknown-task': {
    kind: 'unknown-task',
    task: 'biuld',
    package: 'app',
    nearest: task,
    known: [],
    elsewhere: [],
    at: undefined,
  },
  'unknown-package': { kind: 'unknown-package', package: 'lbi', nearest: 'lib', at: undefined },
  'unknown-dependency': {
    kind: 'unknown-dependency',
    task,
    dependency: 'codegen',
    nearest: undefined,
    at,
  },
  'dependency-cycle': {
    kind: 'dependency-cycle',
    members: [
      { task: 'a', at, because: 'depends-on' },
      { task: 'b', at, because: 'command' },
    ],
  },
  'task-runs-itself': {
    kind: 'task-runs-itself',
    task: 'app#build',
    command: 'vt run build',
    at,
  },
  'bad-filter': { kind: 'bad-filter', filter: 'app[main]', reason: 'since', at: undefined },
  'ambiguous-filter': {
    kind: 'ambiguous-filter',
    filter: 'core',
    names: ['@a/core', '@b/core'],
    at: undefined,
  },
  'filter-without-match': {
    kind: 'filter-without-match',
    filter: 'ap',
    nearest: 'app',
    at: undefined,
  },
  'nothing-matched': { kind: 'nothing-matched', filters: ['ap'], at: undefined },
  'package-cycle': {
    kind: 'package-cycle',
    task,
    members: [
      { package: 'app', at },
      { package: 'lib', at },
    ],
  },
  'pattern-outside-workspace': {
    kind: 'pattern-outside-workspace',
    pattern: '../../other/**',
    root: '/app',
    at,
  },
  'no-such-directory': { kind: 'no-such-directory', directory: 'nowhere', at },
};

const usageProblems: SampleOfEach<UsageProblem> = {
  'unknown-command': {
    kind: 'unknown-command',
    command: 'rnu',
    within: 'vt',
    nearest: 'run',
    known: [],
  },
  'missing-command': { kind: 'missing-command', within: 'vt cache', known: [] },
  'unknown-flag': { kind: 'unknown-flag', flag: '--cahce', command: 'vt run', nearest: undefined },
  'flag-not-supported-yet': { kind: 'flag-not-supported-yet', flag: '-r', command: 'vt run' },
  'missing-value': { kind: 'missing-value', flag: '--cwd', command: 'vt exec' },
  'unexpected-value': { kind: 'unexpected-value', flag: '--quiet', command: 'vt exec' },
  'repeated-flag': { kind: 'repeated-flag', flag: '--cwd', command: 'vt exec' },
  'conflicting-flags': {
    kind: 'conflicting-flags',
    flags: ['--cache', '--no-cache'],
    command: 'vt run',
  },
  'package-and-flag': {
    kind: 'package-and-flag',
    task: 'app#build',
    flag: '--recursive',
    command: 'vt run',
  },
  'missing-argument': {
    kind: 'missing-argument',
    argument: 'the name of a task',
    command: 'vt run',
  },
  'watch-limit': { kind: 'watch-limit', directories: 8192, errno: 'ENOSPC' },
  'unknown-shell': { kind: 'unknown-shell', shell: 'tcsh', nearest: undefined, known: [] },
  'no-tasks': { kind: 'no-tasks' },
  'file-exists': { kind: 'file-exists', file: 'vite-task.json' },
  'cannot-write': { kind: 'cannot-write', file: 'vite-task.json', errno: 'EACCES' },
  'unknown-entry': { kind: 'unknown-entry', entry: '3fb', nearest: '3fa', ofTask: undefined },
  'ambiguous-entry': {
    kind: 'ambiguous-entry',
    entry: '3f',
    matches: [
      { name: '3fa2', task },
      { name: '3fb7', task },
    ],
  },
  'damaged-entry': { kind: 'damaged-entry', entry: '3fa2', detail: 'blob missing' },
  'no-results': { kind: 'no-results', task: 'biuld', nearest: task },
  'bad-limit': { kind: 'bad-limit', source: '--max-size', value: 'big', measures: 'size' },
  'bad-choice': {
    kind: 'bad-choice',
    flag: '--log',
    value: 'grouqed',
    choices: ['labeled', 'grouped'],
    nearest: 'grouped',
    command: 'vt run',
  },
  'bad-count': {
    kind: 'bad-count',
    source: '--concurrency-limit',
    value: '0',
    command: 'vt run',
  },
  'unexpected-argument': {
    kind: 'unexpected-argument',
    argument: 'x',
    command: 'vt cache clean',
  },
};

const hiddenEdges: SampleOfEach<HiddenEdge> = {
  'hidden-edge': {
    kind: 'hidden-edge',
    reader: 'app#build',
    writer: 'lib#build',
    paths: [p('lib/dist/index.js')],
    isStrict: false,
  },
  'shared-output': {
    kind: 'shared-output',
    tasks: ['app#gen', 'lib#gen'],
    paths: [p('types.d.ts')],
    isStrict: false,
  },
};

const missReasons: SampleOfEach<MissReason> = {
  'env-changed': { kind: 'env-changed', names: ['NODE_ENV'] },
  'untracked-env-changed': { kind: 'untracked-env-changed' },
  'root-changed': { kind: 'root-changed', path: '/home/me/app' },
  'program-changed': { kind: 'program-changed', path: '/usr/bin/cc' },
  'args-changed': { kind: 'args-changed' },
  'cwd-changed': { kind: 'cwd-changed' },
  'input-config-changed': { kind: 'input-config-changed' },
  'output-config-changed': { kind: 'output-config-changed' },
  modified: { kind: 'modified', path: p('src/main.js') },
  'value-changed': { kind: 'value-changed', path: p('package.json'), pointer: '/version' },
  added: { kind: 'added', name: 'a.js', dir: p('src') },
  removed: { kind: 'removed', name: 'a.js', dir: p('src') },
  'entry-damaged': { kind: 'entry-damaged', detail: 'blob missing' },
  evicted: { kind: 'evicted' },
  'restore-blocked': { kind: 'restore-blocked', path: p('dist'), obstacle: 'symlink' },
};

const notCached: SampleOfEach<NotCached> = {
  'read-then-written': { kind: 'read-then-written', path: p('big.bin'), because: 'too-large' },
  'opted-out': { kind: 'opted-out', reason: 'dev server', speaker: { pid: 7, label: 'vite' } },
  'channel-failed': { kind: 'channel-failed', failures: [] },
  'tracking-incomplete': { kind: 'tracking-incomplete', incomplete: [] },
  'modified-during-run': { kind: 'modified-during-run', path: p('src/main.js') },
  'unreadable-input': { kind: 'unreadable-input', path: p('secret'), detail: 'EACCES' },
  'unsupported-output': {
    kind: 'unsupported-output',
    path: p('run.sock'),
    detail: 'not a file, directory or symlink',
  },
  'secret-found': { kind: 'secret-found', variable: 'API_TOKEN', in: { path: p('dist/app.js') } },
  'cache-unusable': { kind: 'cache-unusable', detail: 'ENOSPC' },
  'output-too-large': { kind: 'output-too-large', limit: 64 * 2 ** 20 },
  'output-cut-short': { kind: 'output-cut-short' },
  'no-run-directory': { kind: 'no-run-directory', detail: 'EROFS' },
};

const causes: Readonly<Record<IncompletenessCause, { process?: string[]; pid?: number }>> = {
  'no-tracker': {},
  'no-listener': {},
  'listener-busy': {},
  'unreadable-memory': {},
  'foreign-abi': {},
  'log-overflow': {},
  'log-damaged': {},
  'io-uring': {},
  'root-changed': {},
  survivors: { process: ['sleep', '9'], pid: 4 },
  'supervisor-lost': {},
  'supervisor-killed': { process: ['node', 'build.js'], pid: 4 },
  'unnamed-file': {},
  'unknown-call': {},
  'calls-hidden': {},
  'undecodable-path': {},
  'ambiguous-path': {},
};

const channelFailures: SampleOfEach<ChannelFailure> = {
  garbage: { kind: 'garbage', bytes: 3 },
  'sequence-gap': { kind: 'sequence-gap', speaker, expected: 2, got: 4 },
  'unfinished-message': { kind: 'unfinished-message', speaker },
  'message-too-long': { kind: 'message-too-long', speaker },
  'unknown-request': { kind: 'unknown-request', speaker },
  undeliverable: { kind: 'undeliverable', speaker, detail: 'EMFILE' },
  'runner-error': { kind: 'runner-error', detail: 'EMFILE' },
};

const cacheWarnings: SampleOfEach<CacheWarning> = {
  'cache-reset': { kind: 'cache-reset', directory: place, detail: 'SQLITE_CORRUPT' },
  'cache-unusable': { kind: 'cache-unusable', directory: place, detail: 'EACCES' },
};

type Entries = readonly (readonly [kind: string, text: string])[];

function each<T>(samples: Readonly<Record<string, T>>, text: (sample: T) => string): Entries {
  return Object.entries(samples).map(([kind, sample]) => [kind, text(sample)]);
}

const title = (problem: Problem): string => describeProblem(problem).title;

/** What the document must have under each of its headings. */
const sections: Readonly<Record<string, Entries>> = {
  Configuration: each<ConfigProblem>(configProblems, title),
  Requests: each<RequestProblem>(requestProblems, title),
  'Command line': each<UsageProblem>(usageProblems, title),
  'Between tasks': each<HiddenEdge>(hiddenEdges, title),
  'Cache misses': each<MissReason>(missReasons, missReasonText),
  'Not cached': each<NotCached>(notCached, notCachedText),
  'File tracking incomplete': Object.entries(causes).map(([cause, about]) => {
    const incomplete = [{ cause: cause as IncompletenessCause, ...about }];
    const text = notCachedText({ kind: 'tracking-incomplete', incomplete });
    return [cause, text.replace('file tracking incomplete: ', '')];
  }),
  'Task communication failed': each<ChannelFailure>(channelFailures, (failure) =>
    notCachedText({ kind: 'channel-failed', failures: [failure] }).replace(
      'task communication failed: ',
      '',
    ),
  ),
  'Cache warnings': each<CacheWarning>(cacheWarnings, cacheWarningText),
};

const document = readFileSync(path.join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

/** Entries by name of one `##` section, each as one line of text. */
function entriesOf(heading: string): ReadonlyMap<string, string> {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return new Map(
    section
      .split(/^### /m)
      .slice(1)
      .map((entry) => {
        const end = entry.indexOf('\n');
        return [entry.slice(0, end), entry.slice(end).replace(/\s+/g, ' ')];
      }),
  );
}

describe('docs/errors.md', () => {
  for (const [heading, expected] of Object.entries(sections)) {
    const entries = entriesOf(heading);

    it(`has every kind there is, and no other: ${heading}`, () => {
      assert.deepEqual([...entries.keys()].sort(), expected.map(([kind]) => kind).sort());
    });

    for (const [kind, text] of expected) {
      it(`quotes what is printed: ${kind}`, () => {
        assert.ok(
          entries.get(kind)?.includes(text),
          `${text}\nis not in: ${String(entries.get(kind))}`,
        );
      });
    }
  }

  it('calls warnings what they are', () => {
    for (const [kind, problem] of Object.entries(configProblems)) {
      const says = entriesOf('Configuration').get(kind)?.startsWith(' A warning: ');
      assert.equal(says, isWarning(problem), kind);
    }
    for (const [kind, problem] of Object.entries(requestProblems)) {
      const says = entriesOf('Requests').get(kind)?.startsWith(' A warning: ');
      assert.equal(says, isPlanWarning(problem), kind);
    }
  });
});
