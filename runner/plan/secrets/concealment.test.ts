import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestValue } from '../env/digest-value.js';
import { createConcealment } from './concealment.js';
import { confidentialValues } from './confidential-values.js';
import { isSecretName } from './secret-names.js';

const mark = (name: string, value: string): string =>
  `‹${name}:${digestValue(value).slice(0, 16)}›`;
const values = new Map([
  ['API_TOKEN', 'abcdef-123456'],
  ['LONGER', 'abcdef-123456-and-more'],
  ['MODE', 'short'],
]);
const concealment = createConcealment(values);
const token = mark('API_TOKEN', 'abcdef-123456');

describe('concealment', () => {
  it('takes values out of arguments, the longest first, and leaves short ones', () => {
    assert.deepEqual(
      concealment.arguments([
        'curl',
        '--header=X: abcdef-123456!',
        'abcdef-123456-and-more',
        'short',
        'a‹b',
      ]),
      ['curl', `--header=X: ${token}!`, mark('LONGER', 'abcdef-123456-and-more'), 'short', 'a‹‹b'],
    );
  });

  it('takes out values of any size, many and long ones', () => {
    const long = 'v'.repeat(200_000);
    const many = Array.from({ length: 3000 }, (_, n) => [`V${n}`, `${n}-`.repeat(400)] as const);
    const large = createConcealment(
      new Map([['LONG', long], ['API_TOKEN', 'abcdef-123456'], ...many]),
    );
    assert.deepEqual(large.arguments(['x', `a${long}‹abcdef-123456`, `${many[7]![1]}!`]), [
      'x',
      `a${mark('LONG', long)}‹‹${token}`,
      `${mark('V7', many[7]![1])}!`,
    ]);
  });

  it('keeps different texts different', () => {
    const other = createConcealment(new Map([['API_TOKEN', 'another-value']]));
    const texts = [
      concealment.arguments(['x', 'abcdef-123456'])[1],
      other.arguments(['x', 'another-value'])[1],
      concealment.arguments(['x', token])[1],
    ];
    assert.equal(new Set(texts).size, 3, 'also from a text that looks like a mark');
  });

  it('takes out what a command line assigns, whatever it is', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['A=x cmd', `A=${mark('A', 'x')} cmd`],
      ['A= cmd', 'A= cmd'],
      [`A='x y'b"\\"z" cmd | B=2 d`, `A=${mark('A', `'x y'b"\\"z"`)} cmd | B=${mark('B', '2')} d`],
      ['export T=abcdef-123456;x', `export T=${token};x`],
      ['cmd --define=a=b -DX=1 path/A=1', 'cmd --define=a=b -DX=1 path/A=1'],
    ];
    for (const [text, expected] of cases) {
      assert.equal(concealment.commandLine(text), expected);
      assert.deepEqual(concealment.arguments(['sh', '-ec', text]), ['sh', '-ec', expected]);
    }
  });

  it('takes out what env assigns, and what the name of a setting calls secret', () => {
    assert.deepEqual(concealment.arguments(['/usr/bin/env', 'A=x', 'cmd']), [
      '/usr/bin/env',
      `A=${mark('A', 'x')}`,
      'cmd',
    ]);
    assert.deepEqual(concealment.arguments(['make', 'CC=gcc', 'DB_PASSWORD=x']), [
      'make',
      'CC=gcc',
      `DB_PASSWORD=${mark('DB_PASSWORD', 'x')}`,
    ]);
  });

  it('reaches every text of a value', () => {
    assert.deepEqual(
      concealment.everywhere({ a: 1, b: ['x', 'abcdef-123456'], c: { d: 'is abcdef-123456' } }),
      { a: 1, b: ['x', token], c: { d: `is ${token}` } },
    );
  });
});

describe('confidential values', () => {
  it('are those of declared, assigned and secret names, not of the defaults', () => {
    const runnerEnv = {
      HOME: '/h',
      PATH: '/bin',
      NPM_TOKEN: 't',
      db_password: 'p',
      A: 'a',
      B: 'b',
      C: 'c',
      VT_X_TOKEN: 'v',
      GONE_KEY: undefined,
    };
    const declared = {
      env: ['A', 'HOME'],
      untrackedEnv: ['B'],
      assignments: [['D', 'd']] as const,
    };
    assert.deepEqual(
      confidentialValues(runnerEnv, declared, ['sh', '-c', `E='e' F="f\\"" G="$A" cmd`]),
      new Map([
        ['E', 'e'],
        ['F', 'f"'],
        ['HOME', '/h'],
        ['NPM_TOKEN', 't'],
        ['db_password', 'p'],
        ['A', 'a'],
        ['B', 'b'],
        ['D', 'd'],
      ]),
    );
  });

  it('are secret by name', () => {
    const names = ['A_TOKEN', 'a_key', 'X_SECRET', 'MYPASSWORD1', 'KEY', 'TOKENS', 'SECRET_X'];
    assert.deepEqual(names.map(isSecretName), [true, true, true, true, false, false, false]);
  });
});
