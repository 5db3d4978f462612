import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspaceProblem } from '../workspace-problem.js';
import { parsePnpmWorkspace } from './parse-pnpm-workspace.js';

async function read(text: string): Promise<unknown> {
  const problems: WorkspaceProblem[] = [];
  const { globs, catalogs } = await parsePnpmWorkspace('/w/pnpm-workspace.yaml', text, problems);
  return [
    globs.map(({ glob, at }) => [glob, at.text.slice(at.offset, at.offset + at.length)]),
    Object.fromEntries([...catalogs].map(([name, ranges]) => [name, Object.fromEntries(ranges)])),
    problems.map((problem) =>
      'at' in problem && problem.at ? [problem.kind, problem.at.offset] : [],
    ),
  ];
}

describe('parsePnpmWorkspace', () => {
  const cases: [name: string, text: string, expected: unknown][] = [
    ['nothing', '', [[], {}, []]],
    ['only settings', 'onlyBuiltDependencies: [esbuild]', [[], {}, []]],
    ['no globs', 'packages:\n', [[], {}, []]],
    [
      'globs in every style',
      'packages:\n  - a/* # one\n  - \'b/**\'\n  - "!c"\n',
      [
        [
          ['a/*', 'a/*'],
          ['b/**', "'b/**'"],
          ['!c', '"!c"'],
        ],
        {},
        [],
      ],
    ],
    [
      'catalogs',
      'packages: [a]\ncatalog: { x: ^1 }\ncatalogs:\n  old: { x: "0" }\n',
      [[['a', 'a']], { old: { x: '0' }, default: { x: '^1' } }, []],
    ],
    ['no list', 'packages: a/*', [[], {}, [['wrong-type', 10]]]],
    ['no string', 'packages: [a, 1]', [[['a', 'a']], {}, [['wrong-type', 14]]]],
    ['broken YAML', 'packages: [a', [[], {}, [['yaml-error', 12]]]],
  ];
  for (const [name, text, expected] of cases) {
    it(name, async () => {
      assert.deepEqual(await read(text), expected);
    });
  }
});
