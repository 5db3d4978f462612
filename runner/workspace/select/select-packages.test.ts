import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { PackageGraph, WorkspacePackage } from '../packages/package-graph.js';
import { parseFilter, splitFilters } from './package-filter.js';
import type { PackageFilter } from './package-filter.js';
import { selectPackages } from './select-packages.js';

/** Packages `name at/path needs…`, the first one the root. */
function graph(...lines: readonly string[]): PackageGraph {
  const parsed = lines.map((line) => line.split(' '));
  const indexOf = new Map(parsed.map(([name = ''], index) => [name, index]));
  const packages = parsed.map(([name, at = '', ...needs], index): WorkspacePackage => {
    const path = (at === '.' ? '' : at) as WorkspacePath;
    const edges = needs.map((need) => ({
      to: indexOf.get(need) ?? 0,
      fields: ['dependencies'] as const,
      as: need,
    }));
    const directory = `/w/${path}` as AbsolutePath;
    return { index, directory, path, name, manifest: undefined, needs: edges, isMember: true };
  });
  const by = (key: (pkg: WorkspacePackage) => string): Map<string, WorkspacePackage> =>
    new Map(packages.map((pkg) => [key(pkg), pkg]));
  return { packages, byName: by(({ name }) => name ?? ''), byPath: by(({ path }) => path) };
}

function filter(text: string): PackageFilter {
  const parsed = parseFilter(text);
  assert.ok(typeof parsed !== 'string', `${text}: ${JSON.stringify(parsed)}`);
  return parsed;
}

function select(of: PackageGraph, filters: readonly string[], cwd = ''): readonly string[] {
  const { selected } = selectPackages(of, filters.map(filter), cwd as WorkspacePath);
  return [...selected].sort((a, b) => a - b).flatMap((index) => of.packages[index]?.name ?? []);
}

describe('parseFilter', () => {
  const plain = {
    excludes: false,
    name: undefined,
    directory: undefined,
    dependencies: false,
    dependents: false,
    withoutSelf: false,
  };
  const cases: [text: string, expected: Partial<PackageFilter>][] = [
    ['app', { name: 'app' }],
    ['@s/*', { name: '@s/*' }],
    ['!app', { name: 'app', excludes: true }],
    ['app...', { name: 'app', dependencies: true }],
    ['...app', { name: 'app', dependents: true }],
    ['app^...', { name: 'app', dependencies: true, withoutSelf: true }],
    ['...^app', { name: 'app', dependents: true, withoutSelf: true }],
    ['...app...', { name: 'app', dependencies: true, dependents: true }],
    ['!...^app', { name: 'app', excludes: true, dependents: true, withoutSelf: true }],
    ['./a', { directory: './a' }],
    ['../a', { directory: '../a' }],
    ['.', { directory: '.' }],
    ['./a...', { directory: './a', dependencies: true }],
    ['.../a', { directory: '/a', dependents: true }],
    ['./a[b]', { directory: './a[b]' }],
    ['{a}', { directory: 'a' }],
    ['{a/{b,c}}', { directory: 'a/{b,c}' }],
    ['...{a}', { directory: 'a', dependents: true }],
    ['@s/*{a}', { name: '@s/*', directory: 'a' }],
  ];
  for (const [text, expected] of cases) {
    it(text, () => {
      assert.deepEqual(parseFilter(text), { ...plain, text, ...expected });
    });
  }
  for (const [text, mistake] of [
    ['', 'empty'],
    ['!', 'empty'],
    ['...', 'empty'],
    ['{}', 'empty'],
    ['{a}b', 'braces'],
    ['a}', 'braces'],
    ['[main]', 'since'],
    ['app[HEAD~1]', 'since'],
    ['...[main]', 'since'],
  ] as const) {
    it(`${JSON.stringify(text)} is a mistake: ${mistake}`, () => {
      assert.equal(parseFilter(text), mistake);
    });
  }

  it('finds several in one value', () => {
    assert.deepEqual(splitFilters(' a  !b {c d}... '), ['a', '!b', '{c d}...']);
    assert.deepEqual(splitFilters(''), ['']);
  });
});

