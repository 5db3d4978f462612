import type { OutputChunk } from '../../../cache/stored-run.js';

/** Bytes of output a run may have and still be kept: far above any build, far below memory. */
const DEFAULT_LIMIT = 64 * 1024 * 1024;

/** Counted for each recorded chunk besides its bytes, so that tiny alternating writes are bounded too. */
const CHUNK_COST = 128;

const FIRST_BLOCK = 512;

/** What was recorded of one run. Only `complete` output may be stored. */
export type Recording =
  | { readonly kind: 'complete'; readonly chunks: readonly OutputChunk[] }
  /** The run printed more than `limit` bytes; nothing is kept. */
  | { readonly kind: 'too-large'; readonly limit: number }
  /** The reader of vt's own output went away, so that the task was cut off from it. */
  | { readonly kind: 'cut-short' };

/**
 * Collects a task's output for the cache: neighbouring chunks of one stream become one. Memory is
 * bounded by about twice the limit; beyond it everything is dropped and the recording is `too-large`.
 */
export class OutputRecorder {
  readonly #limit: number;
  #chunks: OutputChunk[] = [];
  #cost = 0;
  #stream: OutputChunk['stream'] | undefined;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #failure: Exclude<Recording, { kind: 'complete' }> | undefined;

  /** `limit` is in bytes of output, with a small charge for each change of stream. */
  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  /** Copies the chunk's bytes; the caller keeps ownership. */
  add(chunk: OutputChunk): void {
    if (this.#failure !== undefined || chunk.bytes.length === 0) return;
    const startsChunk = chunk.stream !== this.#stream;
    this.#cost += chunk.bytes.length + (startsChunk ? CHUNK_COST : 0);
    if (this.#cost > this.#limit) {
      this.#fail({ kind: 'too-large', limit: this.#limit });
      return;
    }
    if (startsChunk) {
      this.#closeChunk();
      this.#stream = chunk.stream;
    }
    this.#append(chunk.bytes);
  }

  /** Says that the task could not deliver all of its output. */
  cutShort(): void {
    this.#fail({ kind: 'cut-short' });
  }

  /** The recording so far; call it once, when the task's output is complete. */
  finish(): Recording {
    if (this.#failure !== undefined) return this.#failure;
    this.#closeChunk();
    return { kind: 'complete', chunks: this.#chunks };
  }

  #fail(failure: Exclude<Recording, { kind: 'complete' }>): void {
    this.#failure ??= failure;
    this.#chunks = [];
    this.#block = Buffer.alloc(0);
    this.#used = 0;
    this.#stream = undefined;
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#block.length) {
      const doubled = Math.min(this.#block.length * 2, this.#limit);
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, doubled, FIRST_BLOCK));
      this.#block.copy(grown, 0, 0, this.#used);
      this.#block = grown;
    }
    this.#block.set(bytes, this.#used);
    this.#used = needed;
  }

  #closeChunk(): void {
    if (this.#stream !== undefined) {
      // A copy of the exact size: the block was grown by doubling.
      const bytes = new Uint8Array(this.#block.subarray(0, this.#used));
      this.#chunks.push({ stream: this.#stream, bytes });
    }
    this.#stream = undefined;
    this.#block = Buffer.alloc(0);
    this.#used = 0;
  }
}
