import type { OutputChunk } from '../../../cache/stored-run.js';
import { ColorFilter } from '../../execute/process/color-filter.js';
import { TerminalText } from '../../execute/process/terminal-text.js';

/** The stream of vt's that a chunk belongs on. */
export type Target = 'stdout' | 'stderr';

/** What may be shown. */
export interface OutputTaste {
  /** Whether what was written to a terminal may stay as it is; else it becomes plain text. */
  readonly isTerminal: boolean;
  /** Whether colours of tasks that write to pipes are taken off. */
  readonly plain: boolean;
}

/** Bytes for one of vt's streams. */
export interface ShownBytes {
  readonly target: Target;
  readonly bytes: Uint8Array;
}

/** Makes one task's output, live or replayed, however it was captured, fit for where it is shown. */
export class OutputText {
  readonly #taste: OutputTaste;
  readonly #filters = new Map<OutputChunk['stream'], TerminalText | ColorFilter>();

  constructor(taste: OutputTaste) {
    this.#taste = taste;
  }

  push({ stream, bytes }: OutputChunk): ShownBytes {
    return { target: targetOf(stream), bytes: this.#filterFor(stream)?.push(bytes) ?? bytes };
  }

  /** What waited for more to come. */
  end(): readonly ShownBytes[] {
    return [...this.#filters]
      .map(([stream, filter]) => ({ target: targetOf(stream), bytes: filter.end() }))
      .filter(({ bytes }) => bytes.length > 0);
  }

  #filterFor(stream: OutputChunk['stream']): TerminalText | ColorFilter | undefined {
    const known = this.#filters.get(stream);
    if (known !== undefined) return known;
    const { isTerminal, plain } = this.#taste;
    const isCaptured = stream === 'terminal';
    if (isCaptured ? isTerminal : !plain) return undefined;
    const filter = isCaptured ? new TerminalText() : new ColorFilter();
    this.#filters.set(stream, filter);
    return filter;
  }
}

function targetOf(stream: OutputChunk['stream']): Target {
  return stream === 'stderr' ? 'stderr' : 'stdout';
}
