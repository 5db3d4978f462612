import type { Observer } from '../../../cache/observation.js';
import type { StoredProcess } from '../../../cache/stored-run.js';
import type { TracedProcess } from '../../tracker/task-trace.js';
import type { Speaker } from '../channel/channel-record.js';

/** The processes of a run: those tracking saw, and those that only spoke on the channel. */
export class ProcessList {
  readonly #processes: StoredProcess[];
  readonly #speakers = new Map<number, Observer>();
  readonly #labelled = new Map<string, Observer>();

  constructor(traced: readonly TracedProcess[]) {
    this.#processes = [...traced];
    // Of the images of one pid the last: who speaks is seldom about to exec.
    traced.forEach(({ pid }, index) => this.#speakers.set(pid, index));
  }

  get all(): readonly StoredProcess[] {
    return this.#processes;
  }

  at(observer: Observer): StoredProcess | undefined {
    return this.#processes[observer];
  }

  /** As `observerOf`; on somebody's behalf, with the label. */
  speakerOf(speaker: Speaker): Observer {
    const { pid, label } = speaker;
    const process = this.observerOf(speaker);
    if (label === undefined) return process;
    const key = `${pid} ${label}`;
    const known = this.#labelled.get(key);
    if (known !== undefined) return known;
    const observer = this.#processes.push({ ...this.#processes[process]!, label }) - 1;
    this.#labelled.set(key, observer);
    return observer;
  }

  /** With its command line as tracking saw it, if it had ended before anybody could look. */
  named(speaker: Speaker): Speaker {
    if (speaker.argv !== undefined) return speaker;
    const traced = this.#speakers.get(speaker.pid);
    const argv = traced === undefined ? undefined : this.#processes[traced]?.argv;
    return argv === undefined || argv.length === 0 ? speaker : { ...speaker, argv };
  }

  observerOf({ pid, argv = [] }: Speaker): Observer {
    const known = this.#speakers.get(pid);
    if (known !== undefined) return known;
    const observer = this.#processes.push({ pid, parent: -1, exe: argv[0] ?? '', argv }) - 1;
    this.#speakers.set(pid, observer);
    return observer;
  }
}
