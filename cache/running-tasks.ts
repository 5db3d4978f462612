import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { parentOf } from './path-parts.js';
import { temporaryName } from './temporary-names.js';
import { textSum } from './text-sum.js';
import { workspaceName } from './workspace-name.js';

/**
 * A line in the file of a running task: one is its own, others append what happens meanwhile, maybe
 * even before that one is written.
 * `result`: name of the entry that it is or would be; equal names have equal outputs.
 */
type Line =
  | { readonly task: string }
  /** Another run of the same task was under way. */
  | { readonly began: string }
  /** A run has ended, or a restore changed files. */
  | { readonly ended: string; readonly result: string; readonly paths: readonly WorkspacePath[] };

/** Stands for the name of a run in what restores tell. */
const RESTORE = 'restore';

/**
 * A task that is being executed in a workspace, known to all who share the cache by a file in the
 * temporary folder. Two runs at once may write the same files: then neither's outputs are its own,
 * and without this nobody would know.
 */
export class RunningTask {
  readonly #directory: string;
  readonly #kind: string;
  readonly #name: string;
  #hasTold = false;

  private constructor(directory: string, kind: string, name: string) {
    this.#directory = directory;
    this.#kind = kind;
    this.#name = name;
  }

  /** To be called before the task is started. Throws file system errors. */
  static begin(layout: CacheLayout, root: AbsolutePath, task: string): RunningTask {
    const directory = layout.temporary;
    const kind = runKind(layout, root);
    const name = temporaryName(kind);
    const line = `${JSON.stringify({ task } satisfies Line)}\n`;
    writeFileSync(join(directory, name), line, { flag: 'ax', mode: 0o600 });
    const running = new RunningTask(directory, kind, name);
    // First its own file, then those of others: of two that begin at once one sees the other.
    for (const other of running.#others()) {
      const isSame = linesOf(directory, other).some((line) => 'task' in line && line.task === task);
      if (!isSame) continue;
      append(directory, other, { began: name });
      append(directory, name, { began: other });
    }
    return running;
  }

  /** Whether the other runs know what this one wrote. */
  get hasTold(): boolean {
    return this.#hasTold;
  }

  /** Tells the other runs what this one wrote. */
  tell(result: string, paths: readonly WorkspacePath[]): void {
    this.#hasTold = true;
    for (const other of this.#others()) {
      append(this.#directory, other, { ended: this.#name, result, paths });
    }
  }

  /**
   * One of these paths that somebody else may have written since the run began, or is writing now,
   * with other content than `result` has, or another one in the `directories`, in which the run made
   * names and from which somebody may have taken some; undefined when there is none.
   */
  disturbed(
    result: string,
    paths: readonly WorkspacePath[],
    directories: ReadonlySet<WorkspacePath>,
  ): WorkspacePath | undefined {
    if (paths.length === 0) return undefined;
    const lines = linesOf(this.#directory, this.#name);
    // The file is gone: nothing is known.
    if (lines.length === 0) return paths[0];
    const own = new Set(paths);
    const equals = new Set<string>();
    for (const line of lines) {
      if (!('ended' in line)) continue;
      if (line.result === result) equals.add(line.ended);
      else {
        const shared = line.paths.find(
          (path) => own.has(path) || directories.has(parentOf(path) ?? path),
        );
        if (shared !== undefined) return shared;
      }
    }
    const isOpen = lines.some((line) => 'began' in line && !equals.has(line.began));
    return isOpen ? paths[0] : undefined;
  }

  /**
   * Names of results that others have stored since the run began, with paths that it has written, too:
   * what was kept of them may be this run's.
   */
  mixedUp(result: string, paths: readonly WorkspacePath[]): string[] {
    const own = new Set(paths);
    return linesOf(this.#directory, this.#name).flatMap((line) =>
      'ended' in line &&
      line.ended !== RESTORE &&
      line.result !== result &&
      line.paths.some((path) => own.has(path))
        ? [line.result]
        : [],
    );
  }

  end(): void {
    rmSync(join(this.#directory, this.#name), { force: true });
  }

  #others(): string[] {
    return runsIn(this.#directory, this.#kind).filter((name) => name !== this.#name);
  }
}

/** Tells the runs in a workspace which paths a restore of `result` changed. Throws file system errors. */
export function tellRestored(
  layout: CacheLayout,
  root: AbsolutePath,
  result: string,
  paths: readonly WorkspacePath[],
): void {
  for (const name of runsIn(layout.temporary, runKind(layout, root))) {
    append(layout.temporary, name, { ended: RESTORE, result, paths });
  }
}

/** Names of temporary files start with a word in lower-case letters: here with the workspace in it. */
function runKind(layout: CacheLayout, root: AbsolutePath): string {
  const workspace = workspaceName(layout.root, root);
  // Two workspaces with the same sums would only take each other's runs for theirs.
  const digest = textSum(workspace) + textSum(workspace, 1);
  return `run${digest.replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!)}`;
}

function runsIn(directory: string, kind: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(`${kind}-`));
}

function append(directory: string, name: string, line: Line): void {
  try {
    // Without O_CREAT: a file that is gone must not come back.
    const file = openSync(join(directory, name), constants.O_WRONLY | constants.O_APPEND);
    try {
      writeSync(file, `${JSON.stringify(line)}\n`);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Empty when the file is gone. A line that is cut off counts as a run that never ended. */
function linesOf(directory: string, name: string): Line[] {
  let text: string;
  try {
    text = readFileSync(join(directory, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as Line;
      } catch {
        return { began: 'unknown' };
      }
    });
}
