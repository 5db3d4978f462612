import type { TracedProcess } from './task-trace.js';
import { Op } from './trace-format.js';
import { splitArgv, type TraceRecord } from './trace-reader.js';

/** Who did what: one entry per process image, so a pid that execs has several. */
export interface ProcessTable {
  readonly processes: readonly TracedProcess[];
  /** For each record (same index): the process that did it, an index into `processes`. */
  readonly doer: Int32Array;
}

/**
 * Builds the table from the PROCESS records. A record belongs to the latest image its pid had before
 * it; a pid that spoke before its first PROCESS record (the order of two threads' first records is
 * free) belongs to that first image; a pid without any gets an entry with an empty exe and argv.
 */
export function tabulateProcesses(records: readonly TraceRecord[]): ProcessTable {
  const processes: TracedProcess[] = [];
  const parentPids: number[] = [];
  const current = new Map<number, number>();
  const announced = firstAnnouncements(records);
  const doer = new Int32Array(records.length);

  const enter = (record: TraceRecord): number => {
    const argv = splitArgv(record.path2);
    const previous = current.get(record.pid);
    if (previous !== undefined) {
      const image = processes[previous]!;
      if (image.exe === record.path && sameWords(image.argv, argv)) return previous;
    }
    // An exec keeps its parent's image of the time of the fork; a reused pid has a parent of its own.
    const isExec = previous !== undefined && parentPids[previous] === record.aux;
    const parent = isExec ? processes[previous]!.parent : (current.get(record.aux) ?? -1);
    const index = processes.push({ pid: record.pid, parent, exe: record.path, argv }) - 1;
    parentPids.push(record.aux);
    current.set(record.pid, index);
    return index;
  };

  records.forEach((record, index) => {
    if (record.op === Op.PROCESS) {
      doer[index] = enter(record);
      return;
    }
    let process = current.get(record.pid);
    if (process === undefined) {
      const later = announced.get(record.pid);
      if (later !== undefined) {
        process = enter(later);
      } else {
        process = processes.push({ pid: record.pid, parent: -1, exe: '', argv: [] }) - 1;
        parentPids.push(0);
        current.set(record.pid, process);
      }
    }
    doer[index] = process;
  });
  return { processes, doer };
}

function firstAnnouncements(records: readonly TraceRecord[]): Map<number, TraceRecord> {
  const first = new Map<number, TraceRecord>();
  for (const record of records) {
    if (record.op === Op.PROCESS && !first.has(record.pid)) first.set(record.pid, record);
  }
  return first;
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
