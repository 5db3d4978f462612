import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import { findMembers } from './find-members.js';

const at = { file: '/w/package.json', text: '', offset: 0, length: 0 };

function tree(t: TestContext, directories: readonly string[]): AbsolutePath {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-members-')));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const directory of directories) {
    mkdirSync(path.join(root, directory), { recursive: true });
    writeFileSync(path.join(root, directory, 'package.json'), '{}');
  }
  return root as AbsolutePath;
}

function members(
  root: AbsolutePath,
  globs: readonly string[],
  problems: WorkspaceProblem[] = [],
): readonly string[] {
  return findMembers(
    root,
    globs.map((glob) => ({ glob, at })),
    problems,
  );
}

describe('findMembers', () => {
  const directories = [
    '.',
    'apps/site',
    'apps/site/node_modules/dep',
    'apps/site/test/fixture',
    'packages/a',
    'packages/b',
    'packages/b/nested',
    'packages/.hidden',
    'packages/@s/c',
    'tools/x-1',
    'tools/y',
    'node_modules/dep',
  ];
  const cases: [globs: string[], expected: string[]][] = [
    [[], []],
    [['.'], []],
    [['packages/*'], ['packages/a', 'packages/b']],
    [['./packages/*/'], ['packages/a', 'packages/b']],
    [['packages/**'], ['packages/@s/c', 'packages/a', 'packages/b', 'packages/b/nested']],
    [['packages/*/*'], ['packages/@s/c', 'packages/b/nested']],
    [['packages/.*'], ['packages/.hidden']],
    [
      ['packages/a', 'tools/y', 'nowhere', 'nowhere/*'],
      ['packages/a', 'tools/y'],
    ],
    [['{packages,tools}/{a,y}'], ['packages/a', 'tools/y']],
    [
      ['tools/?-*', 'packages/[b]'],
      ['packages/b', 'tools/x-1'],
    ],
    [
      ['!packages/b', 'packages/**'],
      ['packages/@s/c', 'packages/a', 'packages/b/nested'],
    ],
    [
      ['packages/**', '!packages/b/**'],
      ['packages/@s/c', 'packages/a'],
    ],
    [
      ['**', '!**/test/**', '!packages'],
      [
        'apps/site',
        'packages/@s/c',
        'packages/a',
        'packages/b',
        'packages/b/nested',
        'tools/x-1',
        'tools/y',
      ],
    ],
    [['apps/../tools/*'], ['tools/x-1', 'tools/y']],
  ];
  for (const [globs, expected] of cases) {
    it(JSON.stringify(globs), (t) => {
      assert.deepEqual(members(tree(t, directories), globs), expected);
    });
  }

  it('follows links that stay in the workspace, once, and no others', (t) => {
    const root = tree(t, ['packages/a', 'elsewhere/b']);
    const outside = tree(t, ['c']);
    symlinkSync('../elsewhere/b', path.join(root, 'packages/link'));
    symlinkSync('a', path.join(root, 'packages/twin'));
    symlinkSync(path.join(outside, 'c'), path.join(root, 'packages/stranger'));
    symlinkSync('..', path.join(root, 'packages/a/loop'));
    assert.deepEqual(members(root, ['packages/*', '**']), ['elsewhere/b', 'packages/a']);
  });

  it('warns of globs that lead out of the workspace', (t) => {
    const problems: WorkspaceProblem[] = [];
    assert.deepEqual(members(tree(t, ['a']), ['../x', '/y', 'a', '!../z'], problems), ['a']);
    assert.deepEqual(problems, [
      { kind: 'member-outside-workspace', glob: '../x', at },
      { kind: 'member-outside-workspace', glob: '/y', at },
    ]);
  });
});
