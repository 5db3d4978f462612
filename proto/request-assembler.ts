import { MAX_REQUEST_BYTES, type Sender } from './frame.js';
import { Request, type Frame } from './generated/vt/ipc/v1/ipc.js';

/** Most bytes of unfinished messages of all senders together, unless said otherwise. */
const MAX_UNFINISHED_BYTES = 64 << 20;

/** Senders remembered; of more the longest silent are forgotten, and would seem to have lost frames. */
const MAX_SENDERS = 1 << 16;

/** What a frame turned out to mean. */
export type Heard =
  | ({ readonly kind: 'request'; readonly request: Request } & Question)
  /** The end of a message that cannot be used, but whose sender may be waiting for a reply. */
  | ({ readonly kind: 'unusable'; readonly cause: 'malformed' | 'too-long' } & Question)
  /** Frames of this sender are missing before this one. */
  | {
      readonly kind: 'sequence-gap';
      readonly sender: Sender;
      readonly expected: number;
      readonly got: number;
    }
  /** The sender began a chunked message and started another before its end. */
  | { readonly kind: 'unfinished'; readonly sender: Sender };

/** Where a reply goes, if `replyChannel` is not 0. */
export interface Question {
  readonly sender: Sender;
  /** Number of the last frame of the message. */
  readonly sequence: number;
  readonly replyChannel: number;
}

interface SenderState {
  readonly sender: Sender;
  /** Sequence number of the next frame. */
  next: number;
  chunks: Uint8Array[];
  bytes: number;
  /** The message now arriving cannot be used: its end is answered, its bytes are not kept. */
  spoilt: 'malformed' | 'too-long' | undefined;
  /** A chunk with `more` was the last thing heard. */
  open: boolean;
}

/**
 * Puts chunks together and checks each sender's sequence numbers. Every message whose last frame
 * arrives yields exactly one `request` or `unusable`, so that whoever waits can be answered.
 */
export class RequestAssembler {
  readonly #senders = new Map<string, SenderState>();
  #last: SenderState | undefined;
  readonly #maxUnfinishedBytes: number;
  #unfinishedBytes = 0;

  /** @param maxUnfinishedBytes of all senders together */
  constructor(maxUnfinishedBytes: number = MAX_UNFINISHED_BYTES) {
    this.#maxUnfinishedBytes = maxUnfinishedBytes;
  }

  accept(frame: Frame): Heard[] {
    const heard: Heard[] = [];
    const state = this.#stateOf(frame);
    const { sender } = state;
    if (this.#senders.size > MAX_SENDERS) {
      const forgotten = this.#forgetOne();
      if (forgotten !== undefined) heard.push({ kind: 'unfinished', sender: forgotten });
    }

    if (frame.sequence !== state.next) {
      heard.push({ kind: 'sequence-gap', sender, expected: state.next, got: frame.sequence });
      this.#dropChunks(state);
      // Whether this frame is the middle of a message whose beginning is lost cannot be known.
      if (frame.body?.$case === 'chunk') state.spoilt = 'malformed';
    }
    state.next = frame.sequence + 1;

    const question = { sender, sequence: frame.sequence, replyChannel: frame.replyChannel };
    if (frame.body?.$case === 'chunk') {
      this.#keepChunk(state, frame.body.value);
      state.open = frame.more;
      if (!frame.more) heard.push({ ...question, ...this.#finish(state) });
      return heard;
    }
    if (state.open) {
      heard.push({ kind: 'unfinished', sender });
      this.#dropChunks(state);
    }
    // A body of a kind not known here decodes as none: a request of no known kind.
    const request = frame.body?.value ?? Request.create();
    heard.push({ kind: 'request', ...question, request });
    return heard;
  }

  /** Senders whose last message has begun and not ended. */
  unfinished(): Sender[] {
    return [...this.#senders.values()].filter(({ open }) => open).map(({ sender }) => sender);
  }

  #stateOf({ pid, nonce }: Frame): SenderState {
    if (this.#last?.sender.pid === pid && this.#last.sender.nonce === nonce) return this.#last;
    const key = `${pid}:${nonce}`;
    let state = this.#senders.get(key);
    if (state === undefined) {
      state = {
        sender: { pid, nonce },
        next: 1,
        chunks: [],
        bytes: 0,
        spoilt: undefined,
        open: false,
      };
      this.#senders.set(key, state);
    } else if (this.#senders.size > MAX_SENDERS / 2) {
      this.#senders.delete(key);
      this.#senders.set(key, state);
    }
    this.#last = state;
    return state;
  }

  /** The sender, if its message has not ended. */
  #forgetOne(): Sender | undefined {
    const [oldest] = this.#senders;
    if (oldest === undefined) return undefined;
    const [key, state] = oldest;
    this.#senders.delete(key);
    const { open, sender } = state;
    this.#dropChunks(state);
    return open ? sender : undefined;
  }

  #keepChunk(state: SenderState, chunk: Uint8Array): void {
    if (state.spoilt !== undefined) return;
    if (
      state.bytes + chunk.length > MAX_REQUEST_BYTES ||
      this.#unfinishedBytes + chunk.length > this.#maxUnfinishedBytes
    ) {
      this.#dropChunks(state);
      state.spoilt = 'too-long';
      return;
    }
    // A view of all that was read with it.
    state.chunks.push(new Uint8Array(chunk));
    state.bytes += chunk.length;
    this.#unfinishedBytes += chunk.length;
  }

  #finish(
    state: SenderState,
  ): { kind: 'request'; request: Request } | { kind: 'unusable'; cause: 'malformed' | 'too-long' } {
    const { chunks, bytes, spoilt } = state;
    this.#dropChunks(state);
    if (spoilt !== undefined) return { kind: 'unusable', cause: spoilt };
    const message = new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      message.set(chunk, at);
      at += chunk.length;
    }
    try {
      return { kind: 'request', request: Request.decode(message) };
    } catch {
      return { kind: 'unusable', cause: 'malformed' };
    }
  }

  #dropChunks(state: SenderState): void {
    this.#unfinishedBytes -= state.bytes;
    state.chunks = [];
    state.bytes = 0;
    state.spoilt = undefined;
    state.open = false;
  }
}
