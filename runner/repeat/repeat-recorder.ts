import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../cache/brands.js';
import { LAST_DETAILS, cacheLayout } from '../../cache/cache-directory.js';
import type { CacheLayout } from '../../cache/cache-directory.js';
import { CONFIRMATION_LASTS } from '../../cache/confirmation.js';
import type { Confirmation } from '../../cache/confirmation.js';
import { takeFileStamp } from '../../cache/file-stamp.js';
import { keepRepeat, repeatName } from '../../cache/repeat-store.js';
import type { RunDetail } from '../report/run-details.js';
import type { OutputStream } from '../report/output.js';
import { encodeRecord } from './encode-record.js';
import type { Handover } from './handover.js';
import type { Look } from './look.js';
import { LookRecorder } from './look-recorder.js';
import type { Piece, RepeatRecord } from './repeat-record.js';
import { isFoundFrom } from './places.js';
import { splitTemplate } from './template.js';

/** What a run leaves that did nothing but replay. Templates: see template.ts. */
export interface ReplayedRun {
  readonly cacheDirectory: AbsolutePath;
  /** Of all executions of the plan. */
  readonly details: readonly RunDetail[];
  /** What was written to stdout at last, and the template of it. */
  readonly summary?: { readonly text: string; readonly template: string };
  /** The template of what was kept for --last-details. */
  readonly lastDetails?: string;
}

/** Bytes that are kept of what was printed: sealing them takes a moment. */
const MOST_PRINTED = 4 << 20;

/** milliseconds by which a stamp must be older than the start of this process; the kernel's clock for files ticks so. */
const TICK = 20;

/** Flags that only change how Node works. */
const HARMLESS_OPTIONS =
  /^\s*(--(max-old-space-size|max-semi-space-size|stack-trace-limit)=\d+|--(enable-source-maps|no-deprecation|no-warnings|trace-warnings|trace-deprecation))?(\s+|$)/;

/**
 * Makes a record of this invocation if all it does is to replay what was confirmed (cache/confirm-hit.ts): of what it
 * has looked at, what it has printed, and what it leaves in the cache. As long as all of that is found again,
 * the same invocation would do the same, and runner/repeat/native does it without Node.
 */
export class RepeatRecorder {
  readonly #handover: Handover;
  /** Where vt is. */
  readonly #home: string;
  readonly #looks = new LookRecorder();
  readonly #printed: Piece[] = [];
  #printedBytes = 0;
  readonly #confirmed: Confirmation[] = [];
  readonly #started = Date.now() - process.uptime() * 1000;
  #run: ReplayedRun | undefined;

  /** From here on everything that is looked at counts. */
  constructor(handover: Handover, home: string) {
    this.#handover = handover;
    this.#home = home;
    this.#looks.start();
    const open = process.dlopen.bind(process);
    // The index, or a terminal.
    process.dlopen = (...args: Parameters<typeof open>) => {
      this.giveUp('a native module');
      open(...args);
    };
    process.on('warning', () => {
      this.giveUp('a warning of Node');
    });
  }

  /** There is something that another run would do in another way. */
  giveUp(reason: string): void {
    this.#looks.giveUp(reason);
  }

