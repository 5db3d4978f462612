import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Replaces a file of this user alone (0600) as a whole: who reads it finds the old text (or bytes) or the new one. For what
 * the cache can do without: returns whether it could, never throws.
 */
export function replaceFile(file: string, text: string | Uint8Array): boolean {
  const draft = `${file}.${String(process.pid)}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
    return true;
  } catch {
    try {
      rmSync(draft, { force: true });
    } catch {
      // Whatever is in the way of this was in the way of writing it.
    }
    return false;
  }
}
