import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { locate } from '../find-workspace.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import { dependencyTarget } from './dependency-target.js';
import { loadPackages } from './load-packages.js';
import type { PackageGraph } from './package-graph.js';

async function load(
  t: TestContext,
  files: Record<string, unknown>,
  problems: WorkspaceProblem[] = [],
  cwd = '.',
): Promise<PackageGraph> {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-packages-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(path.join(root, name), text);
  }
  return loadPackages(locate(path.join(root, cwd), []), problems);
}

describe('dependencyTarget', () => {
  const cases: [spec: string, expected: unknown][] = [
    ['^1.2.0', { kind: 'range', name: 'n', range: '^1.2.0' }],
    ['', { kind: 'range', name: 'n', range: '*' }],
    [' 1.x ', { kind: 'range', name: 'n', range: '1.x' }],
    ['latest', { kind: 'range', name: 'n', range: 'latest' }],
    ['workspace:*', { kind: 'workspace', name: 'n' }],
    ['workspace:^', { kind: 'workspace', name: 'n' }],
    ['workspace:~', { kind: 'workspace', name: 'n' }],
    ['workspace:^1.0.0', { kind: 'workspace', name: 'n' }],
    ['workspace:other@*', { kind: 'workspace', name: 'other' }],
    ['workspace:@s/other@^1', { kind: 'workspace', name: '@s/other' }],
    ['workspace:../lib', { kind: 'directory', directory: '../lib' }],
    ['npm:lib@^1', { kind: 'range', name: 'lib', range: '^1' }],
    ['npm:@s/lib@1.0.0', { kind: 'range', name: '@s/lib', range: '1.0.0' }],
    ['npm:lib', { kind: 'range', name: 'lib', range: '*' }],
    ['npm:@s/lib', { kind: 'range', name: '@s/lib', range: '*' }],
    ['npm:^1.0.0', { kind: 'range', name: 'n', range: '^1.0.0' }],
    ['file:../lib', { kind: 'directory', directory: '../lib' }],
    ['link:./lib', { kind: 'directory', directory: './lib' }],
    ['portal:../lib', { kind: 'directory', directory: '../lib' }],
    ['../lib', { kind: 'directory', directory: '../lib' }],
    ['catalog:', { kind: 'catalog', name: 'n', catalog: 'default' }],
    ['catalog:old', { kind: 'catalog', name: 'n', catalog: 'old' }],
    ['git+ssh://x/y', { kind: 'elsewhere' }],
    ['https://x/y.tgz', { kind: 'elsewhere' }],
    ['user/repository', { kind: 'elsewhere' }],
    ['github:user/repository', { kind: 'elsewhere' }],
  ];
  for (const [spec, expected] of cases) {
    it(spec, () => {
      assert.deepEqual(dependencyTarget('n', spec), expected);
    });
  }
});

