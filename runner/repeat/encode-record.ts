import { createHash } from 'node:crypto';
import { lookKinds } from './look.js';
import type { Look } from './look.js';
import type { Piece, RepeatRecord } from './repeat-record.js';

/** As runner/repeat/native/invocation.h. */
const VERSION = 1;

const FOLLOW = 16;
const pieceKinds = { out: 1, err: 2, total: 3, details: 4, duration: 5, saved: 6 } as const;

/** Sizes of the structures of runner/repeat/native/record.h, in bytes. */
const HEADER = 104;
const DIRECTORY = 16;
const LOOK = 56;
const HIT = 8;
const PIECE = 16;
/** Where in the header the sum begins, and what it is a sum of. */
const SUM = 16;
const SUMMED = 48;
const LANES = 8;

/** A record as the program reads it that answers from it; see record.h. `key`: what its texts are sealed with. */
export function encodeRecord(record: RepeatRecord, key: Buffer): Buffer {
  const names = new Names();
  const texts = new Texts();
  const directories = byDirectory(record.looks, record.confirmed);
  const pieces = [...record.printed, ...record.details];
  const written = pieces.map((piece) => ({ piece, text: texts.add(bytesOf(piece)) }));

  const fixed =
    HEADER +
    directories.length * DIRECTORY +
    record.looks.length * LOOK +
    record.hits.length * HIT +
    pieces.length * PIECE;
  const body = new Body(fixed);
  body.skip(HEADER);
  let first = 0;
  for (const { path, looks } of directories) {
    body.integers(names.add(path), first, looks.length, 0);
    first += looks.length;
  }
  for (const { looks } of directories) {
    for (const { name, look } of looks) {
      body.doubles(...look.stamp);
      const kind = lookKinds[look.kind] + (look.follows ? FOLLOW : 0);
      body.integers(look.mode, kind, names.add(name), 0);
    }
  }
  for (const { duration } of record.hits) body.doubles(duration);
  for (const { piece, text } of written) {
    const hit = 'hit' in piece ? piece.hit : 0;
    body.integers(pieceKinds[piece.kind], hit, text.at, text.length);
  }
  const [cache, node] = [names.add(record.cache), names.add(record.node)];
  const sealed = seal(texts.bytes(), key);
  const bytes = Buffer.concat([body.bytes, names.bytes(), sealed]);

  const header = new Body(HEADER);
  header.text('vtrepeat');
  header.integers(VERSION, bytes.length);
  header.skip(LANES * 4);
  header.doubles(record.made, record.until);
  header.integers(directories.length, record.looks.length, record.hits.length, pieces.length);
  header.integers(names.length, sealed.length, cache, node);
  const confirmations = directories.filter(({ path }) => path === record.confirmed).length;
  header.integers(confirmations, record.printed.length);
  header.bytes.copy(bytes);
  sumOf(bytes.subarray(SUMMED)).forEach((word, lane) => bytes.writeUInt32LE(word, SUM + lane * 4));
  return bytes;
}

interface DirectoryOfLooks {
  readonly path: string;
  readonly looks: { readonly name: string; readonly look: Look }[];
}

/** Looks by the directories they are made in, in the order of their paths, but those of `first` before all others. */
function byDirectory(looks: readonly Look[], first: string): DirectoryOfLooks[] {
  const found = new Map<string, DirectoryOfLooks>();
  for (const look of looks) {
    const { directory, name } = split(look.path);
    let there = found.get(directory);
    if (there === undefined) found.set(directory, (there = { path: directory, looks: [] }));
    there.looks.push({ name, look });
  }
  const order = ({ path }: DirectoryOfLooks): string => (path === first ? '' : path);
  return [...found.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** A path that is not cleaned leads where it leads from the root. */
function split(path: string): { directory: string; name: string } {
  if (path === '/') return { directory: '/', name: '.' };
  const isCleaned = !/\/(\.{0,2})(\/|$)/.test(path);
  const slash = isCleaned ? path.lastIndexOf('/') : 0;
  return { directory: path.slice(0, slash) || '/', name: path.slice(slash + 1) || '.' };
}

function bytesOf(piece: Piece): Uint8Array {
  return 'bytes' in piece ? piece.bytes : new Uint8Array();
}

/** As vt_record_unseal undoes it. */
function seal(bytes: Buffer, key: Buffer): Buffer {
  const number = Buffer.alloc(8);
  for (let block = 0; block * 32 < bytes.length; block++) {
    number.writeUInt32LE(block);
    const pad = createHash('sha256').update(key).update(number).digest();
    const end = Math.min(bytes.length, block * 32 + 32);
    for (let at = block * 32; at < end; at++) bytes[at]! ^= pad[at & 31]!;
  }
  return bytes;
}

/** As vt_record_sum. */
function sumOf(bytes: Buffer): Uint32Array {
  const sum = Uint32Array.from({ length: LANES }, (_, lane) => 0x811c9dc5 + lane);
  const add = (word: number, lane: number): void => {
    sum[lane] = Math.imul(sum[lane]! ^ word, 0x01000193);
  };
  // A copy that is aligned; of little-endian words, as all machines have them that Node runs on.
  const words = new Uint32Array((bytes.length + 3) >>> 2);
  new Uint8Array(words.buffer).set(bytes);
  for (let index = 0; index < words.length; index++) add(words[index]!, index & 7);
  return sum;
}

/** Texts that end with NUL, each once. */
class Names {
  readonly #offsets = new Map<string, number>();
  readonly #parts: Buffer[] = [];
  length = 0;

  add(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const part = Buffer.from(`${name}\0`);
    const offset = this.length;
    this.#offsets.set(name, offset);
    this.#parts.push(part);
    this.length += part.length;
    return offset;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

class Texts {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): { readonly at: number; readonly length: number } {
    const at = this.#length;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return { at, length: bytes.length };
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Bytes that are written from their beginning on. */
class Body {
  readonly bytes: Buffer;
  #at = 0;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  skip(length: number): void {
    this.#at += length;
  }

  text(text: string): void {
    this.#at += this.bytes.write(text, this.#at, 'latin1');
  }

  integers(...numbers: readonly number[]): void {
    for (const number of numbers) this.#at = this.bytes.writeUInt32LE(number, this.#at);
  }

  doubles(...numbers: readonly number[]): void {
    for (const number of numbers) this.#at = this.bytes.writeDoubleLE(number, this.#at);
  }
}
