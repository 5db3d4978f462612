import assert from 'node:assert/strict';
import { vtProgram, type Finished, type RunOptions, type Workspace } from './workspace.js';

/** Bytes of address space in which Node cannot start, but the program `vt` can. */
const TOO_LITTLE = 100_000_000;

/** What a run of `vt` printed that was answered without Node; undefined when it would have started Node. */
export async function answered(
  workspace: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished | undefined> {
  const limits = [`--as=${TOO_LITTLE}`, '--core=0'];
  const run = await workspace.run(['prlimit', ...limits, vtProgram, ...args], options);
  if (run.code === 0) return run;
  assert.notEqual(run.signal ?? run.code, 1, run.all);
  return undefined;
}

/** Runs of an invocation after which the next one can be answered without Node, if any can. */
const ENOUGH = 5;

/** Repeats an invocation until it is answered without Node; gives what it printed then. */
export async function untilAnswered(
  workspace: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  let last: Finished | undefined;
  for (let time = 0; time < ENOUGH; time++) {
    last = await workspace.vt(args, options);
    const found = await answered(workspace, args, options);
    if (found !== undefined) return found;
  }
  return assert.fail(`never answered without Node, but:\n${last?.all}`);
}
