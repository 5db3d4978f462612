import { closeSync, constants, openSync, readSync, readlinkSync } from 'node:fs';
import type { WorkspacePath } from '../brands.js';
import { lstatOrAbsent } from '../file-identity.js';
import type { FinishedRun, NotStored, OutputChunk, Secret } from '../stored-run.js';
import type { World } from '../world.js';
import { ByteSearch } from './byte-search.js';
import { secretForms } from './secret-forms.js';
import { join } from 'node:path';

const CHUNK = 1 << 20;

/**
 * Looks for the values of secret variables in all that would be kept of a run: its output, and the
 * content, names and link targets of what it wrote, and the names of what it read. What is found is
 * not for the disk. Files that change later must not be stored (archiveOutputs sees to it). Throws
 * file system errors.
 */
export function findSecret(run: FinishedRun, world: World): NotStored | undefined {
  const patterns = (run.secrets ?? []).flatMap(({ name, value }: Secret) =>
    secretForms(value).map((bytes) => ({ bytes, meaning: name })),
  );
  if (patterns.length === 0) return undefined;
  const search = new ByteSearch(patterns);
  for (const stream of ['stdout', 'stderr', 'terminal'] as const) {
    const variable = search.find(joined(run.transcript, stream));
    if (variable !== undefined) return { kind: 'secret-found', variable, in: { stream } };
  }
  for (const { path } of run.outputs) {
    const variable = secretInFile(world, path, search);
    if (variable !== undefined) return { kind: 'secret-found', variable, in: { path } };
  }
  for (const text of names(run)) {
    const variable = search.find(Buffer.from(text));
    if (variable !== undefined) return { kind: 'secret-found', variable, in: 'names' };
  }
  return undefined;
}

function joined(transcript: readonly OutputChunk[], stream: OutputChunk['stream']): Uint8Array {
  return Buffer.concat(transcript.filter((it) => it.stream === stream).map((it) => it.bytes));
}

/** Of what is named by this path: a file's content, a link's target. */
function secretInFile(
  world: World,
  path: WorkspacePath,
  search: ByteSearch<string>,
): string | undefined {
  const absolute = join(world.root, path);
  const stat = lstatOrAbsent(absolute);
  if (stat?.isSymbolicLink()) return search.find(Buffer.from(readlinkSync(absolute)));
  if (!stat?.isFile()) return undefined;
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // What ends one piece begins the next, so that nothing falls between them.
    const overlap = search.longest - 1;
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Number(stat.size) + 1) + overlap);
    for (let kept = 0; ;) {
      const length = readSync(file, buffer, kept, buffer.length - kept, null);
      if (length === 0) return undefined;
      const found = search.find(buffer.subarray(0, kept + length));
      if (found !== undefined) return found;
      const end = kept + length;
      kept = Math.min(overlap, end);
      buffer.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}

/** Texts of paths that would be in the index. */
function* names(run: FinishedRun): Generator<string> {
  for (const { path } of run.outputs) yield path;
  for (const dependency of run.dependencies) {
    switch (dependency.kind) {
      case 'content':
      case 'absence':
      case 'existence':
      case 'listing':
      case 'program':
        yield dependency.path;
        break;
      case 'link':
        yield dependency.path;
        yield dependency.target;
        break;
      case 'json':
        yield dependency.path;
        yield dependency.pointer;
        break;
      case 'glob':
      case 'env':
      case 'env-query':
        break;
    }
  }
}
