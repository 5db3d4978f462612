import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { Workspace } from './harness/workspace.js';

/**
 * `vt exec -- CMD` is CMD: the same stdout, stderr, exit code and signal. Each command is run bare
 * and under vt in two equal workspaces and the outcomes are compared, cached and uncached.
 */
const commands: Record<string, string[]> = {
  'sh, both streams': ['sh', '-c', 'echo out; echo err >&2; printf "no newline"'],
  'sh, exit code': ['sh', '-c', 'echo before; exit 7'],
  'sh, descriptors': ['sh', '-c', 'echo x >&4'],
  'sh, no input': ['sh', '-c', 'cat; echo "end of input"'],
  node: ['node', '-e', 'console.log(process.argv0, process.exitCode); console.error("e")'],
  'node, many bytes at exit': [
    'node',
    '-e',
    'process.stdout.write("x".repeat(300000)); process.exitCode = 3',
  ],
  python3: [
    'python3',
    '-c',
    'import sys, os; print(os.getcwd()[:1]); print("e", file=sys.stderr); sys.exit(5)',
  ],
  git: ['git', 'init', '--quiet', 'repository'],
  'git, failing': ['git', 'no-such-command'],
  tar: ['sh', '-c', 'tar -cf - text.txt | tar -tvf - | cut -c1-10'],
  gcc: ['gcc', '-c', 'hello.c', '-o', 'hello.o'],
  'gcc, failing': ['gcc', '-c', 'broken.c'],
  'a static binary': ['./static-hello', 'argument'],
  'killed by SIGTERM': ['sh', '-c', 'echo going; kill -TERM $$; echo not reached'],
  'killed by SIGKILL': ['sh', '-c', 'kill -KILL $$'],
  'killed by SIGSEGV': ['sh', '-c', 'kill -SEGV $$'],
  'arguments of every kind': [
    'sh',
    '-c',
    'for a; do printf "[%s]" "$a"; done',
    'sh',
    '',
    ' ',
    '--',
    "it's",
    '"',
    '$HOME',
    '*',
    'ä\n',
    '-v',
    '--no-cache',
  ],
};

function workspaceFor(t: TestContext): Workspace {
  const workspace = new Workspace(t, {
    'text.txt': 'some text\n',
    'hello.c':
      '#include <stdio.h>\nint main(int c, char **v) { printf("hello %s\\n", v[c - 1]); return c + 40; }\n',
    'broken.c': 'int main( { return 0; }\n',
    'sub/file.txt': 'x',
  });
  execFileSync('gcc', ['-static', 'hello.c', '-o', 'static-hello'], { cwd: workspace.root });
  return workspace;
}

for (const [name, argv] of Object.entries(commands)) {
  describe(`vt exec -- ${name}`, () => {
    it('ends and prints as the bare command does', async (t) => {
      const bare = await workspaceFor(t).run(argv);
      const cached = await workspaceFor(t).vt(['exec', '-q', '--', ...argv]);
      const uncached = await workspaceFor(t).vt(['exec', '-q', '--no-cache', '--', ...argv]);
      for (const run of [cached, uncached]) {
        assert.equal(run.stdout, bare.stdout);
        assert.equal(run.stderr, bare.stderr);
        assert.deepEqual([run.code, run.signal], [bare.code, bare.signal]);
      }
    });
  });
}

describe('vt exec -- a command that cannot be started', () => {
  for (const [argv, code] of [
    [['no-such-command-anywhere'], 127],
    [['./no/such/path'], 127],
    [['./text.txt'], 126],
    [['./sub'], 126],
  ] as const) {
    for (const flags of [[], ['--no-cache']]) {
      it(`exits ${String(code)} as a shell would: ${[...flags, ...argv].join(' ')}`, async (t) => {
        const run = await workspaceFor(t).vt(['exec', ...flags, '--', ...argv]);
        assert.equal(run.code, code);
        assert.equal(run.stdout, '');
        assert.ok(run.stderr.includes(argv[0]), run.stderr);
      });
    }
  }
});

describe('vt exec -- a command that opens its own output by path', () => {
  it('can, although vt itself writes to a socket', async (t) => {
    // Not compared with the bare command: what this test gives it is a socket, which no process
    // can open by path. Commands under vt have pipes.
    const command = ['sh', '-c', 'echo a > /dev/stdout; echo b > /dev/stderr'];
    const run = await workspaceFor(t).vt(['exec', '-q', '--', ...command]);
    assert.deepEqual([run.stdout, run.stderr, run.code], ['a\n', 'b\n', 0]);
  });
});
