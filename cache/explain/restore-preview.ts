import type { WorkspacePath } from '../brands.js';
import { permissionBits } from '../file-identity.js';
import type { PresentFiles } from '../present-files.js';
import type { StoredOutput } from '../stored-entry.js';

/** What a hit would do to the outputs of a result. */
export interface RestorePreview {
  /** Files, links and directories that are missing or different, sorted. */
  readonly restored: readonly WorkspacePath[];
  /** What the run had deleted and is there now, sorted. */
  readonly removed: readonly WorkspacePath[];
  /** Outputs that are right already. */
  readonly unchanged: number;
}

/** Compares outputs with the disk; nothing is touched. */
export async function previewRestore(
  outputs: readonly StoredOutput[],
  files: PresentFiles,
): Promise<RestorePreview> {
  const restored: WorkspacePath[] = [];
  const removed: WorkspacePath[] = [];
  for (const output of outputs) {
    if (output.kind === 'deletion') {
      if (!files.isAbsent(output.path)) removed.push(output.path);
    } else if (!(await isRight(output, files))) restored.push(output.path);
  }
  return { restored, removed, unchanged: outputs.length - restored.length - removed.length };
}

async function isRight(
  output: Exclude<StoredOutput, { kind: 'deletion' }>,
  files: PresentFiles,
): Promise<boolean> {
  const stat = files.stat(output.path);
  if (stat === undefined) return false;
  switch (output.kind) {
    case 'directory':
      return stat.isDirectory();
    case 'symlink':
      return files.linkTarget(output.path) === output.target;
    case 'file': {
      if (!stat.isFile() || stat.size !== output.size) return false;
      if (permissionBits(stat) !== output.mode) return false;
      const content = await files.content(output.path);
      return typeof content === 'object' && content.digest === output.digest;
    }
  }
}
