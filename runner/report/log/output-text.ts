import type { OutputChunk } from '../../../cache/stored-run.js';
import { ColorFilter } from '../../execute/process/color-filter.js';
import { TerminalText } from '../../execute/process/terminal-text.js';

/** The stream of vt's that a chunk belongs on. */
export type Target = 'stdout' | 'stderr';

/** What may be shown, by how it was captured. */
export interface OutputTaste {
  /**
   * Of what was written to a terminal: all of it, only whole lines in their last state and in their
   * colours, or those without colours.
   */
  readonly terminal: 'raw' | 'lines' | 'plain';
  /** Of what was written to pipes: all of it, or without colours. */
  readonly pipes: 'raw' | 'plain';
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
    const { terminal, pipes } = this.#taste;
    const isTerminal = stream === 'terminal';
    if ((isTerminal ? terminal : pipes) === 'raw') return undefined;
    const filter = isTerminal
      ? new TerminalText({ colors: terminal === 'lines' })
      : new ColorFilter();
    this.#filters.set(stream, filter);
    return filter;
  }
}

function targetOf(stream: OutputChunk['stream']): Target {
  return stream === 'stderr' ? 'stderr' : 'stdout';
}
