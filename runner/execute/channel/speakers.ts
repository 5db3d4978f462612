import { readFileSync } from 'node:fs';
import type { Sender } from '../../../proto/frame.js';
import type { Speaker } from './channel-record.js';

/** The command line of a living process; undefined if it cannot be known. */
export type ProcessInfo = (pid: number) => readonly string[] | undefined;

/** Reads the command line from /proc, where there is one. */
export const argvOfProcess: ProcessInfo = (pid) => {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return argv.length > 0 ? argv : undefined;
  } catch {
    return undefined;
  }
};

/** Senders remembered. Of more all are looked up again; labels of a Hello before that are lost. */
const MOST_KNOWN = 1 << 16;

/** Who speaks on a channel. A process is looked up when it is first heard: it lives then. */
export class Speakers {
  readonly #known = new Map<string, Speaker>();
  /** Who spoke last, and most likely speaks again. The assembler gives each sender one object. */
  #last: { readonly sender: Sender; readonly speaker: Speaker } | undefined;
  readonly #processInfo: ProcessInfo;

  constructor(processInfo: ProcessInfo) {
    this.#processInfo = processInfo;
  }

  of(sender: Sender): Speaker {
    if (this.#last?.sender === sender) return this.#last.speaker;
    const speaker = this.#find(sender);
    this.#last = { sender, speaker };
    return speaker;
  }

  #find(sender: Sender): Speaker {
    const known = this.#known.get(keyOf(sender));
    if (known !== undefined) return known;
    const argv = this.#processInfo(sender.pid);
    const speaker = { pid: sender.pid, ...(argv !== undefined && { argv }) };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(keyOf(sender), speaker);
    return speaker;
  }

  /** Gives the label of its Hello to a sender, for what it says from now on. */
  label(sender: Sender, label: string): void {
    if (label === '') return;
    this.#known.set(keyOf(sender), { ...this.of(sender), label });
    this.#last = undefined;
  }
}

function keyOf({ pid, nonce }: Sender): string {
  return `${pid}:${nonce}`;
}
