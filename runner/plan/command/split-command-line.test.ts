import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { quoteArgument } from './quote-argument.js';
import { splitCommandLine } from './split-command-line.js';

function direct(text: string, argv: string[], assignments: [string, string][] = []): unknown {
  return { kind: 'direct', text, assignments, argv };
}

describe('splitCommandLine', () => {
  const simple: [line: string, parts: unknown[]][] = [
    ['vite build', [direct('vite build', ['vite', 'build'])]],
    ['  vite\tbuild  ', [direct('vite\tbuild', ['vite', 'build'])]],
    [
      'tsc -b && vite build',
      [direct('tsc -b', ['tsc', '-b']), direct('vite build', ['vite', 'build'])],
    ],
    ['a&&b', [direct('a', ['a']), direct('b', ['b'])]],
    [
      'NODE_ENV=production A= vite',
      [
        direct(
          'NODE_ENV=production A= vite',
          ['vite'],
          [
            ['NODE_ENV', 'production'],
            ['A', ''],
          ],
        ),
      ],
    ],
    [`A='x y'"z" cmd B=2`, [direct(`A='x y'"z" cmd B=2`, ['cmd', 'B=2'], [['A', 'x yz']])]],
    [`"A"=1 cmd`, [direct(`"A"=1 cmd`, ['A=1', 'cmd'])]],
    [`A""=1 cmd`, [direct(`A""=1 cmd`, ['A=1', 'cmd'])]],
    [`1A=2 cmd`, [direct(`1A=2 cmd`, ['1A=2', 'cmd'])]],
    [
      `cmd '' "" a\\ b '$x * ;' "it's \\"q\\" \\n"`,
      [
        direct(`cmd '' "" a\\ b '$x * ;' "it's \\"q\\" \\n"`, [
          'cmd',
          '',
          '',
          'a b',
          '$x * ;',
          `it's "q" \\n`,
        ]),
      ],
    ],
    ['cmd a#b "&&"', [direct('cmd a#b "&&"', ['cmd', 'a#b', '&&'])]],
    ['echo hi && vite', [{ kind: 'shell', text: 'echo hi' }, direct('vite', ['vite'])]],
    ['A=1 echo hi', [{ kind: 'shell', text: 'A=1 echo hi' }]],
    ['a b\\ && c\\  ', [direct('a b\\ ', ['a', 'b ']), direct('c\\ ', ['c '])]],
  ];
  for (const [line, parts] of simple) {
    it(`takes apart: ${line}`, () => {
      assert.deepEqual(splitCommandLine(line), parts);
    });
  }

  const whole = [
    'a | b',
    'a; b',
    'a || b',
    'a &',
    'a & b',
    'a > f',
    'a < f',
    '(a)',
    'a && (b)',
    'echo $X',
    'a `b`',
    'a "$X"',
    'a "`b`"',
    'ls *.ts',
    'ls a?',
    'ls [ab]',
    'a {b,c}',
    'a ~',
    'a # b',
    'a\nb',
    "a 'b",
    'a "b',
    'a \\',
    'a &&',
    '&& a',
    'a && && b',
    'A=1',
    'A=1 && b',
    'cd x && b',
    'b && export A=1 && c',
    '. ./env && b',
    'if a',
    '! a',
    'a && exit 3',
    '',
    '  ',
    'a "b\\',
    "'' a",
  ];
  for (const line of whole) {
    it(`leaves to the shell: ${JSON.stringify(line)}`, () => {
      assert.deepEqual(splitCommandLine(line), [{ kind: 'shell', text: line.trim() }]);
    });
  }

  it('reads words as /bin/sh does, over random lines', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const pieces = [
      'a',
      'b c',
      ' ',
      "'",
      '"',
      '\\',
      'x=1',
      '$',
      '#',
      '&&',
      '  ',
      '-',
      "'q q'",
      '"d\\"d"',
      '\\$',
      '!',
      '=',
      ';',
    ];
    const lines: string[] = [];
    for (let i = 0; i < 3000; i++) {
      const line = `probe ${Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join('')}`;
      const [part, second] = splitCommandLine(line);
      if (part.kind === 'direct' && second === undefined) lines.push(line);
    }
    assert.ok(lines.length > 300, `${lines.length} simple lines`);
    // One shell for all: a function prints each word of a line, then a mark.
    const script = `probe() { for w; do printf '<%s>' "$w"; done; printf '\\036'; }\n${lines.join('\n')}`;
    const printed = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\x1e');
    lines.forEach((line, index) => {
      const [part] = splitCommandLine(line);
      const words = part.kind === 'direct' ? part.argv.slice(1) : [];
      assert.equal(words.map((word) => `<${word}>`).join(''), printed[index], line);
    });
  });
});

describe('quoteArgument', () => {
  it('gives back the same argument through a shell', () => {
    const args = [
      '',
      'a',
      'a b',
      "it's",
      '$HOME',
      '`x`',
      '"',
      '\\',
      '*',
      '\n',
      '--x=1',
      'ä',
      '~',
      '#',
      '!',
    ];
    const printed = execFileSync(
      '/bin/sh',
      ['-c', `for w in ${args.map(quoteArgument).join(' ')}; do printf '%s\\0' "$w"; done`],
      { encoding: 'utf8' },
    );
    assert.deepEqual(printed.split('\0').slice(0, -1), args);
  });

  it('leaves plain words as they are', () => {
    assert.equal(quoteArgument('--out=dist/a_b.js'), '--out=dist/a_b.js');
  });
});
