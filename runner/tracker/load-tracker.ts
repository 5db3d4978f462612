import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AbsolutePath } from '../../cache/brands.js';
import { isWholeObject } from '../../cache/whole-object.js';
import { classify } from './classify.js';
import type { ExplainedLooks } from './explained-looks.js';
import { viewDisk } from './disk-view.js';
import { tabulateProcesses } from './process-table.js';
import type { Incompleteness, TaskTrace } from './task-trace.js';
import { logProgress, readTraceFile } from './trace-reader.js';
import { isReadableByAll } from './usable-object.js';

/** Where the native part is, as built by scripts/build-native.mjs. */
export type NativeTracker =
  | {
      readonly kind: 'available';
      /** The launcher, which is also the supervisor. */
      readonly launcher: AbsolutePath;
      /** The accelerating shim; undefined where there is none that can be used. */
      readonly shim: AbsolutePath | undefined;
      /** The module for Node (execute/native); undefined where there is none that can be used. */
      readonly module: AbsolutePath | undefined;
    }
  /** Tasks run untracked and uncached. */
  | { readonly kind: 'unavailable'; readonly reason: Incompleteness };

let native: NativeTracker | undefined;

/** Finds the native part beside the bundle (dist/) or, from the unit-test build, in the project. */
export function nativePaths(): NativeTracker {
  return (native ??= findNative());
}

function findNative(): NativeTracker {
  if (process.platform !== 'linux') {
    const detail = `file tracking is not available on ${process.platform}`;
    return { kind: 'unavailable', reason: { cause: 'no-tracker', detail } };
  }
  const here = dirname(fileURLToPath(import.meta.url));
  let detail = 'the native part was not built';
  for (const directory of [join(here, 'native'), join(here, '../../../dist/native')]) {
    const launcher = join(directory, 'vt-launch');
    if (!existsSync(launcher)) continue;
    if (!isWholeObject(launcher)) {
      detail = 'the native part is damaged';
      continue;
    }
    return {
      kind: 'available',
      launcher: realpathSync(launcher) as AbsolutePath,
      shim: usableShim(join(directory, 'libvt-shim.so')),
      module: usableModule(join(directory, 'vt-runner.node')),
    };
  }
  return { kind: 'unavailable', reason: { cause: 'no-tracker', detail } };
}

function usableModule(path: string): AbsolutePath | undefined {
  return isWholeObject(path) ? (path as AbsolutePath) : undefined;
}

/** The shim only speeds tracking up: in doubt it is left out. */
function usableShim(path: string): AbsolutePath | undefined {
  if (!isWholeObject(path)) return undefined;
  const shim = realpathSync(path) as AbsolutePath;
  return process.geteuid?.() === 0 && !isReadableByAll(shim) ? undefined : shim;
}

/**
 * What the task did, from the log its tracker left at `tracePath`. To be called when the tree is
 * quiet, before anything else changes the workspace: where paths led is looked up now. Never throws;
 * a log that cannot be read gives a trace that is incomplete. `workspaceRoot` is physical.
 */
export function readTaskTrace(tracePath: string, workspaceRoot: AbsolutePath): TaskTrace {
  const log = readTraceFile(tracePath);
  const table = tabulateProcesses(log.records);
  const native = nativePaths();
  const trackerFiles = new Set<string>();
  if (native.kind === 'available') {
    trackerFiles.add(native.launcher);
    if (native.shim !== undefined) trackerFiles.add(native.shim);
  }
  const classifyWithout = (explained: readonly ExplainedLooks[]) =>
    classify(log.records, table, {
      root: workspaceRoot,
      disk: viewDisk(),
      trackerFiles,
      explained,
    });
  const { accesses, incomplete } = classifyWithout([]);
  return {
    processes: table.processes,
    accesses,
    accessesWithout: (explained) => classifyWithout(explained).accesses,
    incomplete: [...log.incomplete, ...incomplete],
  };
}

/** How far the log of a task at work has come: grows with each record; -1 where there is none. */
export function traceProgress(tracePath: string): number {
  return logProgress(tracePath);
}

/** The trace of a task that ran without a tracker. */
export function untrackedTrace(reason: Incompleteness): TaskTrace {
  return { processes: [], accesses: [], incomplete: [reason] };
}
