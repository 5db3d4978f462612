import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import type { Fact } from './observation-codec.js';
import type { OutputChunk } from './stored-run.js';
import { textSum } from './text-sum.js';
import { replaceFile } from './replace-file.js';
import { workspaceName } from './workspace-name.js';

/**
 * What the last hit of a task in a workspace was decided by, so that the next one can be decided
 * without the index: by the same key, by every file having the stamp it had, by all other facts.
 *
 * Its outputs were in place when it was made, and it is removed before the index gets to know that
 * the task wrote anything else: as long as it holds, restoring the result would change nothing.
 */
export interface Confirmation {
  readonly workspace: string;
  readonly task: string;
  /** See keyText. */
  readonly key: string;
  /** Name of the entry. */
  readonly entry: string;
  /** milliseconds the original run took */
  readonly duration: number;
  /** When it was made, milliseconds since the epoch. */
  readonly made: number;
  /** Files whose content counts: read by the task, or outputs. */
  readonly files: readonly WorkspacePath[];
  /** STAMP_LENGTH numbers for each of them; see stampOf. */
  readonly stamps: readonly number[];
  /** All other facts. */
  readonly facts: readonly Fact[];
  readonly outputs: readonly WorkspacePath[];
  /** Outputs that are directories, and what is above outputs: no symlink may have taken their place. */
  readonly directories: readonly WorkspacePath[];
  readonly links: readonly { readonly path: WorkspacePath; readonly target: string }[];
  /** Outputs that are deletions. */
  readonly absent: readonly WorkspacePath[];
  readonly transcript: readonly OutputChunk[];
}

/**
 * One whose transcript is larger is looked for in the index. Reading so much here costs less than opening the
 * index, and a hit that is not confirmed is never answered without Node (runner/repeat).
 */
export const LARGEST_TRANSCRIPT = 128 * 1024;

/** Milliseconds. Older ones are made anew, from files that are looked at again. */
export const CONFIRMATION_LASTS = 7 * 24 * 60 * 60 * 1000;

/** Undefined when there is none for this key, or none that can be used. Never throws. */
export function readConfirmation(
  layout: CacheLayout,
  root: AbsolutePath,
  task: string,
  key: string,
  now: number,
): Confirmation | undefined {
  const workspace = workspaceName(layout.root, root);
  let text: string;
  try {
    text = readFileSync(confirmationPath(layout, workspace, task), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    // Nothing else would tell that a path which must be absent has another name now.
    if (text.slice(0, end) !== textSum(body)) return undefined;
    const found = JSON.parse(body) as WrittenConfirmation;
    if (found.workspace !== workspace || found.task !== task || found.key !== key) return undefined;
    if (Math.abs(now - found.made) > CONFIRMATION_LASTS) return undefined;
    const transcript = found.transcript.map(({ stream, bytes }) => ({
      stream,
      bytes: Buffer.from(bytes, 'latin1'),
    }));
    return { ...found, facts: found.facts.map(readFact), transcript };
  } catch {
    return undefined; // What somebody else wrote there.
  }
}

/** Leaves none where this cannot be written. Never throws. */
export function writeConfirmation(layout: CacheLayout, confirmation: Confirmation): void {
  const { workspace, task, facts, transcript } = confirmation;
  const path = confirmationPath(layout, workspace, task);
  const written: WrittenConfirmation = {
    ...confirmation,
    facts: facts.map(writeFact),
    transcript: transcript.map(({ stream, bytes }) => ({
      stream,
      bytes: Buffer.from(bytes).toString('latin1'),
    })),
  };
  try {
    mkdirSync(layout.confirmed, { mode: 0o700, recursive: true });
  } catch {
    return;
  }
  const body = JSON.stringify(written);
  replaceFile(path, `${textSum(body)}\n${body}`);
}

/**
 * To be called before the index gets to know what a task wrote in a workspace. Throws where one is
 * left, as nothing may be recorded then.
 */
export function removeConfirmation(layout: CacheLayout, workspace: string, task: string): void {
  rmSync(confirmationPath(layout, workspace, task), { force: true });
}

/** After results were dropped: a hit of one that nobody finds any more would be a riddle. */
export function removeConfirmations(layout: CacheLayout): void {
  rmSync(layout.confirmed, { recursive: true, force: true });
  // Without confirmations none of them holds.
  rmSync(layout.repeats, { recursive: true, force: true });
}

type WrittenFact = Exclude<Fact, { kind: 'program' }> | WrittenProgram;
interface WrittenProgram {
  readonly kind: 'program';
  readonly path: AbsolutePath;
  readonly size: string;
  readonly mtime: string;
  readonly names: readonly string[];
}

type WrittenConfirmation = Omit<Confirmation, 'facts' | 'transcript'> & {
  readonly facts: readonly WrittenFact[];
  readonly transcript: readonly {
    readonly stream: OutputChunk['stream'];
    readonly bytes: string;
  }[];
};

function writeFact(fact: Fact): WrittenFact {
  if (fact.kind !== 'program') return fact;
  return { ...fact, size: String(fact.size), mtime: String(fact.mtime) };
}

/** Of facts that a later vt wrote nothing can be said. */
const known: Readonly<Record<Fact['kind'], true>> = {
  content: true,
  absence: true,
  existence: true,
  link: true,
  listing: true,
  glob: true,
  json: true,
  program: true,
  root: true,
  env: true,
  'env-query': true,
};

function readFact(fact: WrittenFact): Fact {
  if (!Object.hasOwn(known, fact.kind)) throw new TypeError(`no such fact: ${fact.kind}`);
  if (fact.kind !== 'program') return fact;
  return { ...fact, size: BigInt(fact.size), mtime: BigInt(fact.mtime) };
}

/** Two tasks that share a name take turns: each says whose it is. */
function confirmationPath(layout: CacheLayout, workspace: string, task: string): string {
  const text = `${workspace}\0${task}`;
  return join(layout.confirmed, textSum(text, 0x811c9dc5) + textSum(text, 0x01234567));
}
