import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { expandBraces } from './expand-braces.js';
import {
  escapeGlob,
  nameListMatcher,
  nameMatcher,
  pathListMatcher,
  pathMatcher,
} from './glob-matcher.js';

describe('pathMatcher', () => {
  const yes: [string, string][] = [
    ['src/a.ts', 'src/a.ts'],
    ['src/*.ts', 'src/.a.ts'],
    ['**/*.ts', 'a.ts'],
    ['**/*.ts', '.x/b/a.ts'],
    ['src/**', 'src'],
    ['src/**', 'src/a/.b'],
    ['**', ''],
    ['**', '.a/b'],
    ['a/**/b', 'a/b'],
    ['*/**', 'a'],
    ['*/**', 'a/b/c'],
    ['src/**/*.{ts,tsx}', 'src/a/b.tsx'],
    ['{a,b}/**', 'b/c'],
    ['a?c', 'abc'],
    ['[ab].ts', 'b.ts'],
    ['[!a].ts', 'b.ts'],
    ['(a)/*', '(a)/x'],
    ['+(a)/*', '+(a)/x'],
    ['a|b/*', 'a|b/x'],
    ['\\[id\\].ts', '[id].ts'],
    ['@x/*', '@x/y'],
    ['!a/*', '!a/b'],
    ['\\*', '*'],
    ['**/node_modules/**', 'a/node_modules/b'],
    ['**/node_modules/**', 'a/node_modules'],
    ['é*', 'éa'],
  ];
  for (const [glob, path] of yes) {
    it(`${glob} matches '${path}'`, () => {
      assert.equal(pathMatcher(glob)(path), true);
    });
  }
  const no: [string, string][] = [
    ['src/*.ts', 'src/a/b.ts'],
    ['src/**', 'srcs'],
    ['src/**', 'a/src/b'],
    ['*.ts', 'a/b.ts'],
    ['a?c', 'a/c'],
    ['\\*', 'a'],
    ['src/*.{ts,tsx}', 'src/a.js'],
    ['[ab].ts', 'c.ts'],
    ['a.b/*', 'axb/c'],
  ];
  for (const [glob, path] of no) {
    it(`${glob} does not match '${path}'`, () => {
      assert.equal(pathMatcher(glob)(path), false);
    });
  }

  it('takes an escaped text literally', () => {
    const odd = 'a[b]{c,d}*?\\e(f)|g+!@';
    assert.equal(pathMatcher(escapeGlob(odd))(odd), true);
    assert.equal(pathMatcher(`${escapeGlob(odd)}/*`)(`${odd}/x`), true);
  });

  it('lets exclusions win', () => {
    const matches = pathListMatcher(['src/**', 'src/b.ts'], ['**/*.log', 'src/b.ts']);
    assert.deepEqual(['src/a.ts', 'src/b.ts', 'src/x.log', 'a'].map(matches), [
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('nameMatcher', () => {
  it('agrees with the library on lists of stars', () => {
    const library = createRequire(import.meta.url)('nanomatch') as {
      matcher(p: string, o: object): (s: string) => boolean;
    };
    const names = [
      'VITE_',
      'VITE_A',
      'VITE',
      'A_TOKEN',
      '_TOKEN',
      'TOKEN',
      'A.B',
      'vite_a',
      'AVITE_B',
      'X',
    ];
    for (const glob of ['VITE_*', '*_TOKEN', '*', 'V*E*', '**']) {
      const theirs = library.matcher(glob, { dot: true });
      for (const name of names)
        assert.equal(nameMatcher(glob)(name), theirs(name), `${glob} ${name}`);
    }
  });

  it('knows all other glob syntax', () => {
    assert.deepEqual(['AB', 'AC', 'AD'].map(nameMatcher('A{B,C}')), [true, true, false]);
    assert.deepEqual(['AB', 'A', 'ABC'].map(nameMatcher('A?')), [true, false, false]);
    assert.deepEqual(['A1', 'AX'].map(nameMatcher('A[0-9]')), [true, false]);
  });

  it('excludes with !, wherever it stands', () => {
    assert.deepEqual(['A_X', 'A_KEY'].map(nameListMatcher(['!A_KEY', 'A_*'])), [true, false]);
    assert.equal(nameListMatcher(['!A'])('B'), false);
  });
});

describe('expandBraces', () => {
  it('expands alternatives in order, nested ones too', () => {
    assert.deepEqual(expandBraces('a{b,c{d,}}e{f,g}'), [
      'abef',
      'abeg',
      'acdef',
      'acdeg',
      'acef',
      'aceg',
    ]);
  });

  it('leaves everything else alone', () => {
    assert.deepEqual(expandBraces('a\\{b,c}'), ['a\\{b,c}']);
    assert.deepEqual(expandBraces('a}b'), ['a}b']);
    assert.deepEqual(expandBraces('a{b}c'), ['a\\{b\\}c']);
  });
});
