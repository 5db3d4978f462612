import type { ProcessTable } from './process-table.js';
import { Flag, Kind, Op, OpenFlag } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';
import type { Step } from './trace-steps.js';

/** What a process says of its own looks at some paths: they are for something else that it told. */
export interface ExplainedLooks {
  /**
   * Absolute path of the directory it made just before: later looks are meant. Making it is notified
   * to the supervisor, which has the looks of all processes recorded from then on.
   */
  readonly since: string;
  readonly pid: number;
  /** Which: at size, times and mode; at these and the content; at the names in directories. */
  readonly part: 'state' | 'content' | 'names';
  /** Absolute, physical paths. */
  readonly covers: (path: string) => boolean;
}

/**
 * Tells the steps that are explained. In doubt none is: what was looked at before, by another
 * process or program, or on a way that led through a symlink, counts as ever.
 */
export function explainedSteps(
  looks: readonly ExplainedLooks[],
  records: readonly TraceRecord[],
  table: ProcessTable,
): (step: Step) => boolean {
  const begun = looks.flatMap((look) => {
    const index = records.findIndex((record) => begins(record, look));
    if (index === -1) return [];
    return [{ look, process: table.doer[index]!, sequence: records[index]!.sequence }];
  });
  return (step) =>
    begun.some(
      ({ look, process, sequence }) =>
        step.process === process &&
        step.record.sequence > sequence &&
        isOf(look.part, step.record) &&
        isPlain(step) &&
        look.covers(step.where.path),
    );
}

function begins(record: TraceRecord, { since, pid }: ExplainedLooks): boolean {
  const { op, flags, before, path } = record;
  // The supervisor's own record of it: what the shim writes the supervisor has not seen.
  const isNotified = (flags & Flag.SHIM) === 0;
  return (
    op === Op.MKDIR && isNotified && before === Kind.ABSENT && path === since && record.pid === pid
  );
}

function isOf(part: ExplainedLooks['part'], { op, aux }: TraceRecord): boolean {
  switch (op) {
    case Op.STAT:
      return part !== 'names';
    case Op.OPEN:
      return part === 'content' && (aux & MORE_THAN_READING) === 0;
    case Op.LIST:
      return part === 'names';
    default:
      return false;
  }
}

const MORE_THAN_READING =
  OpenFlag.ACCESS_MODE | OpenFlag.CREAT | OpenFlag.TRUNC | OpenFlag.TMPFILE | OpenFlag.PATH;

function isPlain({ where }: Step): boolean {
  return (
    where.links.length === 0 &&
    where.lostLink === undefined &&
    where.procLink === undefined &&
    where.backedOutOf === undefined &&
    where.loop !== true
  );
}