describe('selectPackages', () => {
  const some = graph(
    'root .',
    '@t/app packages/app @t/lib @t/utils',
    '@t/cli packages/cli @t/core',
    '@t/core packages/core',
    '@t/lib packages/lib @t/core',
    '@t/utils packages/utils @t/core',
    'core2 other/core2',
    '@u/twin other/twin',
    '@v/twin other/deep/twin',
  );
  const cases: [filters: string[], expected: string[], cwd?: string][] = [
    [['@t/app'], ['@t/app']],
    [['app'], ['@t/app']],
    [['core'], ['@t/core']],
    [['*core*'], ['@t/core', 'core2']],
    [['@t/*'], ['@t/app', '@t/cli', '@t/core', '@t/lib', '@t/utils']],
    [['app...'], ['@t/app', '@t/core', '@t/lib', '@t/utils']],
    [['app^...'], ['@t/core', '@t/lib', '@t/utils']],
    [['...core'], ['@t/app', '@t/cli', '@t/core', '@t/lib', '@t/utils']],
    [['...^lib'], ['@t/app']],
    [['...lib...'], ['@t/app', '@t/core', '@t/lib', '@t/utils']],
    [['...^lib...'], ['@t/app', '@t/core', '@t/lib', '@t/utils']],
    [
      ['app', 'cli'],
      ['@t/app', '@t/cli'],
    ],
    [
      ['app...', '!utils'],
      ['@t/app', '@t/core', '@t/lib'],
    ],
    [
      ['!core', 'app...'],
      ['@t/app', '@t/lib', '@t/utils'],
    ],
    [
      ['!@t/*', '!root'],
      ['core2', '@u/twin', '@v/twin'],
    ],
    [['!...core'], ['root', 'core2', '@u/twin', '@v/twin']],
    [['./packages/app'], ['@t/app']],
    [['./packages'], []],
    [['./packages/*'], ['@t/app', '@t/cli', '@t/core', '@t/lib', '@t/utils']],
    [['./other/**'], ['core2', '@u/twin', '@v/twin']],
    [['./app', '../other/*'], ['@t/app', 'core2', '@u/twin'], 'packages'],
    [['.'], ['@t/lib'], 'packages/lib'],
    [['.'], [], 'packages'],
    [['.'], ['root']],
    [['{packages/{app,cli}}'], ['@t/app', '@t/cli']],
    [['{packages/lib}...'], ['@t/core', '@t/lib']],
    [['@t/*{packages/c*}'], ['@t/cli', '@t/core']],
    [['lib{packages/app}'], []],
    [['../../x'], []],
    [['/w/packages/app'], []],
    [['twin'], []],
  ];
  for (const [filters, expected, cwd] of cases) {
    it(`${filters.join(' ')}${cwd === undefined ? '' : ` in ${cwd}`}`, () => {
      assert.deepEqual(select(some, filters, cwd), expected);
    });
  }

  it('tells filters that match nothing from those that mean several', () => {
    const found = selectPackages(
      some,
      ['nobody', 'twin', '!none'].map(filter),
      '' as WorkspacePath,
    );
    assert.deepEqual(
      [found.unmatched.map(({ text }) => text), found.ambiguous.map(({ names }) => names)],
      [['nobody'], [['@u/twin', '@v/twin']]],
    );
  });

  it('goes by directories literally, whatever characters are in the current one', () => {
    const odd = graph('root .', 'a [x]/a', 'b [x]/b', 'c x/a');
    assert.deepEqual(select(odd, ['./*'], '[x]'), ['a', 'b']);
    assert.deepEqual(select(odd, ['./a'], '[x]'), ['a']);
  });

  it('agrees with a plain reading of the syntax, over random graphs', () => {
    let seed = 5;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    for (let round = 0; round < 400; round++) {
      const count = 2 + random(8);
      const needs = Array.from({ length: count }, () =>
        Array.from({ length: random(3) }, () => random(count)),
      );
      const of = graph(
        ...needs.map((to, index) =>
          `p${index} d/p${index} ${to.map((n) => `p${n}`).join(' ')}`.trim(),
        ),
      );
      /** Whether some way of at least one edge leads from one to the other. */
      const leads = (from: number, to: number, seen: readonly number[] = []): boolean =>
        (needs[from] ?? []).some(
          (next) => next === to || (!seen.includes(next) && leads(next, to, [...seen, next])),
        );
      const filters = Array.from({ length: 1 + random(3) }, () => {
        const before = ['', '...', '...^'][random(3)] ?? '';
        const after = ['', '...', '^...'][random(3)] ?? '';
        return `${random(4) === 0 ? '!' : ''}${before}p${random(count)}${after}`;
      });
      const isIn = (text: string, node: number): boolean => {
        const root = Number(/\d+/.exec(text)?.[0]);
        const down = (from: number): boolean => text.endsWith('...') && leads(from, node);
        const up = /^!?\.\.\./.test(text);
        return (
          (node === root && !text.includes('^')) ||
          down(root) ||
          (up && leads(node, root)) ||
          (up && needs.some((_, other) => leads(other, root) && down(other)))
        );
      };
      const included = filters.filter((text) => !text.startsWith('!'));
      const expected = needs.flatMap((_, node) =>
        (included.length === 0 || included.some((text) => isIn(text, node))) &&
        !filters.some((text) => text.startsWith('!') && isIn(text, node))
          ? `p${node}`
          : [],
      );
      assert.deepEqual(
        select(of, filters),
        expected,
        `${filters.join(' ')} ${JSON.stringify(needs)}`,
      );
    }
  });
});
