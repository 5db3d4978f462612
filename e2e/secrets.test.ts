import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot, Workspace } from './harness/workspace.js';

/** What of variables reaches the disk. */

const client = path.join(projectRoot, 'dist/vt-client.cjs');

/** Every place below a directory where a text stands in any file: the file, and what is around it. */
function filesWith(directory: string, text: string): string[] {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const bytes = readFileSync(file);
      const at = bytes.indexOf(text);
      return at === -1 ? [] : [`${file}: ${bytes.toString('latin1', at - 40, at + 60)}`];
    });
}

describe('values of variables never reach the cache directory', () => {
  const marker = (name: string): string => `marker-${name}-0d9f3a`;
  const vite = {
    tasks: {
      tracked: { command: 'sh show.sh', cache: { env: ['TRACKED'], untrackedEnv: ['UNTRACKED'] } },
      prefix: `PREFIX=${marker('prefix')} sh show.sh`,
      shell: `SHELL_PREFIX=${marker('shell')} sh show.sh | cat`,
      channel: 'node ask.cjs',
      failing: { command: 'sh -c "exit 3"', cache: { env: ['TRACKED'] } },
      optout: { command: 'sh -c "node optout.cjs $TRACKED"', cache: { env: ['TRACKED'] } },
    },
  };
  const files = {
    'package.json': '{ "name": "app" }',
    'vite-task.json': JSON.stringify(vite),
    // Values get into the arguments of a process, which are kept for explanations.
    'show.sh':
      '/bin/true "$TRACKED" "$UNTRACKED" "$PREFIX" "$SHELL_PREFIX" "x=$SOME_TOKEN"\necho done\n',
    'ask.cjs': `const { getEnv, getEnvs } = require(${JSON.stringify(client)});
const asked = getEnv('ASKED', { tracked: true });
const untracked = getEnv('ASKED_UNTRACKED', { tracked: false });
const all = getEnvs({ prefix: 'QUERY_' }, { tracked: true });
require('node:child_process').execFileSync('/bin/true', [asked, untracked, ...Object.values(all)]);
`,
    'optout.cjs': `require(${JSON.stringify(client)}).disableCache('as ' + process.argv[2]);\n`,
  };
  const names = ['TRACKED', 'UNTRACKED', 'ASKED', 'ASKED_UNTRACKED', 'QUERY_A', 'SOME_TOKEN'];
  const env = Object.fromEntries(names.map((name) => [name, marker(name)]));

  it('after runs of every kind', async (t) => {
    const workspace = new Workspace(t, files);
    for (const task of Object.keys(vite.tasks)) {
      await workspace.vt(['run', '-v', task], { env });
      await workspace.vt(['run', '-v', task], { env });
      // A miss with its reason, and another value in place of the first.
      const other = Object.fromEntries(names.map((name) => [name, marker(`${name}-other`)]));
      await workspace.vt(['run', '-v', task], { env: other });
    }
    const typed = marker('SOME_TOKEN');
    for (const command of [
      ['/bin/true', `--token=${typed}`],
      ['sh', '-c', `INLINE=${marker('inline')} /bin/true`],
      ['env', `ENV_SET=${marker('env')}`, 'true'],
    ]) {
      await workspace.vt(['exec', '-v', '--', ...command], { env });
      const second = await workspace.vt(['exec', '-v', '--', ...command], { env });
      assert.match(second.all, /cache hit/, command.join(' '));
    }
    const cache = workspace.path('node_modules/.cache/vt');
    const optedOut = await workspace.vt(['run', 'optout'], { env });
    assert.match(optedOut.all, /not cached: the task opted out: as marker-TRACKED-0d9f3a/);
    assert.ok(statSync(path.join(cache, 'last-details.txt')).isFile());
    assert.deepEqual(filesWith(cache, 'marker-'), []);
    const details = await workspace.vt(['run', '--last-details']);
    assert.equal(details.all.includes('marker-'), false);
  });

  it('nor when a run is killed', async (t) => {
    const workspace = new Workspace(t, {
      ...files,
      'show.sh': '/bin/true "$TRACKED"\necho started\nexec tail -f /dev/null\n',
    });
    const { child, finished } = workspace.startVt(['run', 'tracked'], { env });
    await new Promise<void>((resolve) => {
      let seen = '';
      child.stdout.on('data', (bytes: Buffer) => {
        seen += bytes.toString();
        if (seen.includes('started')) resolve();
      });
    });
    child.kill('SIGKILL');
    await finished;
    assert.deepEqual(filesWith(workspace.path('node_modules'), 'marker-'), []);
  });
});

describe('a result that shows a secret is not kept', () => {
  const value = 'tok_5d41402abc4b2a76';
  const env = { DEPLOY_TOKEN: value };
  const exec = (workspace: Workspace, script: string, flags: readonly string[] = []) =>
    workspace.vt(['exec', ...flags, '--', 'sh', '-c', script], { env });

  for (const [script, place] of [
    ['echo "$DEPLOY_TOKEN"', 'the output (stdout)'],
    ['echo "$DEPLOY_TOKEN" >&2', 'the output (stderr)'],
    ['printf %s "user:$DEPLOY_TOKEN" | base64 -w0 > out', "'out'"],
    ['mkdir -p d; echo "$DEPLOY_TOKEN" > d/out', "'d/out'"],
    ['ln -s "$DEPLOY_TOKEN" link', "'link'"],
    ['test -e "$DEPLOY_TOKEN"; :', 'the name of a file'],
  ] as const) {
    it(script, async (t) => {
      const workspace = new Workspace(t);
      const run = await exec(workspace, script);
      const notice = `vt: not cached: the value of 'DEPLOY_TOKEN' is in ${place}; if it is no secret: "notSecret": ["DEPLOY_TOKEN"]\n`;
      assert.ok(run.stderr.endsWith(notice), run.stderr);
      assert.equal(run.code, 0);
      assert.deepEqual(filesWith(workspace.path('.vt'), value), []);
    });
  }

  it('unless the user says that everybody may know it', async (t) => {
    const workspace = new Workspace(t);
    const flags = ['--not-secret', 'DEPLOY_*'];
    await exec(workspace, 'echo "$DEPLOY_TOKEN"', flags);
    const run = await exec(workspace, 'echo "$DEPLOY_TOKEN"', flags);
    assert.match(run.all, /cache hit/);
    assert.equal(run.stdout, `${value}\n`);
  });
});
