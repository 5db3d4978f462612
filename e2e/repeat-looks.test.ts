import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { untilAnswered } from './harness/repeated.js';
import { vtProgram, Workspace } from './harness/workspace.js';

/**
 * What vt in Node looks at for a hit, as the kernel sees it, is all looked at when the record is compared with the
 * present: nothing can have been forgotten that decides.
 */

const needsStrace = spawnSync('strace', ['-V']).error ? 'no strace' : false;

/** Absolute paths of the file system calls of a command. */
async function lookedAt(workspace: Workspace, args: readonly string[]): Promise<Set<string>> {
  const log = workspace.path('strace.log');
  const calls = ['-f', '-y', '-qq', '-s', '4096', '-e', 'trace=%file', '-o', log];
  const run = await workspace.run(['strace', ...calls, vtProgram, ...args]);
  assert.equal(run.code, 0, run.all);
  assert.match(run.all, /cache hit/);
  const found = new Set<string>();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, directory = workspace.root, name] =
      /^\d+ +\w+\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"/.exec(line) ?? [];
    if (name !== undefined) found.add(path.resolve(directory, name));
  }
  rmSync(log);
  return found;
}

/** Of Node and the system, whatever is run; where records are looked for; and what each hit writes. */
function isElsewhere(file: string, cache: string): boolean {
  const dist = path.dirname(vtProgram);
  const own = ['hits.log', 'repeats', 'tmp'].map((name) => path.join(cache, 'v3', name));
  return (
    /^\/(proc|sys|dev|etc|lib|lib64|usr\/lib|usr\/lib64|usr\/share)(\/|$)/.test(file) ||
    /\/(node_modules\/\.cache\/vt|\.vt\/cache)\/v3$|\/(pipe|socket):\[\d+\]$/.test(file) ||
    [path.join(dist, 'code-cache'), ...own].some((it) => `${file}/`.startsWith(`${it}/`)) ||
    file.startsWith(path.join(cache, 'last-details.txt')) ||
    // Node looks for its script, and for the package that is in.
    `${dist}/`.startsWith(`${file}/`) ||
    (path.basename(file) === 'package.json' && dist.startsWith(path.dirname(file)))
  );
}

async function compare(
  t: TestContext,
  workspace: Workspace,
  args: readonly string[],
): Promise<void> {
  const cache = workspace.path('node_modules/.cache/vt');
  await untilAnswered(workspace, args);
  const front = await lookedAt(workspace, args);
  rmSync(path.join(cache, 'v3/repeats'), { recursive: true });
  const node = await lookedAt(workspace, args);
  const decisive = [...node].filter((file) => !isElsewhere(file, cache));
  // It starts Node then.
  assert.ok(node.has(realpathSync(process.execPath)) || node.size > front.size);
  t.diagnostic(`${decisive.length} paths`);
  assert.ok(decisive.length > 10);
  assert.deepEqual(decisive.filter((file) => !isCovered(file, front)).sort(), []);
}

/** Looked at by itself, in the directory it is really in, or not to be there because of that directory. */
function isCovered(file: string, front: ReadonlySet<string>): boolean {
  const directory = path.dirname(file);
  if (front.has(file)) return true;
  if (!existsSync(directory)) return front.has(directory);
  return front.has(path.join(realpathSync(directory), path.basename(file)));
}

describe('what vt looks at for a hit is in the record', { skip: needsStrace }, () => {
  it('of vt exec', async (t) => {
    const workspace = new Workspace(t, { 'package.json': '{}', 'dir/a.txt': 'a\n' });
    symlinkSync('dir', workspace.path('link'));
    const script = 'cat link/a.txt; ls dir; test -e none; mkdir -p out; cp dir/a.txt out; ls dir/*';
    await compare(t, workspace, ['exec', '--', 'sh', '-c', script]);
  });

  it('of vt run in a workspace', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{ "name": "root", "workspaces": ["packages/*", "!packages/x"] }',
      'vite-task.json': '{ "tasks": { "all": { "command": "vt run -r build" } } }',
      'pnpm-workspace.yaml': 'packages: [packages/*]\n',
    });
    for (const name of ['a', 'b', 'c']) {
      workspace.write({
        [`packages/${name}/package.json`]: JSON.stringify({
          name,
          dependencies: name === 'a' ? {} : { a: 'workspace:*' },
        }),
        [`packages/${name}/vite-task.json`]: JSON.stringify({
          tasks: {
            build: {
              command: 'cat in/x.txt > out.txt && ls in',
              cache: { input: [{ auto: true }, 'in/**', '!in/*.log'], env: ['A_*'] },
            },
          },
        }),
        [`packages/${name}/in/x.txt`]: `${name}\n`,
      });
    }
    await compare(t, workspace, ['run', 'all']);
    await compare(t, workspace, ['run', '-F', 'a...', 'build']);
  });
});
