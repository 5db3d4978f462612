import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CliRig, code } from './cli-rig.js';

describe('vt', () => {
  it('shows its help when asked for nothing else', async (t) => {
    const rig = new CliRig(t);
    assert.deepEqual(await rig.vt(), code(0));
    assert.match(
      rig.stdout,
      /^vt: runs commands and remembers what they did\n\nUsage: vt <command> \[args…\]\n/,
    );
    const help = rig.stdout;
    for (const argv of [['--help'], ['-h'], ['help']]) {
      assert.deepEqual(await rig.vt(...argv), code(0));
      assert.equal(rig.stdout, help);
    }
  });

  it('has help at each level, with every flag and command in it', async (t) => {
    const rig = new CliRig(t);
    const words: [string[], string[]][] = [
      [[], ['run', 'exec', 'init', 'cache', 'report', '--help', '--version']],
      [
        ['run'],
        [
          '-r, --recursive',
          '-F, --filter',
          '--cache',
          '--no-cache',
          '-v, --verbose',
          '--last-details',
          '[flags] [<task> [args…]]',
        ],
      ],
      [
        ['exec'],
        [
          '--input',
          '--output',
          '--env',
          '--untracked-env',
          '--cwd',
          '--name',
          '--no-cache',
          '-q, --quiet',
        ],
      ],
      [['cache'], ['stats', 'ls', 'show', 'path', 'gc', 'clean']],
      [
        ['cache', 'gc'],
        ['--max-size <size>', '--max-age <time>', '--json', 'VT_CACHE_MAX_SIZE'],
      ],
      [['cache', 'clean'], ['VT_CACHE_DIR']],
      [['report'], ['ignore-input', 'ignore-output', 'disable-cache', 'get-env', 'get-envs']],
      [
        ['report', 'get-envs'],
        ['--prefix', '--untracked'],
      ],
    ];
    for (const [command, expected] of words) {
      assert.deepEqual(await rig.vt(...command, '--help'), code(0));
      for (const word of expected)
        assert.ok(rig.stdout.includes(word), `${command.join(' ')}: ${word}`);
      assert.ok(
        rig.stdout.split('\n').every((line) => line.length <= 105),
        command.join(' '),
      );
      const direct = rig.stdout;
      await rig.vt('help', ...command);
      assert.equal(rig.stdout, direct);
    }
    assert.equal(rig.stderr, '');
  });

  it('shows its version', async (t) => {
    const rig = new CliRig(t);
    assert.deepEqual(await rig.vt('--version'), code(0));
    assert.equal(rig.stdout, '1.2.3\n');
  });

  const mistakes: [string[], string][] = [
    [
      ['rnu'],
      'error[unknown-command]: unknown command "rnu"\n  commands of vt: run, exec, init, cache, why, completion, report, conformance\nhelp: did you mean `vt run`?\n',
    ],
    [
      ['toString'],
      'error[unknown-command]: unknown command "toString"\n  commands of vt: run, exec, init, cache, why, completion, report, conformance\nhelp: see `vt --help`\n',
    ],
    [
      ['--versoin'],
      'error[unknown-flag]: unknown flag --versoin of `vt`\nhelp: did you mean --version?\n',
    ],
    [
      ['cache'],
      'error[missing-command]: `vt cache` needs a command\n  commands of vt cache: stats, ls, show, path, gc, clean\nhelp: see `vt cache --help`\n',
    ],
    [
      ['cache', 'claen'],
      'error[unknown-command]: unknown command "claen"\n  commands of vt cache: stats, ls, show, path, gc, clean\nhelp: did you mean `vt cache clean`?\n',
    ],
    [
      ['cache', 'clean', 'x'],
      'error[unexpected-argument]: `vt cache clean` has no use for "x"\nhelp: see `vt cache clean --help`\n',
    ],
    [
      ['run', '-r'],
      'error[missing-argument]: `vt run` needs the name of a task\nhelp: see `vt run --help`\n',
    ],
    [
      ['run', '--cache', '--no-cache', 'x'],
      'error[conflicting-flags]: --cache and --no-cache of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '--watch', '--json', 'x'],
      'error[conflicting-flags]: --watch and --json of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '-rt', 'x'],
      'error[conflicting-flags]: --recursive and --transitive of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '-F', 'a', '-r', 'x'],
      'error[conflicting-flags]: --recursive and --filter of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '-t', '--filter=a', 'x'],
      'error[conflicting-flags]: --transitive and --filter of `vt run` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['run', '-w', 'a#x'],
      'error[package-and-flag]: "a#x" names a package, and --workspace-root of `vt run` chooses packages too\nhelp: name the task alone, or leave out the flag\n',
    ],
    [
      ['exec'],
      'error[missing-argument]: `vt exec` needs a command to run\nhelp: see `vt exec --help`\n',
    ],
    [
      ['exec', '--'],
      'error[missing-argument]: `vt exec` needs a command to run\nhelp: see `vt exec --help`\n',
    ],
    [
      ['exec', '-qv', 'x'],
      'error[conflicting-flags]: --quiet and --verbose of `vt exec` exclude each other\nhelp: give one of them\n',
    ],
    [
      ['exec', '--cwd', 'none', 'x'],
      'error[no-such-directory]: no such directory: none\nhelp: give --cwd an existing directory\n',
    ],
    [
      ['exec', '--input', '[', 'x'],
      'error[bad-glob]: "[" is not a usable glob: a "[" is not closed\nhelp: put a backslash before a character that is meant literally\n',
    ],
    [
      ['report', 'get-env'],
      'error[missing-argument]: `vt report get-env` needs the name of a variable\nhelp: see `vt report get-env --help`\n',
    ],
    [
      ['report', 'get-envs', '--prefix', 'A', 'B'],
      'error[unexpected-argument]: `vt report get-envs` has no use for "B"\nhelp: see `vt report get-envs --help`\n',
    ],
  ];
  for (const [argv, expected] of mistakes) {
    it(`says what is wrong with: vt ${argv.join(' ')}`, async (t) => {
      const rig = new CliRig(t);
      assert.deepEqual(await rig.vt(...argv), code(1));
      assert.deepEqual([rig.stdout, rig.stderr, rig.executions.length], ['', expected, 0]);
    });
  }
});
