import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot, Workspace } from './harness/workspace.js';

/** The client for sh in scripts as people write them, beyond what `vt conformance` asks of it. */

const client = path.join(projectRoot, 'client/sh/vt_client.sh');
const shells = [['dash'], ['bash'], ['busybox', 'sh']] as const;

const script = `
set -eufC
IFS=:; trap 'echo the trap of the script' PIPE; LC_ALL=C.UTF-8
. ./vt_client.sh
vt_ignore_input .cache; vt_ignore_output .cache
set +C; echo "$1" > .cache/used; set -C
vt_fetch_env MODE:X ABSENT MODE
vt_fetch_envs 'APP_*'
[ "\${ABSENT-none}" = none ]
(vt_ignore_output subshell; echo "$1" >| subshell)
text=$(vt_get_env MODE untracked && echo "$vt_value")
cat source.txt
echo "$MODE $APP_TITLE $text $IFS $- $LC_ALL"
kill -PIPE $$
`;

describe('the sh client', () => {
  for (const shell of shells) {
    it(`works in ${shell[0]} whatever the script has set, and leaves it so`, async (t) => {
      if (spawnSync(shell[0], [...shell.slice(1), '-c', ':']).status !== 0) {
        return t.skip(`${shell[0]} is not installed`);
      }
      const workspace = new Workspace(t, {
        'build.sh': script,
        'source.txt': 'source\n',
        '.cache/old': '',
      });
      workspace.copyIn(client, 'vt_client.sh');
      const build = (title: string) =>
        workspace.vt(['exec', '--', ...shell, 'build.sh', 'x'], {
          env: { MODE: 'fast', APP_TITLE: title },
        });
      const first = await build('one');
      assert.equal(first.stderr, '');
      assert.equal(first.code, 0);
      const [source, line, trap, ...more] = first.stdout.split('\n');
      assert.equal(source, 'source');
      assert.match(line ?? '', /^fast one fast : [A-Za-z]*C[A-Za-z]* C\.UTF-8$/);
      assert.match(line ?? '', /^fast one fast : [A-Za-z]*f/);
      assert.deepEqual([trap, more], ['the trap of the script', ['']]);

      workspace.write({ '.cache/used': 'by others\n', subshell: 'changed\n' });
      const second = await build('one');
      assert.match(second.stderr, /◉ cache hit, replaying/);
      assert.equal(second.stdout, first.stdout);
      assert.equal(workspace.read('subshell'), 'changed\n');
      assert.match((await build('two')).stderr, /cache miss: env 'APP_TITLE' changed/);
    });

    it(`starts no process for a report in ${shell[0]}`, async (t) => {
      if (spawnSync(shell[0], [...shell.slice(1), '-c', ':']).status !== 0) {
        return t.skip(`${shell[0]} is not installed`);
      }
      if (spawnSync('strace', ['-V']).status !== 0) return t.skip('strace is not installed');
      const workspace = new Workspace(t, {
        'report.sh': `. ./vt_client.sh
          vt_ignore_input first
          : > "$1"
          for n in 0 1 2 3 4 5 6 7 8 9; do vt_ignore_input "/dir/$n" && vt_disable_cache; done`,
      });
      workspace.copyIn(client, 'vt_client.sh');
      const trace = ['strace', '-f', '-o', 'trace', '-e', 'trace=%process,openat'];
      const run = await workspace.vt([
        ...['exec', '-q', '--'],
        ...[...trace, ...shell, 'report.sh', 'begin'],
      ]);
      assert.deepEqual([run.code, run.stdout], [0, '']);
      const [, after = ''] = workspace.read('trace').split('"begin", O_WRONLY');
      const opened = (after.match(/\/q", O_WRONLY/g) ?? []).length;
      assert.equal(opened, 20, 'each report opens the FIFO');
      assert.equal(/clone|fork|exec/.exec(after)?.[0], undefined);
    });
  }
});
