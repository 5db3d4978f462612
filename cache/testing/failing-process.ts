import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath } from '../brands.js';
import { cacheLayout } from '../cache-directory.js';
import { openCache } from '../cache.js';
import { listTree } from './list-tree.js';
import { armFault, failedOperation } from './faults.js';
import type { Fault } from './faults.js';
import { clear, produce, replay, run, worldOf } from './scenario.js';
import type { Mode } from './scenario.js';
import { testKey } from './test-workspace.js';

/**
 * A process for tests, with faults.c preloaded: lets every file operation of storing, or of looking
 * up and restoring, fail in turn, with one warning at most and never a wrong tree. argv: workspace,
 * what to do, `once` or `from`, how far apart the cases are, and comma-separated errno names,
 * which take turns. Prints `<cases> <outcomes>`; throws at the first case that is not as it must be.
 */
const [root, action, how, stride, errors] = process.argv.slice(2) as [
  AbsolutePath,
  'restore' | 'store',
  Fault['how'],
  string,
  string,
];
const directory = join(root, 'node_modules/.cache/vt') as AbsolutePath;
const outcomes = new Map<string, number>();
const trees = {} as Record<Mode, string>;

for (const mode of ['one', 'two'] as const) {
  produce(root, mode);
  trees[mode] = listTree(root).join('\n');
}

async function withCache<T>(
  work: (cache: ReturnType<typeof openCache>) => Promise<T>,
): Promise<{ readonly value: T; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const cache = openCache({
    directory,
    warn: ({ kind }) => warnings.push(kind),
    withoutNative: process.env['VT_TEST_WITHOUT_NATIVE'] !== undefined,
  });
  const value = await work(cache);
  await cache.close();
  return { value, warnings };
}

/** Both results are stored, and the tree is that of `two`. */
async function prepare(): Promise<void> {
  const { value } = await withCache(async (cache) => {
    const first = await replay(cache, root, 'one');
    return [first, await replay(cache, root, 'two')].join();
  });
  if (value === 'restored,restored') return;
  for (const mode of ['one', 'two'] as const) {
    const stored = await withCache((cache) => cache.store(run(root, mode), worldOf(root, mode)));
    if (stored.value.kind !== 'stored') throw new Error(JSON.stringify(stored));
  }
}

/** What nobody would remove: the rest goes when this process is gone. */
function unswept(): string[] {
  const names = readdirSync(cacheLayout(directory).temporary);
  return names.filter((name) => !name.includes(`-${process.pid}-`) || name.startsWith('journal-'));
}

/** Else there were more to look at, and so to let fail, each time. */
function sweepOwn(): void {
  const { temporary } = cacheLayout(directory);
  for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true });
}

function isTree(mode: Mode): boolean {
  return listTree(root).join('\n') === trees[mode];
}

async function failRestore(fault: Fault): Promise<string | undefined> {
  await prepare();
  armFault(fault);
  const { value, warnings } = await withCache((cache) => replay(cache, root, 'one'));
  const failed = failedOperation();
  armFault(undefined);
  const check = (holds: boolean, what: string) => {
    if (!holds) {
      const tree = listTree(root).join('\n');
      throw new Error(`${JSON.stringify({ fault, failed, value, warnings, what, tree })}`);
    }
  };
  check(warnings.length <= 1, 'one warning at most');
  if (value === 'restored') check(isTree('one'), 'restored');
  else if (fault.how === 'once') check(isTree('two'), 'not restored: nothing changed');
  await withCache((cache) => cache.lookup('app#build', testKey(), worldOf(root, 'none')));
  check(value === 'restored' ? isTree('one') : isTree('two'), 'as it was, after a repair');
  check(unswept().length === 0, `left: ${unswept().join()}`);
  sweepOwn();
  note(warnings[0] ?? (value.startsWith('{') ? 'miss' : value));
  return failed;
}

async function failStore(fault: Fault): Promise<string | undefined> {
  rmSync(directory, { recursive: true, force: true });
  const finished = run(root, 'one');
  armFault(fault);
  const { value, warnings } = await withCache((cache) =>
    cache.store(finished, worldOf(root, 'one')),
  );
  const failed = failedOperation();
  armFault(undefined);
  const check = (holds: boolean, what: string) => {
    if (!holds) throw new Error(JSON.stringify({ fault, failed, value, warnings, what }));
  };
  check(warnings.length <= 1, 'one warning at most');
  check(isTree('one'), 'what the task made stays');
  const isStored = value.kind === 'stored';
  clear(root);
  const again = await withCache((cache) => replay(cache, root, 'one'));
  if (isStored && warnings.length === 0)
    check(again.value === 'restored', `what is stored is had: ${JSON.stringify(again)}`);
  check(
    again.value === 'restored' ? isTree('one') : listTree(root).length === 0,
    'a right hit or none',
  );
  if (fault.how === 'once') check(again.warnings.length === 0, 'the next run is none the worse');
  check(unswept().length === 0, `left: ${unswept().join()}`);
  sweepOwn();
  note(warnings[0] ?? value.kind);
  return failed;
}

function note(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

const names = errors.split(',') as Fault['what'][];
let cases = 0;
for (let n = 1; ; n += Number(stride)) {
  const fault: Fault = { counted: 'all', how, what: names[cases % names.length]!, n };
  cases++;
  const failed = await (action === 'restore' ? failRestore(fault) : failStore(fault));
  if (failed === undefined) break;
}
console.log(`${cases} ${JSON.stringify(Object.fromEntries(outcomes))}`);