  /** Passes on what is written to one of vt's streams, and keeps it. */
  watch(kind: 'out' | 'err', stream: OutputStream): OutputStream {
    const keep = (bytes: Uint8Array): void => {
      this.#printedBytes += bytes.length;
      if (this.#printedBytes > MOST_PRINTED) this.giveUp('much output');
      else if (bytes.length > 0) this.#printed.push({ kind, bytes });
    };
    return {
      isTTY: stream.isTTY,
      get columns() {
        return stream.columns;
      },
      write: (text) => {
        keep(Buffer.from(text));
        stream.write(text);
      },
      // Taken away again, and not there when all is printed at once.
      writePassing: (text) => {
        stream.write(text);
      },
      send: (bytes) => {
        keep(bytes);
        const demand = stream.send(bytes);
        const check = (answer: unknown): void => {
          if (answer === 'closed') this.giveUp('a reader that has gone');
        };
        if (demand instanceof Promise) void demand.then(check);
        else check(demand);
        return demand;
      },
      flushed: () => stream.flushed(),
    };
  }

  readonly confirmed = (confirmation: Confirmation): void => {
    this.#confirmed.push(confirmation);
  };

  /** To be called by a command all of whose work is in `run`. */
  replayed(run: ReplayedRun): void {
    this.#run = run;
  }

  /** At the end of a process that exits with 0: keeps the record, if there can be one. Never throws. */
  finish(): void {
    this.#looks.stop();
    try {
      const run = this.#run;
      if (run === undefined || !isOrdinaryNode(this.#handover.node)) return;
      const cwd = process.cwd();
      if (!isFoundFrom(cwd, process.env.VT_CACHE_DIR, run.cacheDirectory)) return;
      this.#addOwnFiles(cwd);
      const layout = cacheLayout(run.cacheDirectory);
      const record = this.#record(run, layout);
      if (record === undefined || this.#looks.gaveUp !== undefined) return;
      if (!isSettled(record.looks, this.#started, layout)) return;
      const name = repeatName(layout, this.#handover.invocation);
      if (name === undefined) return;
      const hits = record.hits.map(({ workspace, task, entry }) => ({ workspace, task, entry }));
      keepRepeat(layout, name, encodeRecord(record, name.key), hits);
    } catch {
      // Nobody misses a record.
    }
  }

  /** Another vt, or another Node, may do something else. */
  #addOwnFiles(cwd: string): void {
    for (const entry of readdirSync(this.#home, { withFileTypes: true })) {
      if (entry.isFile()) this.#looks.add(path.join(this.#home, entry.name));
    }
    this.#looks.add(path.resolve(cwd, this.#handover.node));
  }

  #record(run: ReplayedRun, layout: CacheLayout): RepeatRecord | undefined {
    const hits = hitsOf(run.details, this.#confirmed);
    const printed = this.#withSummary(run);
    if (hits === undefined || hits.length === 0 || printed === undefined) return undefined;
    const lastDetails = path.join(layout.root, LAST_DETAILS);
    // What every hit changes itself, and what is looked at anew each time (native/main.c).
    const own = new Set([layout.hits, layout.temporary, lastDetails]);
    const isOwn = (file: string): boolean => own.has(file) || file.startsWith(`${lastDetails}.`);
    for (const file of this.#looks.changed)
      if (!isOwn(file) && file !== layout.store) return undefined;
    const made = Math.min(...hits.map((hit) => hit.made));
    return {
      made: Date.now(),
      until: made + CONFIRMATION_LASTS,
      cache: layout.root,
      node: this.#handover.node,
      looks: this.#looks.looks(own),
      confirmed: layout.confirmed,
      hits: hits.map(({ workspace, task, entry, duration }) => ({
        workspace,
        task,
        entry,
        duration,
      })),
      printed,
      details: run.lastDetails === undefined ? [] : splitTemplate(run.lastDetails, 'details'),
    };
  }

  /** What was printed, with the template in the place of the summary; undefined where that is not at its end. */
  #withSummary({ summary }: ReplayedRun): readonly Piece[] | undefined {
    if (summary === undefined || summary.text === '') return this.#printed;
    const last = this.#printed.at(-1);
    if (last?.kind !== 'out' || Buffer.from(last.bytes).toString('utf8') !== summary.text) {
      return undefined;
    }
    return [...this.#printed.slice(0, -1), ...splitTemplate(summary.template, 'out')];
  }
}

/** The confirmation of each execution, in their order; undefined when something else than a confirmed hit is among them. */
function hitsOf(
  details: readonly RunDetail[],
  confirmed: readonly Confirmation[],
): readonly Confirmation[] | undefined {
  if (details.length !== confirmed.length) return undefined;
  const known = new Map(confirmed.map((hit) => [`${hit.entry}\0${hit.task}`, hit]));
  const hits = details.flatMap(({ execution, outcome }) => {
    if (outcome?.status.kind !== 'hit' || outcome.stopped !== undefined) return [];
    return known.get(`${outcome.entry ?? ''}\0${execution.task}`) ?? [];
  });
  return hits.length === details.length ? hits : undefined;
}

/** Whether `env node` would start just this Node, in the same way. */
function isOrdinaryNode(found: string): boolean {
  const { NODE_OPTIONS = '', LD_PRELOAD = '' } = process.env;
  let rest = NODE_OPTIONS;
  while (rest !== '') {
    const length = HARMLESS_OPTIONS.exec(rest)?.[0].length ?? 0;
    if (length === 0) return false;
    rest = rest.slice(length);
  }
  if (LD_PRELOAD !== '' || process.execArgv.length > 0) return false;
  // A starter that chooses between versions looks at more than itself.
  return realpathSync(found) === process.execPath;
}

/**
 * Whether every stamp is of a time before this process, by the clock of the cache's file system: then each later
 * change gives another one (FileMemo).
 */
function isSettled(looks: readonly Look[], started: number, layout: CacheLayout): boolean {
  const before = Date.now();
  const clock = Number(takeFileStamp(layout.temporary)) / 1e6;
  // The clock for files is a tick behind at most; one that is further off is somebody else's.
  const behind = Math.min(0, clock - before);
  const moment = started + behind - TICK;
  return looks.every(({ kind, stamp: [, , , modified = 0, changed = 0] }) => {
    if (kind !== 'stamp') return true;
    const grain = changed % 1000 === 0 ? 2000 : changed % 10 === 0 ? 10 : 0;
    return Math.max(modified, changed) + grain < moment;
  });
}
