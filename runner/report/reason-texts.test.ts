import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspacePath } from '../../cache/brands.js';
import type { MissReason } from '../../cache/miss-reason.js';
import type { NotCached } from '../execute/outcome.js';
import type { Ending } from '../execute/task-process.js';
import type { ChannelFailure } from '../execute/channel/channel-record.js';
import type { Incompleteness, IncompletenessCause } from '../tracker/task-trace.js';
import { durationText } from './duration-text.js';
import { endingText } from './ending-text.js';
import { missReasonText } from './miss-reason-text.js';
import { notCachedText } from './not-cached-text.js';
import { startFailureText } from './start-failure-text.js';

const p = (path: string): WorkspacePath => path as WorkspacePath;

function table<T>(
  title: string,
  text: (value: T) => string,
  rows: readonly (readonly [T, string])[],
): void {
  describe(title, () => {
    for (const [value, expected] of rows) {
      it(expected, () => {
        assert.equal(text(value), expected);
      });
    }
  });
}

table<MissReason>('missReasonText', missReasonText, [
  [{ kind: 'env-changed', names: ['X'] }, "env 'X' changed"],
  [{ kind: 'env-changed', names: ['A', 'B'] }, "envs 'A', 'B' changed"],
  [{ kind: 'untracked-env-changed' }, 'untracked env config changed'],
  [{ kind: 'program-changed' }, 'program changed'],
  [{ kind: 'root-changed', path: '/home/me/app' }, "the stored result names '/home/me/app'"],
  [{ kind: 'program-changed', path: '/usr/bin/cc' }, "program '/usr/bin/cc' changed"],
  [{ kind: 'args-changed' }, 'args changed'],
  [{ kind: 'cwd-changed' }, 'working directory changed'],
  [{ kind: 'input-config-changed' }, 'input configuration changed'],
  [{ kind: 'output-config-changed' }, 'output configuration changed'],
  [{ kind: 'modified', path: p('src/p') }, "'src/p' modified"],
  [{ kind: 'added', name: 'f', dir: p('dir') }, "'f' added in 'dir'"],
  [{ kind: 'added', name: 'f', dir: p('') }, "'f' added in workspace root"],
  [{ kind: 'removed', name: 'f', dir: p('dir') }, "'f' removed from 'dir'"],
  [{ kind: 'removed', name: 'f', dir: p('') }, "'f' removed from workspace root"],
  [
    { kind: 'entry-damaged', detail: 'blob missing' },
    'the stored result was damaged (blob missing)',
  ],
  [
    { kind: 'restore-blocked', path: p('dist'), obstacle: 'symlink' },
    "'dist' could not be restored (symlink)",
  ],
]);

const speaker = { pid: 7, argv: ['node', 'serve.mjs'] };

const cat = { pid: 3, parent: -1, exe: '/bin/cat', argv: ['cat', 'p'] };

table<NotCached>('notCachedText', notCachedText, [
  [
    { kind: 'opted-out', speaker },
    `the task opted out (asked by 'node serve.mjs' (pid 7)); "optOut": false overrules it`,
  ],
  [
    { kind: 'opted-out', reason: 'dev\nserver', speaker: { pid: 7, label: 'vite' } },
    'the task opted out: dev server (asked by vite, pid 7); "optOut": false overrules it',
  ],
  [{ kind: 'channel-failed', failures: [] }, 'task communication failed'],
  [{ kind: 'tracking-incomplete', incomplete: [] }, 'file tracking incomplete'],
  [{ kind: 'read-then-written', path: p('p') }, "read and wrote 'p'"],
  [
    { kind: 'read-then-written', path: p('p'), reader: cat, writer: cat },
    "read and wrote 'p' ('cat p' (pid 3))",
  ],
  [
    { kind: 'read-then-written', path: p('p'), reader: cat, writer: { ...cat, pid: 4 } },
    "read and wrote 'p' (read by 'cat p' (pid 3), written by 'cat p' (pid 4))",
  ],
  [
    { kind: 'read-then-written', path: p('p'), writer: cat },
    "read and wrote 'p' (written by 'cat p' (pid 3))",
  ],
  [
    { kind: 'read-then-written', path: p('p'), writer: cat, because: 'too-large' },
    "read and wrote 'p', which is larger than 128 MiB (written by 'cat p' (pid 3))",
  ],
  [
    { kind: 'read-then-written', path: p('p'), because: 'unreadable' },
    "read and wrote 'p', which vt cannot read",
  ],
  [{ kind: 'modified-during-run', path: p('p') }, "'p' was modified while the task ran"],
  [
    { kind: 'modified-during-run', path: p('') },
    'the workspace root was modified while the task ran',
  ],
  [
    { kind: 'unreadable-input', path: p('p'), detail: 'EACCES' },
    "'p' was read and cannot be read now (EACCES)",
  ],
  [
    { kind: 'unsupported-output', path: p('p'), detail: 'socket' },
    "output 'p' cannot be stored (socket)",
  ],
  [{ kind: 'cache-unusable', detail: 'ENOSPC' }, 'the cache cannot be used (ENOSPC)'],
  [{ kind: 'output-too-large', limit: 64 * 2 ** 20 }, 'the task printed more than 64 MiB'],
  [{ kind: 'output-cut-short' }, 'the reader of the output went away before the task had said all'],
  [
    { kind: 'no-run-directory', detail: 'EROFS' },
    'no private directory for the run could be made (EROFS)',
  ],
]);

const failed = (failure: ChannelFailure, ...others: ChannelFailure[]): string =>
  notCachedText({ kind: 'channel-failed', failures: [failure, ...others] });
