import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sources } from '../native/test/rig.js';
import type { TaskTrace } from '../task-trace.js';
import { untraceable } from '../testing/trace-program.js';
import { doings } from './compare-traces.js';
import { missedByTrace } from './disk-opinion.js';
import { buildEagerShim } from './eager-shim.js';
import { ToolWorkspace, type Plants } from './tool-workspace.js';
import { runTraced } from './traced-run.js';

/** System calls made on purpose, and exactly what comes of them. */
export interface ActCase {
  readonly name: string;
  readonly skip?: string | false;
  /** Besides `a`, `b`, `d/f`, `e` (an empty directory), `l -> a`, `m -> d` and `dangling -> nothing`. */
  readonly plants?: Plants;
  /** What programs/acts.c is told to do, in order. */
  readonly acts: readonly string[];
  /** All that was done to paths of the workspace, but for looks at the workspace itself. */
  readonly accesses: Readonly<Record<string, string>>;
  /** Passing names; each match is taken for `*`. */
  readonly unstable?: RegExp;
  /** Cannot be done without libraries. */
  readonly notStatic?: boolean;
}

const plants = {
  a: 'text\n',
  b: 'other\n',
  'd/f': 'deep\n',
  e: '/',
  l: '-> a',
  m: '-> d',
  dangling: '-> nothing',
};

/** For each case a test of the real calls: by the filter alone, with the shim, and of a static program. */
export function describeActs(family: string, cases: readonly ActCase[]): void {
  describe(family, { skip: untraceable() }, () => {
    let place: string;
    let shim: string;
    before(() => {
      place = mkdtempSync(join(tmpdir(), 'vt-acts-'));
      shim = buildEagerShim(place);
      build(join(place, 'acts'), []);
      build(join(place, 'acts-static'), ['-static']);
    });
    after(() => {
      rmSync(place, { recursive: true });
    });
    for (const one of cases) {
      test(one.name, { skip: one.skip ?? false }, () => {
        const workspace = new ToolWorkspace({ ...plants, ...one.plants });
        try {
          check(one, workspace, join(place, 'acts'), undefined);
          check(one, workspace, join(place, 'acts'), shim);
          if (one.notStatic !== true) check(one, workspace, join(place, 'acts-static'), undefined);
        } finally {
          workspace.dispose();
        }
      });
    }
  });
}

function build(target: string, flags: readonly string[]): void {
  const programs = join(sources, '../differential/programs');
  const files = readdirSync(programs).filter((name) => name.endsWith('.c'));
  const strict = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];
  const built = spawnSync(
    process.env['CC'] ?? 'cc',
    [...strict, ...flags, ...files, '-o', target],
    {
      cwd: programs,
      encoding: 'utf8',
    },
  );
  assert.equal(built.status, 0, built.stderr);
}

function check(
  one: ActCase,
  workspace: ToolWorkspace,
  program: string,
  shim: string | undefined,
): void {
  const run = runTraced(workspace, { argv: [program, ...one.acts], env: process.env }, shim);
  assert.deepEqual(run.trace.incomplete, []);
  assert.deepEqual(missedByTrace(run.disk, run.trace), [], 'the disk knows more');
  const found = inWords(run.trace, workspace.root, one.unstable);
  assert.deepEqual(
    found,
    one.accesses,
    `${program} ${shim === undefined ? 'alone' : 'with the shim'}`,
  );
}

function inWords(trace: TaskTrace, root: string, unstable = /$^/): Record<string, string> {
  const words: Record<string, string> = {};
  for (const access of trace.accesses) {
    if (!access.path.startsWith(`${root}/`)) continue;
    const path = access.path.slice(root.length + 1).replace(unstable, '*');
    words[path] = doings(access)
      .map(([what]) => what)
      .join(' ');
  }
  return words;
}
