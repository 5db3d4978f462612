import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { CommandedProgram } from './harness/commanded-program.js';
import { vtPath, Workspace, type Started } from './harness/workspace.js';

// Shows: display.status-line

/** The line below all output, in a real terminal. */

/** Starts vt in a terminal of this size. */
function startIn(
  workspace: Workspace,
  columns: number,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const command = [process.execPath, vtPath, ...args].map((word) => `'${word}'`).join(' ');
  return workspace.start(['sh', '-c', `stty cols ${columns} rows 24; exec ${command}`], {
    terminal: true,
    env: { TERM: 'xterm', ...env },
    input: 'open',
  });
}

/** Resolves when the output contains what is looked for. */
async function shown({ child, finished }: Started, wanted: RegExp): Promise<void> {
  let output = '';
  const found = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (wanted.test(output)) resolve();
    });
  });
  const over = finished.then(({ all }) => {
    throw new Error(`vt ended without ${String(wanted)}:\n${all}`);
  });
  await Promise.race([found, over]);
  over.catch(() => {}); // it was shown, and the end comes later
}

// eslint-disable-next-line no-control-regex
const STATUS = /\x1b\[2m[^\x1b\n]* done[^\x1b\n]*\x1b\[22m\r\x1b\[K/g;

async function workspaceWith(
  t: TestContext,
): Promise<{ workspace: Workspace; one: CommandedProgram; two: CommandedProgram }> {
  const workspace = new Workspace(t, { 'package.json': '{ "workspaces": ["p/*"] }' });
  const one = await CommandedProgram.listen(t, workspace, 'one');
  const two = await CommandedProgram.listen(t, workspace, 'two');
  for (const [name, { command }] of Object.entries({ one, two })) {
    workspace.write({
      [`p/${name}/package.json`]: JSON.stringify({ name }),
      [`p/${name}/vite-task.json`]: JSON.stringify({ tasks: { serve: command.join(' ') } }),
    });
  }
  return { workspace, one, two };
}

describe('the status line', () => {
  it('says what is at work, and leaves the output as it is without', async (t) => {
    const { workspace, one, two } = await workspaceWith(t);
    const run = startIn(workspace, 70, ['run', '-r', 'serve']);
    // Which one starts first is left to the machine.
    await shown(run, /0\/2 done · (?:(?:one|two)#serve \d+s(?: · )?){2}/);
    for (const program of [one, two]) assert.match(await program.said(run), /^ready/);
    one.tell('print hello');
    assert.equal(await one.said(run), 'printed');
    const half = shown(run, /1\/2 done · two#serve \d+s/);
    one.tell('exit 0');
    await half;
    two.tell('exit 0');
    const { code, stdout } = await run.finished;
    run.child.stdin.end();
    assert.equal(code, 0);
    const command = (name: string): string =>
      `\x1b[36m~/p/${name}$ ${process.execPath} ${workspace.path('commanded.mjs')} ${workspace.path(`${name}.sock`)}\x1b[39m\n`;
    const rest = `hello\n
---
vt run: 0/2 cache hit (0%), 2/2 successful. (Run \`vt run --last-details\` for full details)
`;
    const [first, second] = [command('one'), command('two')];
    assert.ok(
      [`${first}${second}${rest}`, `${second}${first}${rest}`].includes(stdout.replace(STATUS, '')),
      stdout,
    );
  });

  it('fits in a narrow terminal', async (t) => {
    const { workspace, one, two } = await workspaceWith(t);
    const run = startIn(workspace, 30, ['run', '-r', 'serve']);
    await shown(run, /0\/2 done · 2 at work\x1b/); // eslint-disable-line no-control-regex
    for (const program of [one, two]) {
      await program.said(run);
      program.tell('exit 0');
      await program.gone();
    }
    run.child.stdin.end();
    assert.equal((await run.finished).code, 0);
  });

  it('is not there for a command with vt’s own terminal, in CI, or in another task', async (t) => {
    for (const [args, env] of [
      [['--no-cache'], {}],
      [[], { CI: 'true' }],
      [[], { VP_RUN: '1' }],
      [[], { TERM: 'dumb' }],
      [['--json'], {}],
    ] as const) {
      const { workspace, one, two } = await workspaceWith(t);
      const run = startIn(workspace, 70, ['run', ...args, 'one#serve'], env);
      assert.match(await one.said(run), /^ready/);
      // It has had the time for a line that another one needed, who began later.
      const other = startIn(workspace, 70, ['run', 'two#serve']);
      await shown(other, /0\/1 done · two#serve \d+s/);
      two.tell('exit 0');
      other.child.stdin.end();
      await other.finished;
      one.tell('exit 0');
      await one.gone();
      run.child.stdin.end();
      const { code, stdout } = await run.finished;
      assert.equal(code, 0, stdout);
      assert.doesNotMatch(stdout, / done/, JSON.stringify([args, env]));
    }
  });
});
