import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Digest } from '../../cache/brands.js';
import type { FileBefore, Incompleteness, IncompletenessCause } from './task-trace.js';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_SIZE,
  CONTENT_SIZE,
  HEADER_SIZE,
  IncompleteBit,
  Kind,
  Op,
  RECORD_HEADER_SIZE,
  TRACE_MAGIC,
  TRACE_VERSION,
} from './trace-format.js';
import { traceSum } from './trace-sum.js';

/** One record of the log, as native/trace.h describes it. */
export interface TraceRecord {
  readonly op: number;
  readonly flags: number;
  readonly pid: number;
  /** A safe integer; the log's order. */
  readonly sequence: number;
  /** 0 or more: success; negative: -errno; RESULT_UNKNOWN. */
  readonly result: number;
  readonly aux: number;
  readonly before: number;
  readonly before2: number;
  /** Invalid UTF-8 shows as U+FFFD, and `rawPath` is set. */
  readonly path: string;
  readonly path2: string;
  /** The bytes of a path that is not UTF-8. */
  readonly rawPath?: Buffer;
  readonly rawPath2?: Buffer;
  /** Of a CONTENT record, whose `path2` is empty. */
  readonly content?: FileBefore;
}

export interface TraceLog {
  /** Sorted by sequence; INCOMPLETE and SURVIVOR records are turned into `incomplete`. */
  readonly records: readonly TraceRecord[];
  readonly incomplete: readonly Incompleteness[];
}

/** The bytes of a log: a file, or a buffer in tests. */
interface Bytes {
  readonly length: number;
  /** Fills `target` from `position`; the number of bytes is short only at the end. */
  read(target: Buffer, position: number): number;
}

const causeOfBit: readonly (readonly [bit: number, cause: IncompletenessCause])[] = [
  [IncompleteBit.UNREADABLE_MEMORY, 'unreadable-memory'],
  [IncompleteBit.FOREIGN_ABI, 'foreign-abi'],
  [IncompleteBit.LOG_OVERFLOW, 'log-overflow'],
  [IncompleteBit.IO_URING, 'io-uring'],
  [IncompleteBit.ROOT_CHANGED, 'root-changed'],
  [IncompleteBit.NO_LISTENER, 'no-listener'],
  [IncompleteBit.LISTENER_BUSY, 'listener-busy'],
  [IncompleteBit.SUPERVISOR, 'supervisor-lost'],
  [IncompleteBit.UNNAMED_FILE, 'unnamed-file'],
  [IncompleteBit.UNKNOWN_CALL, 'unknown-call'],
  [IncompleteBit.CALLS_HIDDEN, 'calls-hidden'],
];

/** A chunk that nobody has written to. */
const EMPTY = Buffer.alloc(CHUNK_SIZE - CHUNK_HEADER_SIZE);

/** By their ContentState. */
const contentFailures = ['none', 'changed', 'too-large', 'unreadable'] as const;

/**
 * Reads the log at `file`. Never throws: what cannot be read, or does not fit the format, becomes an
 * incompleteness, and every record that is whole is still returned for explanations.
 */
export function readTraceFile(file: string): TraceLog {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    return { records: [], incomplete: [{ cause: 'log-damaged', detail: messageOf(error) }] };
  }
  try {
    return readLog({
      length: fstatSync(descriptor).size,
      read: (target, position) => readFully(descriptor, target, position),
    });
  } catch (error) {
    return { records: [], incomplete: [{ cause: 'log-damaged', detail: messageOf(error) }] };
  } finally {
    closeSync(descriptor);
  }
}

/** The sequence that the next record of a log gets; -1 when it cannot be read. */
export function logProgress(file: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return -1;
  }
  try {
    const header = Buffer.alloc(HEADER_SIZE);
    return readFully(descriptor, header, 0) < HEADER_SIZE ? -1 : Number(header.readBigUInt64LE(16));
  } finally {
    closeSync(descriptor);
  }
}

/** `readTraceFile` for a log in memory. */
export function readTraceBuffer(log: Buffer): TraceLog {
  return readLog({
    length: log.length,
    read: (target, position) => log.copy(target, 0, position, position + target.length),
  });
}

