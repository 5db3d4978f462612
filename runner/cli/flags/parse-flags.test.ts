import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FlagDefinitions } from './flag-definition.js';
import { parseFlags, UsageError } from './parse-flags.js';

const flags = {
  input: { type: 'string', multiple: true, valueHint: 'glob', description: '' },
  cwd: { type: 'string', valueHint: 'dir', description: '' },
  quiet: { type: 'boolean', alias: 'q', description: '' },
  verbose: { type: 'boolean', alias: 'v', description: '' },
  'no-cache': { type: 'boolean', description: '' },
} as const satisfies FlagDefinitions;

function parse(argv: readonly string[], endAtArgument = true): unknown {
  const given = parseFlags(argv, {
    command: 'vt x',
    flags,
    laterFlags: ['-r', '--watch', '-vv'],
    endAtArgument,
  });
  const set = (Object.keys(flags) as (keyof typeof flags)[]).filter((name) => given.has(name));
  return [set, given.values('input'), given.value('cwd'), given.rest];
}

function mistake(...argv: string[]): unknown {
  try {
    return parse(argv);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    const { command, ...rest } = error.problem as { command: string };
    assert.equal(command, 'vt x');
    return rest;
  }
}

describe('parseFlags', () => {
  const good: [string[], unknown][] = [
    [[], [[], [], undefined, []]],
    [
      ['--input', 'a', '--input=b', '--cwd=c=d', 'x'],
      [['input', 'cwd'], ['a', 'b'], 'c=d', ['x']],
    ],
    [
      ['--input', '-dash', '--input=', '--', 'x'],
      [['input'], ['-dash', ''], undefined, ['x']],
    ],
    [
      ['-qv', '--no-cache', '-q', 'x', '-q', '--zzz', '--', 'y'],
      [['quiet', 'verbose', 'no-cache'], [], undefined, ['x', '-q', '--zzz', '--', 'y']],
    ],
    [
      ['--', '--cwd', '--', 'x'],
      [[], [], undefined, ['--cwd', '--', 'x']],
    ],
    [
      ['-', 'x'],
      [[], [], undefined, ['-', 'x']],
    ],
    [
      ['', '-q'],
      [[], [], undefined, ['', '-q']],
    ],
  ];
  for (const [argv, expected] of good) {
    it(`reads ${JSON.stringify(argv)}`, () => {
      assert.deepEqual(parse(argv), expected);
    });
  }

  it('reads flags behind arguments where those do not end them', () => {
    assert.deepEqual(parse(['a', '-q', 'b', '--', '-v'], false), [
      ['quiet'],
      [],
      undefined,
      ['a', 'b', '-v'],
    ]);
  });

  const bad: [string[], unknown][] = [
    [['--inptu', 'a'], { kind: 'unknown-flag', flag: '--inptu', nearest: '--input' }],
    [['--zzzzzzz'], { kind: 'unknown-flag', flag: '--zzzzzzz', nearest: undefined }],
    [['--nocache'], { kind: 'unknown-flag', flag: '--nocache', nearest: '--no-cache' }],
    [['-z'], { kind: 'unknown-flag', flag: '-z', nearest: undefined }],
    [['-qz'], { kind: 'unknown-flag', flag: '-z', nearest: undefined }],
    [['-quiet'], { kind: 'unknown-flag', flag: '-quiet', nearest: '--quiet' }],
    [['--input'], { kind: 'missing-value', flag: '--input' }],
    [['--input', '--', 'x'], { kind: 'missing-value', flag: '--input' }],
    [['--quiet=yes'], { kind: 'unexpected-value', flag: '--quiet' }],
    [['--cwd', 'a', '--cwd=b'], { kind: 'repeated-flag', flag: '--cwd' }],
    [['-r'], { kind: 'flag-not-supported-yet', flag: '-r' }],
    [['-vr'], { kind: 'flag-not-supported-yet', flag: '-r' }],
    [['-vv'], { kind: 'flag-not-supported-yet', flag: '-vv' }],
    [['--watch=1'], { kind: 'flag-not-supported-yet', flag: '--watch' }],
  ];
  for (const [argv, expected] of bad) {
    it(`refuses ${JSON.stringify(argv)}`, () => {
      assert.deepEqual(mistake(...argv), expected);
    });
  }
});
