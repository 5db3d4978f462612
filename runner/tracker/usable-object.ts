import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whether users other than the owner can read a file by this path. Root's tasks may take on another
 * user's name (`su nobody`), and what such a process cannot preload it complains of.
 */
export function isReadableByAll(path: string): boolean {
  try {
    if ((statSync(path).mode & 0o004) === 0) return false;
    for (let above = dirname(path); ; above = dirname(above)) {
      if ((statSync(above).mode & 0o001) === 0) return false;
      if (above === dirname(above)) return true;
    }
  } catch {
    return false;
  }
}