describe('loadPackages', () => {
  const lib = { name: 'lib', version: '1.4.0' };
  const edges: [spec: string, name: string, needs: boolean][] = [
    ['workspace:*', 'lib', true],
    ['workspace:^9', 'lib', true],
    ['^1.2.0', 'lib', true],
    ['1.x || 2', 'lib', true],
    ['*', 'lib', true],
    ['^2.0.0', 'lib', false],
    ['latest', 'lib', false],
    ['npm:lib@1', 'alias', true],
    ['npm:lib@2', 'alias', false],
    ['npm:other@1', 'lib', false],
    ['workspace:lib@*', 'alias', true],
    ['file:../lib', 'any', true],
    ['link:../lib/', 'any', true],
    ['file:../../outside', 'lib', false],
    ['file:../lib/lib.tgz', 'lib', false],
    ['git+https://x/lib', 'lib', false],
    ['catalog:', 'lib', true],
    ['catalog:old', 'lib', false],
    ['catalog:none', 'lib', false],
  ];
  for (const [spec, name, needs] of edges) {
    it(`"${name}": "${spec}" is ${needs ? 'a' : 'no'} local package`, async (t) => {
      const { packages } = await load(t, {
        'pnpm-workspace.yaml':
          'packages: [p/*]\ncatalog: { lib: ^1.0.0 }\ncatalogs: { old: { lib: ^0.1.0 } }\n',
        'p/app/package.json': { name: 'app', dependencies: { [name]: spec } },
        'p/lib/package.json': lib,
      });
      assert.deepEqual(
        packages[1]?.needs,
        needs ? [{ to: 2, fields: ['dependencies'], as: name }] : [],
      );
    });
  }

  it('has the root first, and edges with every field they come from, none to itself', async (t) => {
    const { packages, byName, byPath } = await load(t, {
      'package.json': {
        name: 'root',
        workspaces: { packages: ['*'] },
        devDependencies: { b: '1' },
      },
      'b/package.json': {
        name: 'b',
        version: '1.0.0',
        dependencies: { b: '*', a: '*' },
        peerDependencies: { a: '*' },
        optionalDependencies: { root: '*' },
      },
      'a/package.json': { name: 'a' },
    });
    assert.deepEqual(
      packages.map((pkg) => [pkg.index, pkg.path, pkg.name, pkg.isMember, pkg.needs]),
      [
        [0, '', 'root', true, [{ to: 2, fields: ['devDependencies'], as: 'b' }]],
        [1, 'a', 'a', true, []],
        [
          2,
          'b',
          'b',
          true,
          [
            { to: 0, fields: ['optionalDependencies'], as: 'root' },
            { to: 1, fields: ['dependencies', 'peerDependencies'], as: 'a' },
          ],
        ],
      ],
    );
    assert.deepEqual([byName.get('b')?.path, byPath.get('a')?.name], ['b', 'a']);
  });

  it('takes a version that is missing for none that a range names', async (t) => {
    const { packages } = await load(t, {
      'package.json': { workspaces: ['*'], dependencies: { a: '*', b: '^1' } },
      'a/package.json': { name: 'a' },
      'b/package.json': { name: 'b' },
    });
    assert.deepEqual(
      packages[0]?.needs.map(({ to }) => to),
      [1],
    );
  });

  it('refuses two packages of one name', async (t) => {
    const problems: WorkspaceProblem[] = [];
    await load(
      t,
      {
        'package.json': { workspaces: ['*'] },
        'a/package.json': '{ "name": "x" }',
        'b/package.json': '{ "version": "1", "name": "x" }',
      },
      problems,
    );
    assert.deepEqual(
      problems.map((problem) =>
        problem.kind === 'duplicate-package'
          ? [
              problem.name,
              path.basename(path.dirname(problem.at.file)),
              problem.at.offset,
              problem.other.offset,
            ]
          : problem,
      ),
      [['x', 'a', 10, 26]],
    );
  });

  it('reports broken files, and reads the rest', async (t) => {
    const problems: WorkspaceProblem[] = [];
    const { packages } = await load(
      t,
      {
        'package.json': { workspaces: ['*'] },
        'a/package.json': '{',
        'b/package.json': { name: 'b' },
      },
      problems,
    );
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['syntax-error'],
    );
    assert.deepEqual(
      packages.map(({ name }) => name),
      [undefined, undefined, 'b'],
    );
  });

  it('knows the package it was started in, though no member', async (t) => {
    const files = {
      'package.json': { workspaces: ['a'] },
      'a/package.json': { name: 'a' },
      'examples/x/package.json': { name: 'a', dependencies: { a: '*' } },
    };
    const problems: WorkspaceProblem[] = [];
    const { packages } = await load(t, files, problems, 'examples/x');
    assert.deepEqual(
      packages.map((pkg) => [pkg.path, pkg.isMember, pkg.needs.map(({ to }) => to)]),
      [
        ['', true, []],
        ['a', true, []],
        ['examples/x', false, [1]],
      ],
    );
    assert.deepEqual(problems, []);
  });
});
