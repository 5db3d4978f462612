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

const questions = `
set -eufC
IFS=:_0123456789; LC_ALL=C.UTF-8
. ./vt_client.sh
vt_label 'plugin x'
vt_depend_on_json data.json /version; version=$vt_value
vt_label
vt_depend_on_glob 'src/*.c' --exclude '**/left-*'
files=; at=0
while [ "$at" -lt "$vt_count" ]; do at=$((at + 1)); eval "files=\\$files\\ \\$vt_path_$at"; done
vt_depend_on_exists flag || [ "$vt_value" = absent ]
vt_declare_complete declared --output out
echo "$version$files $vt_value"
`;

const unanswered = `
set -eu
. "$0"
vt_label x
vt_declare_complete a
vt_depend_on_glob '*' || echo "$vt_count no answer"
! vt_depend_on_exists "$0" && [ -z "$vt_value" ]
! vt_depend_on_json "$0" / && [ -z "$vt_value" ]
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

    it(`asks about files in ${shell[0]}, on whose behalf it says`, async (t) => {
      if (spawnSync(shell[0], [...shell.slice(1), '-c', ':']).status !== 0) {
        return t.skip(`${shell[0]} is not installed`);
      }
      const workspace = new Workspace(t, {
        'ask.sh': questions,
        'data.json': '{"version": "1"}',
        'src/a b.c': '',
        'src/left-out.c': '',
        declared: 'one',
      });
      workspace.copyIn(client, 'vt_client.sh');
      const command = ['--', ...shell, 'ask.sh'];
      const ask = async () => {
        const { code, stderr, stdout } = await workspace.vt(['exec', ...command]);
        const [, reason] = /cache miss: (.*), executing/.exec(stderr) ?? [];
        return [code, stderr.includes('cache hit') ? 'hit' : (reason ?? 'run'), stdout];
      };
      assert.deepEqual(await ask(), [0, 'run', '1 src/a b.c absent\n']);
      workspace.write({ 'data.json': '{"version": "1", "more": 2}', 'src/readme': '' });
      assert.deepEqual(await ask(), [0, 'hit', '1 src/a b.c absent\n']);
      const why = (await workspace.vt(['why', '-v', ...command])).stdout;
      const asked = `'/version' of 'data.json': asked for by ${shell.join(' ')} ask.sh (plugin x)`;
      assert.ok(why.includes(asked), why);

      workspace.write({ 'data.json': '{"version": "2"}' });
      const version = `'/version' of 'data.json' changed`;
      assert.deepEqual(await ask(), [0, version, '2 src/a b.c absent\n']);
      workspace.write({ declared: 'two' });
      assert.deepEqual(await ask(), [0, `'declared' modified`, '2 src/a b.c absent\n']);
      workspace.write({ 'flag/is': 'there' });
      assert.deepEqual(await ask(), [
        0,
        `'flag' added in workspace root`,
        '2 src/a b.c directory\n',
      ]);
      workspace.write({ 'src/b.c': '' });
      const added = `'b.c' added in 'src'`;
      assert.deepEqual(await ask(), [0, added, '2 src/a b.c src/b.c directory\n']);
    });

    it(`answers no question about files outside a runner in ${shell[0]}`, (t) => {
      const { status, stdout, stderr } = spawnSync(
        shell[0],
        [...shell.slice(1), '-c', unanswered, client],
        { encoding: 'utf8', env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      if (status === null) return t.skip(`${shell[0]} is not installed`);
      assert.deepEqual([status, stdout, stderr], [0, '0 no answer\n', '']);
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
          for n in 0 1 2 3 4 5 6 7 8 9; do vt_ignore_input "/dir/$n" && vt_disable_cache; done
          vt_label x; vt_declare_complete /in --output /out`,
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
      assert.equal(opened, 23, 'each report opens the FIFO, for each text if it has more');
      assert.equal(/clone|fork|exec/.exec(after)?.[0], undefined);
    });
  }
});
