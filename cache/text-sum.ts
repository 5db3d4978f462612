/**
 * A sum of a text, in hexadecimal (FNV-1a): tells texts apart that a disk may have damaged, not that
 * somebody may have made to be alike. Loading node:crypto costs more than all else of a hit.
 */
export function textSum(text: string, seed = text.length): string {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
