import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspacePath } from '../../../cache/brands.js';
import type { PathEntry } from '../../config/task-definition.js';
import type { PlanProblem } from '../plan-problem.js';
import { pathRulesKey, resolvePathRules, writtenGlobs } from './path-rules.js';

function resolve(entries: readonly (string | PathEntry)[], base = 'packages/app'): unknown {
  const problems: PlanProblem[] = [];
  const rules = resolvePathRules(
    entries.map((entry) =>
      typeof entry === 'string'
        ? { kind: 'pattern', pattern: entry, base: 'package', at: undefined }
        : entry,
    ),
    base as WorkspacePath,
    '/w',
    problems,
  );
  return problems.length > 0 ? problems : rules;
}

describe('resolvePathRules', () => {
  it('makes globs relative to the workspace', () => {
    assert.deepEqual(resolve(['src/**', './a//b', '../lib/*.ts', '!dist/', '{x,../y}/z']), {
      auto: false,
      include: [
        'packages/app/a/b',
        'packages/app/src/**',
        'packages/app/x/z',
        'packages/lib/*.ts',
        'packages/y/z',
      ],
      exclude: ['packages/app/dist/**'],
    });
  });

  it('takes the base into account, and escapes it', () => {
    const shared: PathEntry = {
      kind: 'pattern',
      pattern: '!shared/**',
      base: 'workspace',
      at: undefined,
    };
    assert.deepEqual(resolve([{ kind: 'auto', auto: true }, shared, '*.ts'], 'a[b]'), {
      auto: true,
      include: ['a\\[b\\]/*.ts'],
      exclude: ['shared/**'],
    });
  });

  it('means the package by `.` and the subtree by a trailing slash', () => {
    assert.deepEqual(resolve(['.', 'src/'], ''), {
      auto: false,
      include: ['**', 'src/**'],
      exclude: [],
    });
  });

  for (const pattern of ['../../../x', '/etc/passwd', '!../../../x', '{a,../../../b}']) {
    it(`refuses ${pattern}`, () => {
      assert.deepEqual(resolve([pattern]), [
        { kind: 'pattern-outside-workspace', pattern, root: '/w', at: undefined },
      ]);
    });
  }

  it('refuses a broken glob from a flag', () => {
    assert.deepEqual(resolve(['a[']), [
      { kind: 'bad-glob', pattern: 'a[', reason: 'unclosed-bracket', at: undefined },
    ]);
  });

  it('has one key for one meaning', () => {
    const key = (entries: readonly string[]): string =>
      pathRulesKey(resolve(entries) as Parameters<typeof pathRulesKey>[0]);
    assert.equal(key(['b', 'a', '!c', 'a']), key(['!c', 'a', 'b']));
    assert.equal(key([]), '{"auto":false,"include":[],"exclude":[]}');
  });
});

describe('writtenGlobs', () => {
  it('tells of each glob of the rules what was written, and where', () => {
    const at = { file: '/w/vite-task.json', text: '', offset: 7, length: 3 };
    const entries: PathEntry[] = [
      { kind: 'auto', auto: true },
      { kind: 'pattern', pattern: '!{logs/,*.tmp}', base: 'package', at },
      { kind: 'pattern', pattern: 'schema.json', base: 'workspace', at: undefined },
      { kind: 'pattern', pattern: '../../../x', base: 'package', at },
      { kind: 'pattern', pattern: 'a[', base: 'package', at },
    ];
    const braces = { field: 'input', written: '!{logs/,*.tmp}', excludes: true, at } as const;
    assert.deepEqual(writtenGlobs('input', entries, 'packages/app' as WorkspacePath), [
      { ...braces, resolved: 'packages/app/logs/**' },
      { ...braces, resolved: 'packages/app/*.tmp' },
      {
        field: 'input',
        written: 'schema.json',
        resolved: 'schema.json',
        excludes: false,
        at: undefined,
      },
    ]);
  });
});
