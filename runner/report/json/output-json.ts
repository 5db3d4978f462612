import { isUtf8 } from 'node:buffer';
import type { OutputChunk } from '../../../cache/stored-run.js';
import type { StepIndex } from '../../execute/schedule/run-events.js';
import type { JsonEvent } from './run-json.js';

/** Bytes of the longest UTF-8 character. */
const LONGEST = 4;

/** One step's output as lines of JSON: a character that is cut waits for its rest. */
export class OutputJson {
  readonly #step: StepIndex;
  readonly #rests = new Map<OutputChunk['stream'], Buffer>();

  constructor(step: StepIndex) {
    this.#step = step;
  }

  /** Undefined when all of it has to wait. */
  push({ stream, bytes }: OutputChunk): JsonEvent | undefined {
    const all = Buffer.concat([this.#rests.get(stream) ?? Buffer.alloc(0), bytes]);
    const end = all.length - cutOff(all);
    this.#rests.set(stream, all.subarray(end));
    return end === 0 ? undefined : this.#event(stream, all.subarray(0, end));
  }

  /** What waited in vain. */
  end(): readonly JsonEvent[] {
    return [...this.#rests].flatMap(([stream, rest]) =>
      rest.length === 0 ? [] : [this.#event(stream, rest)],
    );
  }

  #event(stream: OutputChunk['stream'], bytes: Buffer): JsonEvent {
    const said = isUtf8(bytes)
      ? { text: bytes.toString('utf8') }
      : { base64: bytes.toString('base64') };
    return { event: 'wrote', step: this.#step, stream, ...said };
  }
}

/** How many bytes at the end are the beginning of a character. */
function cutOff(bytes: Buffer): number {
  for (let back = 1; back < LONGEST && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

/** Of the character that a lead byte begins. */
function lengthOf(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}
