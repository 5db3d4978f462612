import { realpathSync } from 'node:fs';
import type { PathResolver } from './path-resolver.js';
import type { TaskPaths } from './task-paths.js';
import { Op } from './trace-format.js';
import type { TraceRecord } from './trace-reader.js';

/** Names that are not UTF-8 cannot be written down: harmless outside the workspace only. */
export function takeUndecodable(
  paths: TaskPaths,
  resolver: PathResolver,
  record: TraceRecord,
  process: number,
): void {
  if (record.op === Op.CONTENT) return; // the record it belongs to comes next
  const touch = { sequence: BigInt(record.sequence), process };
  const inside = [
    [record.path, record.rawPath] as const,
    [record.path2, record.op === Op.SYMLINK ? undefined : record.rawPath2] as const,
  ].some(([text, raw]) => {
    const known = raw === undefined ? text : text.slice(0, text.indexOf('\ufffd'));
    if (!known.startsWith('/')) return false;
    const parent = `${known.slice(0, known.lastIndexOf('/'))}/`;
    const where = resolver.resolve(parent, record.sequence, true, undefined);
    paths.followLinks(where, touch);
    if (paths.isInside(where.path) || where.lostLink !== undefined) return true;
    return raw !== undefined && leadsInside(raw, paths.root);
  });
  const text = record.rawPath ? record.path : record.path2;
  if (inside) paths.report('undecodable-path', record, process, text);
}

/** Whether a path in bytes, or the deepest part of it that exists, is inside the workspace. */
function leadsInside(raw: Buffer, root: string): boolean {
  const rootBytes = Buffer.from(root).toString('latin1');
  for (let path = raw; path.length > 0;) {
    try {
      const real = realpathSync.native(path, { encoding: 'buffer' }).toString('latin1');
      return real === rootBytes || real.startsWith(`${rootBytes}/`);
    } catch {
      const slash = path.lastIndexOf(0x2f);
      if (path.subarray(slash + 1).equals(Buffer.from('..'))) return true;
      path = path.subarray(0, slash);
    }
  }
  return false;
}
