import path from 'node:path';

/** A path of a report, cleaned; or why it cannot be used. */
export function reportedPath(
  bytes: Uint8Array,
): { readonly path: string } | { readonly flaw: string } {
  let given: string;
  try {
    given = strict.decode(bytes);
  } catch {
    // Tracking cannot name such a path either, so there is nothing the report could refine.
    return { flaw: 'a path that is not UTF-8 was reported' };
  }
  if (!given.startsWith('/') || given.includes('\0')) {
    return { flaw: `the reported path ${JSON.stringify(given)} is not absolute` };
  }
  return { path: path.resolve(given) };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
