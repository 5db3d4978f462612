import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** ELF machine numbers of the supported architectures. */
const machines: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 62, arm64: 183 };

const HEADER_SIZE = 64;
const LOAD = 1;

/**
 * Whether a program or library is whole and made for this machine. A damaged one would not only be
 * of no use: the dynamic linker reports it on the standard error of every process of the task, and one
 * that was cut off ends the process that loads it.
 */
export function isWholeObject(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return isWhole(descriptor);
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}

function isWhole(descriptor: number): boolean {
  const size = fstatSync(descriptor).size;
  const header = Buffer.alloc(HEADER_SIZE);
  if (readSync(descriptor, header, 0, HEADER_SIZE, 0) < HEADER_SIZE) return false;
  // 64 bits, little-endian
  if (header.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16BE(4) !== 0x0201) return false;
  if (header.readUInt16LE(18) !== machines[process.arch]) return false;
  const segmentsAt = Number(header.readBigUInt64LE(32));
  const sectionsAt = Number(header.readBigUInt64LE(40));
  const [segmentSize, segmentCount] = [header.readUInt16LE(54), header.readUInt16LE(56)];
  const [sectionSize, sectionCount] = [header.readUInt16LE(58), header.readUInt16LE(60)];
  // The sections are what compilers write last: where they are all there, nothing was cut off.
  if (sectionsAt + sectionSize * sectionCount > size || segmentSize < 56) return false;
  const segments = Buffer.alloc(segmentSize * segmentCount);
  if (readSync(descriptor, segments, 0, segments.length, segmentsAt) < segments.length)
    return false;
  let loads = 0;
  for (let at = 0; at < segments.length; at += segmentSize) {
    if (segments.readUInt32LE(at) !== LOAD) continue;
    const end = segments.readBigUInt64LE(at + 8) + segments.readBigUInt64LE(at + 32);
    if (end > BigInt(size)) return false;
    loads++;
  }
  return loads > 0;
}
