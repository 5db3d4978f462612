import { closeSync, readSync } from 'node:fs';

/** As runner/repeat/native/main.c gives it. */
export const HANDOVER_FLAG = '--vt-repeat=';

/** What the program that has started Node (runner/repeat/native) says of this invocation. */
export interface Handover {
  /** SHA-256 of all that the process was given, files apart. */
  readonly invocation: Buffer;
  /** Where it found `node` on PATH, as put together from PATH. */
  readonly node: string;
}

const DIGEST_LENGTH = 32;
/** One more than a path may have. */
const LONGEST = DIGEST_LENGTH + 4096;

/**
 * Takes the argument for this out of `argv`, so that nobody else sees it, and what stands behind it. Undefined when vt
 * was started otherwise. Never throws.
 */
export function takeHandover(argv: string[]): Handover | undefined {
  // The first after the program and the script: later ones are the command's own.
  const [, , argument] = argv;
  if (argument?.startsWith(HANDOVER_FLAG) !== true) return undefined;
  argv.splice(2, 1);
  const descriptor = Number(argument.slice(HANDOVER_FLAG.length));
  try {
    const buffer = Buffer.alloc(LONGEST);
    // A pipe takes so little whole.
    const length = readSync(descriptor, buffer, 0, LONGEST, null);
    closeSync(descriptor);
    if (length <= DIGEST_LENGTH) return undefined;
    return {
      invocation: buffer.subarray(0, DIGEST_LENGTH),
      node: buffer.toString('utf8', DIGEST_LENGTH, length),
    };
  } catch {
    return undefined;
  }
}