function readLog(log: Bytes): TraceLog {
  const incomplete: Incompleteness[] = [];
  const damaged = (detail: string): void => {
    incomplete.push({ cause: 'log-damaged', detail });
  };

  const header = Buffer.alloc(HEADER_SIZE);
  if (log.read(header, 0) < HEADER_SIZE) {
    damaged('the header is cut off');
    return { records: [], incomplete };
  }
  if (header.readBigUInt64LE(0) !== TRACE_MAGIC || header.readUInt32LE(8) !== TRACE_VERSION) {
    damaged('not a trace of this version');
    return { records: [], incomplete };
  }
  const bits = header.readUInt32LE(12);
  const nextSequence = Number(header.readBigUInt64LE(16));
  const nextChunk = Number(header.readBigUInt64LE(24));
  const chunkLimit = Number(header.readBigUInt64LE(32));
  const finished = header.readUInt32LE(48) !== 0;

  // A process that finds the log full counts on beyond the limit, for a moment.
  if (nextChunk > chunkLimit && !(bits & IncompleteBit.LOG_OVERFLOW)) {
    incomplete.push({ cause: 'log-overflow' });
  }
  const taken = Math.min(nextChunk, chunkLimit);
  const present = Math.floor((log.length - HEADER_SIZE) / CHUNK_SIZE);
  const isCut = (log.length - HEADER_SIZE) % CHUNK_SIZE !== 0;
  if (taken > present || isCut) damaged('chunks are missing at the end');

  const records: TraceRecord[] = [];
  const chunk = Buffer.alloc(CHUNK_SIZE);
  for (let index = 0; index < Math.min(taken, present); index++) {
    log.read(chunk, HEADER_SIZE + index * CHUNK_SIZE);
    const flaw = readChunk(chunk, nextSequence, records);
    if (flaw !== undefined) damaged(`chunk ${index}: ${flaw}`);
  }
  if (taken < present) {
    log.read(chunk, HEADER_SIZE + taken * CHUNK_SIZE);
    if (chunk.readUInt32LE(0) !== 0) damaged('a chunk that nobody took has records');
  }
  sortBySequence(records);
  const repeated = records.find(({ sequence }, index) => sequence === records[index - 1]?.sequence);
  if (repeated !== undefined) damaged(`sequence ${repeated.sequence} is there twice`);

  takeIncompleteness(records, bits, finished, incomplete);
  return {
    records: records.filter(({ op }) => op !== Op.INCOMPLETE && op !== Op.SURVIVOR),
    incomplete,
  };
}

/** Appends the records of one chunk; returns what is wrong with it, if anything is. */
function readChunk(chunk: Buffer, nextSequence: number, into: TraceRecord[]): string | undefined {
  const magic = chunk.readUInt32LE(0);
  const used = chunk.readUInt32LE(8);
  if (magic !== CHUNK_MAGIC) {
    // Its owner was killed between taking it and writing the first record.
    const isEmpty = magic === 0 && used === 0 && chunk.subarray(CHUNK_HEADER_SIZE).equals(EMPTY);
    return isEmpty ? undefined : 'bad magic';
  }
  if (used > CHUNK_SIZE - CHUNK_HEADER_SIZE) return 'bad length';
  const end = CHUNK_HEADER_SIZE + used;
  if (used % 8 !== 0) return 'bad length';
  const isWhole = traceSum(chunk, CHUNK_HEADER_SIZE, end) === chunk.readUInt32LE(12);
  for (let at = CHUNK_HEADER_SIZE; at < end;) {
    if (end - at < RECORD_HEADER_SIZE) return 'cut record';
    const size = chunk.readUInt16LE(at);
    if (size < RECORD_HEADER_SIZE || size % 8 !== 0 || size > end - at) return 'bad record size';
    const pathLength = chunk.readUInt16LE(at + 26);
    const path2Length = chunk.readUInt16LE(at + 28);
    if (RECORD_HEADER_SIZE + pathLength + path2Length > size) return 'bad path length';
    const op = chunk[at + 2]!;
    if (op < Op.PROCESS || op > Op.CONTENT) return 'unknown operation';
    const before = chunk[at + 24]!;
    const before2 = chunk[at + 25]!;
    if (before > Kind.OTHER || before2 > Kind.OTHER) return 'unknown kind';
    const high = chunk.readUInt32LE(at + 12);
    const sequence = high * 0x1_0000_0000 + chunk.readUInt32LE(at + 8);
    if (sequence >= nextSequence || !Number.isSafeInteger(sequence)) return 'bad sequence';

    const pathStart = at + RECORD_HEADER_SIZE;
    const path2Start = pathStart + pathLength;
    const end2 = path2Start + path2Length;
    const path = chunk.toString('utf8', pathStart, path2Start);
    const holdsContent = op === Op.CONTENT;
    const path2 = path2Length === 0 || holdsContent ? '' : chunk.toString('utf8', path2Start, end2);
    if (!pathsFit(op, path, path2)) return 'bad path';
    const aux = chunk.readUInt32LE(at + 20);
    const content = holdsContent ? readContent(chunk.subarray(path2Start, end2), aux) : undefined;
    if (holdsContent && content === undefined) return 'bad content';
    const record: TraceRecord = {
      op,
      flags: chunk[at + 3]!,
      pid: chunk.readUInt32LE(at + 4),
      sequence,
      result: chunk.readInt32LE(at + 16),
      aux,
      before,
      before2,
      path,
      path2,
      ...(content && { content }),
    };
    const rawPath = undecodable(path, chunk, pathStart, path2Start);
    const rawPath2 = undecodable(path2, chunk, path2Start, end2);
    into.push(
      rawPath === undefined && rawPath2 === undefined
        ? record
        : { ...record, ...(rawPath && { rawPath }), ...(rawPath2 && { rawPath2 }) },
    );
    at += size;
  }
  return isWhole ? undefined : 'bad sum';
}

