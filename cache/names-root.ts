import { closeSync, constants, openSync, readSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { lstatOrAbsent } from './file-identity.js';
import type { Observer } from './observation.js';
import { onDisk } from './path-on-disk.js';
import type { FinishedRun } from './stored-run.js';

/** Bytes read at a time. */
const PIECE = 1 << 20;

/**
 * Whether what a run printed or wrote holds the workspace's absolute path, and which process told
 * it first: such a result is no result for a workspace elsewhere. A path that is encoded somehow,
 * or only goes into a digest, is not seen. `known`: whether the path is in a file with this state, where
 * that is known without reading it. Throws file system errors.
 */
export function rootTeller(
  run: FinishedRun,
  root: AbsolutePath,
  known: (stat: BigIntStats) => boolean | undefined = () => undefined,
): Observer | undefined {
  if (root === '/') return undefined;
  const name = Buffer.from(root);
  for (const stream of ['stdout', 'stderr', 'terminal'] as const) {
    const chunks = run.transcript.filter((chunk) => chunk.stream === stream);
    if (holdsPath(Buffer.concat(chunks.map(({ bytes }) => bytes)), name)) return 0;
  }
  for (const { path, writer } of run.outputs) {
    if (outputHolds(root, path, name, known)) return writer ?? 0;
  }
  return undefined;
}

function outputHolds(
  root: AbsolutePath,
  path: WorkspacePath,
  name: Buffer,
  known: (stat: BigIntStats) => boolean | undefined,
): boolean {
  const absolute = onDisk(root, path);
  const stat = lstatOrAbsent(absolute);
  if (stat?.isSymbolicLink() === true) {
    return holdsPath(readlinkSync(absolute, { encoding: 'buffer' }), name);
  }
  if (stat?.isFile() !== true || stat.size < name.length) return false;
  const answer = known(stat);
  if (answer !== undefined) return answer;
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // So much may be of a path that goes on in the next piece.
    const overlap = name.length;
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, Number(stat.size) + 1) + overlap);
    for (let kept = 0; ;) {
      const length = readSync(file, buffer, kept, buffer.length - kept, null);
      if (length === 0) return holdsPath(buffer.subarray(0, kept), name);
      const end = kept + length;
      // Of a path at the very end the next piece tells whether its name goes on.
      if (holdsPath(buffer.subarray(0, end), name, end - name.length)) return true;
      kept = Math.min(overlap, end);
      buffer.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Whether the path is in the bytes and not the beginning of a longer name: `/srv/app` is not in
 * `/srv/app2`. What is before it does not tell: the `m` of a colour, the `n` of a line end in JSON.
 * Places from `before` on do not count.
 */
export function holdsPath(bytes: Buffer, name: Buffer, before = Infinity): boolean {
  for (let at = bytes.indexOf(name); at >= 0 && at < before; at = bytes.indexOf(name, at + 1)) {
    if (!/\w/.test(String.fromCharCode(bytes[at + name.length] ?? 0))) return true;
  }
  return false;
}
