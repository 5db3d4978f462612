import type { TaskPaths } from './task-paths.js';
import { Op, OpenFlag } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';
import type { Step } from './trace-steps.js';

/** Paths through the links of /proc that mean another file in every process. */
export class ProcLinks {
  /** A descriptor was opened anew, for reading or writing. */
  #read = false;
  #write = false;

  constructor(private readonly paths: TaskPaths) {}

  /**
   * A path through /proc/<process>. Its links lead where the process's own records led already, but
   * for three cases: a descriptor opened anew may be read or written where it was only held; what
   * lies below a descriptor or a working directory, or behind a `..`, cannot be told; `root` is the root.
   * Returns whether the record is to be taken as usual.
   */
  take(record: TraceRecord, process: number, rest: string): boolean {
    const names = rest.replace(/^task\/\d+\/?/, '').split('/');
    const [entry, name, ...below] = names;
    if (entry === 'fd' && name !== undefined && below.length === 0) {
      if (record.op === Op.OPEN) {
        const mode = record.aux & OpenFlag.ACCESS_MODE;
        if (mode !== OpenFlag.WRONLY) this.#read = true;
        if (mode !== 0 || record.aux & OpenFlag.TRUNC) this.#write = true;
      }
      // How a file without a name gets one.
      return record.op === Op.LINK;
    }
    const leadsOn =
      names.includes('..') ||
      (entry === 'fd' && below.length > 0) ||
      ((entry === 'cwd' || entry === 'root') && names.length > 1);
    if (leadsOn) this.paths.report('ambiguous-path', record, process, record.path);
    return false;
  }

  /** What was only held (O_PATH) may have been read or written under a new descriptor. */
  settle(steps: readonly Step[]): void {
    if (!this.#read && !this.#write) return;
    for (const step of steps) {
      const state = this.paths.ledger.find(step.where.path);
      if (state?.handle === undefined) continue;
      this.paths.ledger.readContent(state, state.handle);
      if (this.#write) state.written ??= state.handle;
    }
  }
}
