import type { FileBefore } from '../task-trace.js';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_SIZE,
  CONTENT_SIZE,
  ContentState,
  Flag,
  HEADER_SIZE,
  Kind,
  Op,
  RECORD_HEADER_SIZE,
  RESULT_UNKNOWN,
  TRACE_MAGIC,
  TRACE_VERSION,
} from '../trace-format.js';
import { traceSum } from '../trace-sum.js';

/** What a record may say; the rest has the defaults of a supervisor's record of one process. */
export interface RecordFields {
  readonly op: keyof typeof Op;
  readonly path?: string | Buffer;
  readonly path2?: string | Buffer;
  readonly pid?: number;
  /** Default: the next free one. */
  readonly sequence?: number;
  readonly result?: number;
  readonly aux?: number;
  readonly before?: keyof typeof Kind;
  readonly before2?: keyof typeof Kind;
  /** Of CONTENT: what `path2` tells, which is not to be given then. */
  readonly content?: FileBefore;
  readonly flags?: readonly (keyof typeof Flag)[];
  /** Which chunk it lies in; default 0. */
  readonly chunk?: number;
}

/** A log under construction, in the format of native/trace.h. */
export class TraceBuilder {
  readonly #chunks: { used: Buffer[]; length: number }[] = [];
  #sequence = 0;
  /** Bits of vt_header.incomplete. */
  incomplete = 0;
  finished = true;

  add(fields: RecordFields): this {
    const path = Buffer.from(fields.path ?? '');
    const path2 = fields.content ? contentBytes(fields.content) : Buffer.from(fields.path2 ?? '');
    const length = RECORD_HEADER_SIZE + path.length + path2.length;
    const record = Buffer.alloc(Math.ceil(length / 8) * 8);
    const sequence = fields.sequence ?? this.#sequence;
    this.#sequence = Math.max(this.#sequence, sequence + 1);
    record.writeUInt16LE(record.length, 0);
    record.writeUInt8(Op[fields.op], 2);
    record.writeUInt8(
      (fields.flags ?? []).reduce((bits, flag) => bits | Flag[flag], 0),
      3,
    );
    record.writeUInt32LE(fields.pid ?? 100, 4);
    record.writeBigUInt64LE(BigInt(sequence), 8);
    record.writeInt32LE(fields.result ?? RESULT_UNKNOWN, 16);
    record.writeUInt32LE(fields.content ? stateOf(fields.content) : (fields.aux ?? 0), 20);
    record.writeUInt8(Kind[fields.before ?? 'UNKNOWN'], 24);
    record.writeUInt8(Kind[fields.before2 ?? 'UNKNOWN'], 25);
    record.writeUInt16LE(path.length, 26);
    record.writeUInt16LE(path2.length, 28);
    path.copy(record, RECORD_HEADER_SIZE);
    path2.copy(record, RECORD_HEADER_SIZE + path.length);
    this.#chunkFor(fields.chunk ?? this.#firstWithRoom(record.length)).push(record);
    return this;
  }

  #firstWithRoom(size: number): number {
    const last = this.#chunks.length - 1;
    const room = CHUNK_SIZE - CHUNK_HEADER_SIZE;
    return last >= 0 && this.#chunks[last]!.length + size <= room ? last : last + 1;
  }

  #chunkFor(index: number): { push(record: Buffer): void } {
    while (this.#chunks.length <= index) this.#chunks.push({ used: [], length: 0 });
    const chunk = this.#chunks[index]!;
    return {
      push(record) {
        chunk.used.push(record);
        chunk.length += record.length;
      },
    };
  }

  build(): Buffer {
    const log = Buffer.alloc(HEADER_SIZE + this.#chunks.length * CHUNK_SIZE);
    log.writeBigUInt64LE(TRACE_MAGIC, 0);
    log.writeUInt32LE(TRACE_VERSION, 8);
    log.writeUInt32LE(this.incomplete, 12);
    log.writeBigUInt64LE(BigInt(this.#sequence), 16);
    log.writeBigUInt64LE(BigInt(this.#chunks.length), 24);
    log.writeBigUInt64LE(1024n, 32);
    log.writeUInt32LE(this.finished ? 1 : 0, 48);
    this.#chunks.forEach((chunk, index) => {
      const at = HEADER_SIZE + index * CHUNK_SIZE;
      log.writeUInt32LE(CHUNK_MAGIC, at);
      log.writeUInt32LE(chunk.length, at + 8);
      Buffer.concat(chunk.used).copy(log, at + CHUNK_HEADER_SIZE);
      const start = at + CHUNK_HEADER_SIZE;
      log.writeUInt32LE(traceSum(log, start, start + chunk.length), at + 12);
    });
    return log;
  }
}

/** As struct vt_content. */
function contentBytes(content: FileBefore): Buffer {
  const bytes = Buffer.alloc(CONTENT_SIZE);
  if ('failure' in content) return bytes;
  bytes.write(content.digest, 0, 'hex');
  bytes.writeBigInt64LE(content.ctimeNs / 1_000_000_000n, 40);
  bytes.writeUInt32LE(Number(content.ctimeNs % 1_000_000_000n), 48);
  bytes.writeUInt32LE(content.executable ? 0o755 : 0o644, 52);
  return bytes;
}

function stateOf(content: FileBefore): number {
  if (!('failure' in content)) return ContentState.TAKEN;
  switch (content.failure) {
    case 'changed':
      return ContentState.CHANGED;
    case 'too-large':
      return ContentState.TOO_LARGE;
    case 'unreadable':
      return ContentState.UNREADABLE;
  }
}
