import type { AbsolutePath, WorkspacePath } from './brands.js';

/** What file system calls take: text where the name is UTF-8, its bytes where it is not. */
export type DiskPath = string | Buffer;

/** Stands for one byte that is no part of valid UTF-8: NUL, which no name has, and the byte in hexadecimal. */
const ESCAPE = /\0([0-9a-f]{2})/g;

/** Where a path of the workspace is. */
export function onDisk(root: AbsolutePath, path: WorkspacePath): DiskPath {
  return toDisk(within(root, path));
}

/** As `join` gives it, at a tenth of the cost: both are clean. */
export function within(root: AbsolutePath, path: WorkspacePath): string {
  return path === '' ? root : root === '/' ? `/${path}` : `${root}/${path}`;
}

/** The bytes for which a text stands that `fromBytes` gave; any other text as it is. */
export function toDisk(text: string): DiskPath {
  return text.includes('\0') ? toBytes(text) : text;
}

/**
 * Text for a name, a path or a link's target in bytes. Names are bytes on Linux: what is no UTF-8
 * is escaped, so that no two look alike and `toBytes` gives the same bytes again.
 */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  let escaped = '';
  for (let at = 0; at < buffer.length;) {
    const length = sequenceLength(buffer[at]!);
    const sequence = buffer.subarray(at, at + length);
    const character = sequence.toString('utf8');
    if (Buffer.from(character).equals(sequence)) {
      escaped += character;
      at += length;
    } else {
      escaped += `\0${buffer.toString('hex', at, at + 1)}`;
      at++;
    }
  }
  return escaped;
}

function toBytes(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPE)) {
    parts.push(Buffer.from(text.slice(from, match.index)), Buffer.from(match[1]!, 'hex'));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(text.slice(from)));
  return Buffer.concat(parts);
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