/** struct vt_content; undefined when it is none. */
function readContent(bytes: Buffer, state: number): FileBefore | undefined {
  if (bytes.length !== CONTENT_SIZE) return undefined;
  const failure = contentFailures[state];
  if (failure === undefined) return undefined;
  const seconds = bytes.readBigInt64LE(40);
  const ctimeNs = seconds * 1_000_000_000n + BigInt(bytes.readUInt32LE(48));
  if (failure !== 'none') return { failure };
  return {
    digest: bytes.toString('hex', 0, 32) as Digest,
    executable: (bytes.readUInt32LE(52) & 0o100) !== 0,
    ctimeNs,
  };
}

/** Paths are absolute and hold no NUL, except where the record's meaning says otherwise. */
function pathsFit(op: number, path: string, path2: string): boolean {
  if (op === Op.PROCESS || op === Op.INCOMPLETE || op === Op.SURVIVOR) return true;
  if (!path.startsWith('/') || path.includes('\0') || path2.includes('\0')) return false;
  return (op !== Op.RENAME && op !== Op.LINK) || path2.startsWith('/');
}

function undecodable(text: string, bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (!text.includes('\ufffd')) return undefined;
  const raw = bytes.subarray(start, end);
  return isUtf8(raw) ? undefined : Buffer.from(raw);
}

function sortBySequence(records: TraceRecord[]): void {
  records.sort((a, b) => a.sequence - b.sequence);
}

function takeIncompleteness(
  records: readonly TraceRecord[],
  bits: number,
  finished: boolean,
  into: Incompleteness[],
): void {
  const argvOf = new Map<number, readonly string[]>();
  let explained = 0;
  let survivors = false;
  for (const record of records) {
    if (record.op === Op.PROCESS) {
      argvOf.set(record.pid, splitArgv(record.path2));
      continue;
    }
    if (record.op !== Op.INCOMPLETE && record.op !== Op.SURVIVOR) continue;
    const argv = argvOf.get(record.pid);
    const about = {
      ...(argv && { process: argv }),
      pid: record.pid,
      ...(record.path !== '' && { detail: record.path }),
    };
    if (record.op === Op.SURVIVOR) {
      survivors = true;
      into.push({ cause: 'survivors', ...about });
      continue;
    }
    explained |= record.aux;
    into.push({ cause: causeOf(record.aux), ...about });
  }
  for (const [bit, cause] of causeOfBit) if (bits & bit & ~explained) into.push({ cause });
  const known = causeOfBit.reduce((all, [bit]) => all | bit, 0);
  // A bit of a newer native part: something was not observed, whatever it was.
  if (bits & ~known) into.push({ cause: 'supervisor-lost', detail: `bits ${bits.toString(16)}` });
  if (!finished && !survivors && into.length === 0) into.push({ cause: 'supervisor-lost' });
}

function causeOf(aux: number): IncompletenessCause {
  return causeOfBit.find(([bit]) => aux & bit)?.[1] ?? 'supervisor-lost';
}

/** argv as PROCESS records carry it: joined by NUL, with or without one at the end. */
export function splitArgv(joined: string): readonly string[] {
  if (joined === '') return [];
  return (joined.endsWith('\0') ? joined.slice(0, -1) : joined).split('\0');
}

function readFully(descriptor: number, target: Buffer, position: number): number {
  let filled = 0;
  while (filled < target.length) {
    const count = readSync(descriptor, target, filled, target.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
