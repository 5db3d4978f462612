import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TaskTrace } from '../task-trace.js';
import { untraceable } from '../testing/trace-program.js';
import { isAccepted } from './accepted-exceptions.js';
import { differences, doings, factsOf } from './compare-traces.js';
import { missedByTrace } from './disk-opinion.js';
import { buildEagerShim } from './eager-shim.js';
import { missedByStrace, runUnderStrace, strace } from './strace-opinion.js';
import { ToolWorkspace, type Plants } from './tool-workspace.js';
import { runTraced, type TracedRun } from './traced-run.js';

/** A real program, and what is certain about what it does. */
export interface Tool {
  readonly name: string;
  /** Why it cannot be run here, or false. */
  readonly skip?: string | false;
  readonly plants: Plants;
  /** What files alone do not make, in the workspace after its files. */
  readonly prepare?: (root: string) => void;
  readonly argv: readonly string[];
  /** Besides this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * By path, what it does there in any version: words of which each must be true, and with `not` in
   * front none. `absent`, `file`, `directory` and `symlink` tell what was there before.
   */
  readonly knows: Readonly<Record<string, string>>;
  /** What differs between any two runs. */
  readonly unstable?: readonly RegExp[];
  readonly concurrent?: boolean;
  /** Programs that the shim cannot get into: nothing may come from it. */
  readonly isStatic?: boolean;
  /** Let strace tell what it sees too. */
  readonly withStrace?: boolean;
}

/**
 * For each tool a test that runs it twice, from the same start: with the shim and with the filter
 * alone. Both must have seen the same, and miss nothing that the disk, or strace, knows.
 */
export function describeTools(family: string, tools: readonly Tool[]): void {
  describe(family, { skip: untraceable() }, () => {
    let place: string;
    let shim: string;
    before(() => {
      place = mkdtempSync(join(tmpdir(), 'vt-shim-'));
      shim = buildEagerShim(place);
    });
    after(() => {
      rmSync(place, { recursive: true });
    });
    for (const tool of tools) {
      test(tool.name, { skip: tool.skip ?? false }, () => {
        const workspace = new ToolWorkspace(tool.plants);
        if (tool.prepare !== undefined) workspace.prepare = tool.prepare;
        try {
          compare(tool, workspace, shim);
        } finally {
          workspace.dispose();
        }
      });
    }
  });
}

function compare(tool: Tool, workspace: ToolWorkspace, shim: string): void {
  const { root } = workspace;
  const command = { argv: tool.argv, env: { ...process.env, ...tool.env } };
  const comparison = {
    root,
    unstable: tool.unstable ?? [],
    concurrent: tool.concurrent ?? false,
  };
  const alone = runTraced(workspace, command, undefined);
  checkRun(tool, root, alone);
  assert.equal(alone.shimRecords, 0);
  if (tool.withStrace === true && strace.missing === false) {
    const facts = runUnderStrace(workspace, command).filter(
      ({ path }) => !comparison.unstable.some((pattern) => path.search(pattern) >= 0),
    );
    assert.deepEqual(missedByStrace(facts, alone.trace, root), [], 'strace saw more');
  }
  const helped = runTraced(workspace, command, shim);
  checkRun(tool, root, helped);
  if (tool.isStatic === true) assert.equal(helped.shimRecords, 0);
  else assert.ok(helped.shimRecords > 0, 'the shim had no part in it');

  const found = differences(
    [factsOf(helped.trace, comparison), 'with the shim'],
    [factsOf(alone.trace, comparison), 'with the filter alone'],
  ).filter(({ fact }) => !isAccepted(tool.name, fact));
  assert.deepEqual(
    found.map(({ line }) => line),
    [],
  );
}

function checkRun(tool: Tool, root: string, run: TracedRun): void {
  assert.deepEqual(run.trace.incomplete, []);
  for (const [path, words] of Object.entries(tool.knows)) checkFact(run.trace, root, path, words);
  assert.deepEqual(missedByTrace(run.disk, run.trace), [], 'the disk knows more');
}

function checkFact(trace: TaskTrace, root: string, path: string, words: string): void {
  const full = path.startsWith('/') ? path : path === '.' ? root : join(root, path);
  const access = trace.accesses.find((one) => one.path === full);
  const did = access === undefined ? ['untouched'] : doings(access).map(([what]) => what);
  const [wanted = '', unwanted = ''] = words.split(/\bnot\b/);
  const has = (word: string): boolean =>
    did.some((what) => what === word || what.startsWith(`${word} `));
  for (const word of wanted.split(' ')) {
    assert.ok(word === '' || has(word), `${path}: expected ${words}, found ${did.join(', ')}`);
  }
  for (const word of unwanted.split(' ')) {
    assert.ok(word === '' || !has(word), `${path}: expected ${words}, found ${did.join(', ')}`);
  }
}
