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
    ['**/[ab]/**', 'x/y/b'],
    ['[ab]/**/c?', 'a/cc'],
    ['a/**/[b]/*.x', 'a/b/.x'],
    ['**/a/**/b', 'x/a/y/z/b'],
    ['a**c', 'abc'],
    ['$^.(x)/*', '$^.(x)/y'],
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
    // What the glob library, given the whole glob, matches wrongly.
    ['src/*/**/test', 'src/a/contest'],
    ['src/**/test', 'srcs/test'],
    ['src/**/[t]est', 'srcs/test'],
    ['*/**/b/*', 'c/acb/a'],
    ['**/[ab]', 'xa'],
    ['a**', 'a/b'],
    ['a/**/b', 'a/xb'],
    ['[ab]/**', 'c/a'],
  ];
  for (const [glob, path] of no) {
    it(`${glob} does not match '${path}'`, () => {
      assert.equal(pathMatcher(glob)(path), false);
    });
  }

  it('matches what a plain reading of the rules does, over random globs and paths', () => {
    let seed = 11;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const some = (from: readonly string[]): string[] =>
      Array.from({ length: 1 + random(4) }, () => from[random(from.length)] ?? '');
    const plain = (glob: readonly string[], path: readonly string[]): boolean => {
      const [first, ...rest] = glob;
      if (first === undefined) return path.length === 0;
      if (first === '**') {
        return plain(rest, path) || (path.length > 0 && plain(glob, path.slice(1)));
      }
      const [name, ...others] = path;
      return name !== undefined && plainName([...first], [...name]) && plain(rest, others);
    };
    const plainName = (glob: readonly string[], name: readonly string[]): boolean => {
      const [first, ...rest] = glob;
      const [character, ...others] = name;
      if (first === undefined) return character === undefined;
      if (first === '*') {
        return plainName(rest, name) || (character !== undefined && plainName(glob, others));
      }
      if (first === '[') {
        const close = rest.indexOf(']');
        const isListed = character !== undefined && rest.slice(0, close).includes(character);
        return isListed && plainName(rest.slice(close + 1), others);
      }
      return (
        (first === '?' ? character !== undefined : first === character) && plainName(rest, others)
      );
    };
    let matched = 0;
    for (let round = 0; round < 20000; round++) {
      const glob = some(['a', 'b', '*', '**', 'a*', '*b', '?', 'a.b', '.*', '[ab]', '*[c]', 'x$']);
      const path = some(['a', 'b', 'ab', 'a.b', 'acb', '.b', 'x$', 'c', 'xa']);
      const expected = plain(glob, path);
      assert.equal(
        pathMatcher(glob.join('/'))(path.join('/')),
        expected,
        `${glob.join('/')} ${path.join('/')}`,
      );
      if (expected) matched++;
    }
    assert.ok(matched > 1000, `${matched} matches`);
  });

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
