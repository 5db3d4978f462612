import type { AbsolutePath, Digest, WorkspacePath } from './brands.js';

/** What a directory entry is, without following a symlink. */
export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

/**
 * Index into the entry's list of processes: who made the observation first.
 * -1 when it was made by the runner itself (configured inputs).
 */
export type Observer = number;

/** How a set of environment variables is asked for: one glob over the name, or a literal prefix. */
export type EnvPattern = { readonly glob: string } | { readonly prefix: string };

/**
 * A fact about the world *before the task changed it* that the task's result depends on.
 * A stored result may be used only while every one of its observations holds.
 *
 * Paths are physical (every symlink on the way is an observation of its own, kind `link`).
 * Values of variables appear only as digests.
 */
export type Observation = { readonly observer: Observer } & (
  | {
      /** The bytes of a regular file were read, or it was executed. */
      readonly kind: 'content';
      readonly path: WorkspacePath;
      readonly digest: Digest;
      /** Owner-executable bit: the one part of the mode that changes what a build does. */
      readonly executable: boolean;
    }
  | {
      /**
       * The path was looked up and did not exist (ENOENT). That a file was in the place of a
       * directory above it (ENOTDIR) is the existence of that file.
       */
      readonly kind: 'absence';
      readonly path: WorkspacePath;
    }
  | {
      /** The path was looked up and existed; only its kind counts, not its content. */
      readonly kind: 'existence';
      readonly path: WorkspacePath;
      readonly entry: EntryKind;
    }
  | {
      /** A symlink was followed or read. `target` is the raw link text. */
      readonly kind: 'link';
      readonly path: WorkspacePath;
      readonly target: string;
    }
  | {
      /** The directory's entries were listed. `names` are sorted by UTF-16 code unit. */
      readonly kind: 'listing';
      readonly path: WorkspacePath;
      readonly names: readonly string[];
    }
  | {
      /** The files that configured input globs match, package- or workspace-relative already resolved. */
      readonly kind: 'glob';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly matches: readonly WorkspacePath[];
    }
  | {
      /** A value in a JSON file was asked for. `null`: the file has no such value. */
      readonly kind: 'json';
      readonly path: WorkspacePath;
      /** RFC 6901. */
      readonly pointer: string;
      /** Of the value's text, see json-value.ts. */
      readonly valueDigest: Digest | null;
    }
  | {
      /**
       * A program outside the workspace was executed; identified without reading it. Its path is
       * physical.
       */
      readonly kind: 'program';
      readonly path: AbsolutePath;
      /** bytes */
      readonly size: bigint;
      /** nanoseconds since the epoch */
      readonly mtime: bigint;
      /** Names by which it was found in PATH, sorted: another PATH may lead to another program. */
      readonly names: readonly string[];
    }
  | {
      /** What the task printed or wrote names the workspace: elsewhere it would be another text. */
      readonly kind: 'root';
      readonly path: AbsolutePath;
    }
  | {
      /** One variable was asked for by name. `null`: it was not set. */
      readonly kind: 'env';
      readonly name: string;
      readonly valueDigest: Digest | null;
    }
  | {
      /** A set of variables was asked for. `matches` are sorted by name. */
      readonly kind: 'env-query';
      readonly pattern: EnvPattern;
      readonly matches: readonly { readonly name: string; readonly valueDigest: Digest }[];
    }
);
