import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { PackageManifest } from '../../config/package-manifest.js';
import type { SourceRange } from '../../config/source-range.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import { parsePnpmWorkspace } from './parse-pnpm-workspace.js';
import type { Sink } from '../../config/sink.js';

/** A glob over directories of packages, relative to the workspace root; `!` excludes. */
export interface MemberGlob {
  readonly glob: string;
  readonly at: SourceRange;
}

/** What the root's files say about its packages. */
export interface MemberSettings {
  readonly globs: readonly MemberGlob[];
  /** Ranges by name of a catalog, then of a package; `default` is the catalog without a name. */
  readonly catalogs: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Reads pnpm-workspace.yaml, which decides alone where it exists, else `workspaces`. */
export async function memberSettings(
  root: AbsolutePath,
  manifest: PackageManifest | undefined,
  problems: Sink<WorkspaceProblem>,
): Promise<MemberSettings> {
  const file = path.join(root, 'pnpm-workspace.yaml');
  const text = readIfThere(file, problems);
  if (text !== undefined) return parsePnpmWorkspace(file, text, problems);
  if (manifest?.workspaces === undefined) return { globs: [], catalogs: new Map() };
  const at = manifest.placeOf('workspaces');
  return { globs: manifest.workspaces.map((glob) => ({ glob, at })), catalogs: new Map() };
}

function readIfThere(file: string, problems: Sink<WorkspaceProblem>): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? String(error);
    if (errno !== 'ENOENT') problems.push({ kind: 'unreadable-file', file, errno });
    return undefined;
  }
}
