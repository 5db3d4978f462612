import { FRAME_MARK, MAX_FRAME_BYTES, type Sender } from './frame.js';
import type { Request } from './generated/vt/ipc/v1/ipc.js';

type Kind = NonNullable<Request['kind']>;

/** Where the text of the request is put. What precedes it is written from here to the front. */
const TEXT_AT = 64;

/** Tag of a field with a length, of a varint, of a fixed32. */
const delimited = (field: number) => (field << 3) | 2;
const varint = (field: number) => field << 3;
const fixed32 = (field: number) => (field << 3) | 5;

/**
 * Encodes what tools say by the thousand, requests with a single text, into one buffer that it uses
 * again and again: byte for byte what `encodeRequest` makes of them, in a tenth of the time.
 */
export class ShortFrame {
  /** The frame is in it from `start` to `end`. */
  readonly bytes: Uint8Array = new Uint8Array(2 * MAX_FRAME_BYTES);
  start = 0;
  end = 0;

  /**
   * Arguments as of `encodeRequest`.
   *
   * @returns false if the request is of another kind, not plain text, or not short: `encodeRequest`
   *   takes everything
   */
  encode(
    sender: Sender,
    sequence: number,
    replyChannel: number,
    kind: Kind,
    label: string,
  ): boolean {
    let text: string | Uint8Array;
    let tracked = false;
    if (kind.$case === 'ignoreInput' || kind.$case === 'ignoreOutput') {
      text = kind.value.path;
    } else if (kind.$case === 'getEnv') {
      text = kind.value.name;
      tracked = kind.value.tracked;
    } else if (kind.$case === 'disableCache') {
      text = kind.value.reason;
    } else {
      return false;
    }
    // Without a text the field is left out; with a longer one the rest could not fit.
    if (text.length === 0 || text.length + label.length > MAX_FRAME_BYTES) return false;
    this.start = this.end = TEXT_AT;
    if (!(typeof text === 'string' ? this.#append(text) : this.#appendBytes(text))) return false;
    this.#prependVarint(text.length);
    this.#prepend(delimited(1));
    if (tracked) {
      this.bytes[this.end++] = varint(2);
      this.bytes[this.end++] = 1;
    }
    this.#prependVarint(this.end - this.start);
    this.#prepend(delimited(fieldOf[kind.$case]));
    if (label !== '' && !this.#appendLabel(label)) return false;
    this.#prependVarint(this.end - this.start);
    this.#prepend(delimited(7));
    this.#prependHeader(sender, sequence, replyChannel);
    this.#prependVarint(this.end - this.start);
    return this.end - this.start <= MAX_FRAME_BYTES;
  }

  #prependHeader({ pid, nonce }: Sender, sequence: number, replyChannel: number): void {
    if (replyChannel !== 0) {
      this.#prependVarint(replyChannel);
      this.#prepend(varint(5));
    }
    if (sequence !== 0) {
      this.#prependVarint(sequence);
      this.#prepend(varint(4));
    }
    if (nonce !== 0) {
      for (let shift = 24; shift >= 0; shift -= 8) this.#prepend(nonce >>> shift);
      this.#prepend(fixed32(3));
    }
    if (pid !== 0) {
      this.#prependVarint(pid);
      this.#prepend(varint(2));
    }
    this.start -= FRAME_MARK.length;
    this.bytes.set(FRAME_MARK, this.start);
  }

  #prepend(byte: number): void {
    this.bytes[--this.start] = byte;
  }

  /** @param value below 2³² */
  #prependVarint(value: number): void {
    let width = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) width += 1;
    this.start -= width;
    let at = this.start;
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.bytes[at++] = (rest & 0x7f) | 0x80;
    this.bytes[at] = rest;
  }

  #appendLabel(label: string): boolean {
    this.bytes[this.end++] = delimited(15);
    if (label.length > 0x7f) return false;
    this.bytes[this.end++] = label.length;
    return this.#append(label);
  }

  /** False if it is more than ASCII. */
  #append(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return false;
      this.bytes[this.end++] = code;
    }
    return true;
  }

  /** False if the mark of a frame could be in it, which no UTF-8 has. */
  #appendBytes(text: Uint8Array): boolean {
    for (let at = 0; at < text.length; at += 1) {
      const byte = text[at] ?? 0;
      if (byte >= 0xf6) return false;
      this.bytes[this.end++] = byte;
    }
    return true;
  }
}

/** Numbers of these kinds in Request. */
const fieldOf = { ignoreInput: 2, ignoreOutput: 3, disableCache: 4, getEnv: 5 } as const;