const who = "'node serve.mjs' (pid 7)";

table<ChannelFailure>('channel failures', (failure) => failed(failure), [
  [{ kind: 'garbage', bytes: 3 }, 'task communication failed: 3 bytes that are no message'],
  [
    { kind: 'garbage', bytes: 3, speaker },
    `task communication failed: 3 bytes that are no message from ${who}`,
  ],
  [
    { kind: 'sequence-gap', speaker, expected: 2, got: 4 },
    `task communication failed: a message of ${who} was lost (expected 2, got 4)`,
  ],
  [
    { kind: 'unfinished-message', speaker },
    `task communication failed: ${who} ended in the middle of a message`,
  ],
  [
    { kind: 'message-too-long', speaker },
    `task communication failed: ${who} sent a message that is too long`,
  ],
  [
    { kind: 'unknown-request', speaker: { pid: 9 } },
    'task communication failed: pid 9 sent a request this version does not know',
  ],
  [
    { kind: 'undeliverable', speaker, detail: 'EPIPE' },
    `task communication failed: a report of ${who} could not be delivered (EPIPE)`,
  ],
  [
    { kind: 'runner-error', detail: 'EMFILE' },
    "task communication failed: vt's end of the channel failed (EMFILE)",
  ],
]);

it('several failures are counted', () => {
  const failure: ChannelFailure = { kind: 'garbage', bytes: 1 };
  assert.equal(
    failed(failure, failure, failure),
    'task communication failed: 1 byte that is no message, and 2 more',
  );
});

const incomplete = (...found: Incompleteness[]): string =>
  notCachedText({ kind: 'tracking-incomplete', incomplete: found });

table<IncompletenessCause>('incompleteness', (cause) => incomplete({ cause }), [
  ['no-tracker', 'file tracking incomplete: the tracker is not built or cannot run here'],
  ['no-listener', 'file tracking incomplete: the kernel refused to let the task be observed'],
  ['listener-busy', 'file tracking incomplete: another tracker observes this process tree'],
  ['unreadable-memory', "file tracking incomplete: a process's memory could not be read"],
  ['foreign-abi', 'file tracking incomplete: a system call was made through a foreign ABI'],
  ['log-overflow', 'file tracking incomplete: the log of file accesses overflowed'],
  ['log-damaged', 'file tracking incomplete: the log of file accesses was damaged'],
  ['io-uring', 'file tracking incomplete: io_uring was used'],
  ['root-changed', 'file tracking incomplete: the file system root or a mount was changed'],
  ['survivors', 'file tracking incomplete: processes outlived the task'],
  [
    'supervisor-lost',
    'file tracking incomplete: the tracker was killed, and the task ran on without it',
  ],
  ['supervisor-killed', 'file tracking incomplete: the tracker was killed, and the task with it'],
  ['unnamed-file', 'file tracking incomplete: a file may have been reached without its name'],
  ['unknown-call', 'file tracking incomplete: a system call that vt does not know was made'],
  ['calls-hidden', 'file tracking incomplete: system calls were traced in a way that vt disturbs'],
  ['undecodable-path', 'file tracking incomplete: a path is not valid UTF-8'],
  ['ambiguous-path', 'file tracking incomplete: where a path led cannot be told any more'],
]);

describe('incompleteness with its process', () => {
  it('names the first one and counts the others', () => {
    const first: Incompleteness = {
      cause: 'survivors',
      process: ['sleep', '9'],
      pid: 4,
      detail: '2 left',
    };
    assert.equal(
      incomplete(first, first),
      "file tracking incomplete: processes outlived the task: 'sleep 9' (pid 4) (2 left), and 1 more",
    );
    assert.equal(
      incomplete({ cause: 'io-uring', pid: 4 }),
      'file tracking incomplete: io_uring was used in pid 4',
    );
  });

  it('shows a long command line on one short line', () => {
    const text = incomplete({ cause: 'io-uring', process: ['a\nb\x1b[31m', 'x'.repeat(200)] });
    assert.equal(
      text,
      `file tracking incomplete: io_uring was used in 'a b [31m ${'x'.repeat(90)}…'`,
    );
  });
});

table<Ending>('endingText', endingText, [
  [{ kind: 'exited', code: 0 }, 'succeeded'],
  [{ kind: 'exited', code: 3 }, 'exited with 3'],
  [{ kind: 'killed', signal: 'SIGKILL' }, 'killed by SIGKILL'],
  [{ kind: 'not-started', errno: 'ENOENT', path: 'x' }, 'could not be started (ENOENT)'],
]);

table<readonly [errno: string, path: string]>(
  'startFailureText',
  ([errno, path]) => startFailureText({ kind: 'not-started', errno, path }),
  [
    [['ENOENT', 'x'], 'vt: x: command not found'],
    [['ENOENT', './x'], 'vt: ./x: no such file or directory'],
    [['EACCES', './x'], 'vt: ./x: permission denied'],
    [['ENOTDIR', 'x/y'], 'vt: x/y: not a directory'],
    [['EISDIR', 'x/y'], 'vt: x/y: is a directory'],
    [['ENOEXEC', 'x'], 'vt: x: not a program this system can run'],
    [['E2BIG', 'x'], 'vt: x: the arguments and the environment are too long'],
    [['ELOOP', 'x'], 'vt: x: cannot be started (ELOOP)'],
  ],
);

table<number>('durationText', durationText, [
  [0, '0ms'],
  [64.4, '64ms'],
  [999.6, '1s'],
  [1234, '1.2s'],
  [59940, '59.9s'],
  [59960, '1m 0s'],
  [125400, '2m 5s'],
]);
