import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import path from 'node:path';
import { Workspace, vtProgram } from './harness/workspace.js';

// Shows: cache.many-processes

/** With VT_SOAK_ALL 10,000 executions: minutes. */
const everything = process.env['VT_SOAK_ALL'] !== undefined;
const PROCESSES = 8;
/** Executions in one run of either task. */
const [SHARED, OWN] = [20, 5];
/** How often each process runs them. */
const [SHARED_RUNS, OWN_RUNS] = everything ? [55, 16] : [2, 1];
const MODES = ['one', 'two', 'three'];

const step = `
set -e
for name in a b c; do echo "$CONTENT" > "out/$1/$name"; done
echo "$1: $CONTENT"
`;

function commands(names: readonly string[]): string[] {
  return names.map((name) => `sh step.sh ${name}`);
}

const sharedNames = Array.from({ length: SHARED }, (_, index) => `shared${index}`);
const ownNames = (who: number) => Array.from({ length: OWN }, (_, index) => `own${who}-${index}`);

function whyNot(): string | false {
  if (process.platform !== 'linux') return `nothing is cached on ${process.platform}`;
  return existsSync(vtProgram) ? false : 'dist/vt is not built';
}

describe('eight vt at once in one workspace', { skip: whyNot() }, () => {
  let executions = 0;
  let start = 0;
  before(() => {
    start = performance.now();
  });
  after(() => {
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`# ${executions} executions in ${seconds} s`);
  });

  test('nothing is lost, mixed, left behind or complained of', async (t) => {
    const tasks: Record<string, unknown> = {
      shared: { command: commands(sharedNames), cache: { env: ['CONTENT'] } },
    };
    for (let who = 0; who < PROCESSES; who++) {
      tasks[`own${who}`] = { command: commands(ownNames(who)), cache: { env: ['CONTENT'] } };
    }
    const workspace = new Workspace(t, {
      'package.json': '{}',
      'vite-task.json': JSON.stringify({ tasks }),
      'step.sh': step,
    });
    const temporary = new Workspace(t).root;
    // Not made by the tasks: that there is no such directory would be part of what they depend on.
    const own = Array.from({ length: PROCESSES }, (_, who) => ownNames(who)).flat();
    for (const name of [...sharedNames, ...own]) {
      mkdirSync(workspace.path('out', name), { recursive: true });
    }

    const start = (task: string, content: string) => {
      const child = spawn(vtProgram, ['run', task], {
        cwd: workspace.root,
        env: { PATH: process.env['PATH'], CONTENT: content, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      return { child, output, ended };
    };
    /** Runs a task and checks all it says. `hits`: whether all its executions are to be hits. */
    const run = async (task: string, content: string, names: readonly string[], hits: boolean) => {
      const { output, ended } = start(task, content);
      const code = await ended;
      const all = output.stdout + output.stderr;
      assert.equal(code, 0, all);
      const lines = output.stdout.split('\n').filter((line) => /^(shared|own)\S+: /.test(line));
      assert.deepEqual(
        lines,
        names.map((name) => `${name}: ${content}`),
        all,
      );
      assert.equal(all.split('◉ cache hit').length - 1, hits ? names.length : 0, all);
      assert.doesNotMatch(all, /SQLITE|warning|not cached|internal error/i);
      executions += names.length;
    };
    const modeOf = (name: string): string => {
      const folder = workspace.path('out', name);
      assert.deepEqual(readdirSync(folder).sort(), ['a', 'b', 'c'], name);
      const contents = readdirSync(folder).map((file) =>
        readFileSync(path.join(folder, file), 'utf8'),
      );
      assert.equal(new Set(contents).size, 1, `${name}: ${contents.join()}`);
      return contents[0]!.trim();
    };

    for (const mode of MODES) await run('shared', mode, sharedNames, false);
    let killed = 0;
    await Promise.all(
      Array.from({ length: PROCESSES }, async (_, who) => {
        for (let round = 0; round < Math.max(SHARED_RUNS, OWN_RUNS); round++) {
          const mode = MODES[(who + round) % MODES.length]!;
          if (round < SHARED_RUNS) await run('shared', mode, sharedNames, true);
          if (round < OWN_RUNS) {
            await run(`own${who}`, `round ${round}`, ownNames(who), false);
            await run(`own${who}`, `round ${round}`, ownNames(who), true);
          }
          if (round % PROCESSES !== who % PROCESSES) continue;
          const victim = start('shared', MODES[(who + round + 1) % MODES.length]!);
          victim.child.stdout.once('data', () => victim.child.kill('SIGKILL'));
          await victim.ended;
          killed++;
        }
      }),
    );
    // What was stored while others ran is all there, and what was killed is repaired.
    for (let who = 0; who < PROCESSES; who++) {
      for (let round = 0; round < OWN_RUNS; round++) {
        await run(`own${who}`, `round ${round}`, ownNames(who), true);
        for (const name of ownNames(who)) assert.equal(modeOf(name), `round ${round}`);
      }
    }
    await run('shared', 'one', sharedNames, true);
    for (const name of sharedNames) assert.equal(modeOf(name), 'one');
    await run('own0', 'the last', ownNames(0), false);
    t.diagnostic(`${killed} more were killed`);

    const [store] = readdirSync(workspace.path('node_modules/.cache/vt')).filter((name) =>
      name.startsWith('v'),
    );
    assert.deepEqual(readdirSync(workspace.path('node_modules/.cache/vt', store!, 'tmp')), []);
    assert.deepEqual(readdirSync(temporary), []);
    assert.deepEqual(processesIn(workspace.root), []);
  });
});

/** Command lines of the processes whose working directory is this one. */
function processesIn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isHere = readlinkSync(`/proc/${pid}/cwd`) === directory;
        return isHere ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return []; // It has ended, or is somebody else's.
      }
    });
}
