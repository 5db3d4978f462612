import { appendFileSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { encodeAttempt } from './attempt-codec.js';
import type { CacheLayout } from './cache-directory.js';
import { contentDigest } from './content-digest.js';
import type { IndexDatabase, Transaction } from './index-database.js';
import { attemptsEnded } from './last-run-table.js';
import { repeatedHits } from './repeat-store.js';
import { temporaryName } from './temporary-names.js';

/**
 * A hit that was confirmed without the index: when a result was used, and how a task's last run went,
 * are told to the index by who opens it next.
 */
export interface HitNote {
  readonly workspace: string;
  readonly task: string;
  /** Name of the entry. */
  readonly entry: string;
  /** Milliseconds since the epoch. */
  readonly ended: number;
  /** milliseconds */
  readonly duration: number;
}

/**
 * What runner/repeat leaves instead, of all hits of an invocation at once: which they are stands beside its record.
 */
interface RepeatNote {
  readonly repeat: string;
  /** As above. */
  readonly ended: number;
  /** milliseconds for each of them */
  readonly duration: number;
}

/** Hits of the same kind. */
interface CountedNote extends HitNote {
  readonly count: number;
}

/** Bytes of notes that are left for later: some thousand hits, told in some tens of milliseconds. */
const ENOUGH = 512 * 1024;

/** Keeps these for later; true when there are so many that the index should be told now. Never throws. */
export function leaveHitNotes(layout: CacheLayout, notes: readonly HitNote[]): boolean {
  try {
    const lines = notes.map((note) => `${JSON.stringify(note)}\n`).join('');
    appendFileSync(layout.hits, lines, { mode: 0o600 });
    // Other versions of vt remove a store that nobody uses.
    const now = new Date();
    utimesSync(layout.store, now, now);
    return statSync(layout.hits).size > ENOUGH;
  } catch {
    return false; // Nothing but the order in which results go when there are too many.
  }
}

/** Tells the index of the hits that were left for later. Rejects with errors of the index only. */
export async function tellHits(layout: CacheLayout, index: IndexDatabase): Promise<void> {
  // What is left of it by a process that dies goes with other leftovers.
  const taken = join(layout.temporary, temporaryName('hits'));
  let text: string;
  try {
    renameSync(layout.hits, taken);
    text = readFileSync(taken, 'utf8');
    rmSync(taken, { force: true });
  } catch {
    return;
  }
  const notes = countNotes(text, layout);
  if (notes.length > 0) await index.write((transaction) => recordHits(transaction, notes));
}

/** In the order of their times, but those of a repeated invocation as of its last. */
function countNotes(text: string, layout: CacheLayout): readonly CountedNote[] {
  const notes: CountedNote[] = [];
  const repeats = new Map<string, { count: number; last: RepeatNote }>();
  for (const line of text.split('\n')) {
    const note = noteIn(line);
    if (note === undefined) continue;
    if ('entry' in note) notes.push({ ...note, count: 1 });
    else {
      const { count } = repeats.get(note.repeat) ?? { count: 0 };
      repeats.set(note.repeat, { count: count + 1, last: note });
    }
  }
  for (const [name, { count, last }] of repeats) {
    const { ended, duration } = last;
    for (const { workspace, task, entry } of repeatedHits(layout, name)) {
      notes.push({ workspace, task, entry, ended, duration, count });
    }
  }
  return notes.sort((a, b) => a.ended - b.ended);
}

async function recordHits(transaction: Transaction, notes: readonly CountedNote[]): Promise<void> {
  const uses = new Map<string, { count: number; used: number }>();
  const last = new Map<string, HitNote>();
  notes.forEach((note, order) => {
    const { count } = uses.get(note.entry) ?? { count: 0 };
    // Microseconds, all different: see entry.used.
    const used = Math.floor(note.ended) * 1000 + (order % 1000);
    uses.set(note.entry, { count: count + note.count, used });
    last.set(JSON.stringify([note.workspace, note.task]), note);
  });
  await transaction.run(
    `UPDATE entry SET hits = hits + (use.value ->> 1), used = max(used, use.value ->> 2)
     FROM json_each(?) AS use WHERE name = use.value ->> 0`,
    [JSON.stringify([...uses].map(([name, { count, used }]) => [name, count, used]))],
  );
  const known = await attemptsEnded(transaction, [...last.keys()]);
  for (const [name, { workspace, task, entry, ended, duration }] of last) {
    if (!((known.get(name) ?? Infinity) < ended)) continue;
    const found = { kind: 'hit', entry } as const;
    const body = encodeAttempt({ ended, duration, found, outcome: undefined });
    await transaction.run(
      `UPDATE last_run SET attempt = ?, attempt_checksum = ?,
         used = (SELECT coalesce(max(used), 0) + 1 FROM last_run)
       WHERE workspace = ? AND task = ? AND key IS NOT NULL`,
      [body, contentDigest(body), workspace, task],
    );
  }
}

/** A line may be cut off by a full disk. */
function noteIn(line: string): HitNote | RepeatNote | undefined {
  try {
    const note = JSON.parse(line) as HitNote | RepeatNote;
    const name = 'entry' in note ? note.entry : note.repeat;
    return typeof name === 'string' && Number.isFinite(note.ended) ? note : undefined;
  } catch {
    return undefined;
  }
}
