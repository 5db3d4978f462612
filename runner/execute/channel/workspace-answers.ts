import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { jsonValueAt, MOST_JSON_BYTES } from '../../../cache/json-value.js';
import { PathKind } from '../../../proto/generated/vt/ipc/v1/ipc.js';
import { expandGlobs } from '../../workspace/glob/expand-globs.js';

/** What the runner answers when it is asked about files, symlinks followed. */
export interface WorkspaceAnswers {
  /** Files relative to the directory; undefined outside the workspace. Throws the system's error. */
  glob(
    directory: string,
    include: readonly string[],
    exclude: readonly string[],
  ): readonly string[] | undefined;
  kind(path: string): PathKind;
  /** The text of a JSON value; undefined if there is none, or none that can be answered with. */
  json(path: string, pointer: string): string | undefined;
}

/** `root` is physical. */
export function answerFrom(root: AbsolutePath): WorkspaceAnswers {
  return {
    glob(directory, include, exclude) {
      const isInside = directory === root || directory.startsWith(join(root, '/'));
      return isInside ? expandGlobs(directory as AbsolutePath, include, exclude) : undefined;
    },
    kind(path) {
      try {
        const stat = statSync(path);
        if (stat.isFile()) return PathKind.FILE;
        return stat.isDirectory() ? PathKind.DIRECTORY : PathKind.OTHER;
      } catch {
        return PathKind.ABSENT;
      }
    },
    json(path, pointer) {
      try {
        const stat = statSync(path);
        // What is no file might never come to an end.
        if (!stat.isFile() || stat.size > MOST_JSON_BYTES) return undefined;
        const value = jsonValueAt(readFileSync(path), pointer);
        return value.kind === 'value' ? value.text : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
