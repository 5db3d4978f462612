import type { StdioOptions } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** The two functions of node-pty used here. Not public in its types, hence its version is pinned. */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
  resize(master: number, columns: number, rows: number): void;
}

/** A pseudo-terminal nobody uses yet. */
export interface PseudoTerminal {
  /** Descriptor of the runner's side, non-blocking. Inherited by children unless masked. */
  readonly master: number;
  /** Path of the task's side. */
  readonly path: string;
  /** Descriptor of the task's side that keeps it from hanging up while no process has it open. */
  readonly hold: number;
  resize(columns: number, rows: number): void;
  /** To be called when `master` is closed. */
  forget(): void;
}

/** By identity: a closed master's number is soon another's. */
const live = new Set<PseudoTerminal>();
let devNull: number | undefined;

/**
 * Opens a pseudo-terminal; undefined where that cannot be had (node-pty was not built, no
 * /dev/pts). Only node-pty's `open` is used: its `spawn` loses output at exit and cannot pass on a
 * further descriptor.
 */
export async function openPseudoTerminal(
  columns: number,
  rows: number,
): Promise<PseudoTerminal | undefined> {
  try {
    // Loaded here because it takes 6 ms that a run without terminal need not spend.
    const module = (await import('node-pty')) as unknown as NativeModule;
    const native = module.native ?? module.default?.native;
    return native && hold(native, native.open(columns, rows));
  } catch {
    return undefined;
  }
}

function hold(native: NativePty, opened: ReturnType<NativePty['open']>): PseudoTerminal {
  const { master, slave, pty: path } = opened;
  try {
    // Opened anew because Node's descriptors, unlike node-pty's, are not inherited by children.
    const terminal: PseudoTerminal = {
      master,
      path,
      hold: openSync(path, constants.O_RDWR | constants.O_NOCTTY),
      resize: (columns, rows) => {
        native.resize(master, columns, rows);
      },
      forget: () => {
        live.delete(terminal);
        if (live.size > 0 || devNull === undefined) return;
        closeSync(devNull);
        devNull = undefined;
      },
    };
    live.add(terminal);
    return terminal;
  } catch (error) {
    closeSync(master);
    throw error;
  } finally {
    closeSync(slave);
  }
}

interface NativeModule {
  readonly native?: NativePty;
  readonly default?: { readonly native?: NativePty };
}

/**
 * Use it for every child process: extends `stdio` so that the child gets /dev/null in the place of
 * each live master, which node-pty leaves inheritable. A child that kept a master would keep the
 * terminal's task from the hang-up it is due when vt is killed.
 */
export function maskedStdio(stdio: Exclude<StdioOptions, string>): Exclude<StdioOptions, string> {
  const masked = [...stdio];
  for (const standard of [0, 1, 2]) masked[standard] ??= 'ignore';
  for (const { master } of live) {
    if (master < stdio.length && stdio[master] !== 'ignore') continue;
    devNull ??= openSync('/dev/null', constants.O_RDWR);
    // 'ignore' above 2 leaves a number as it is.
    while (masked.length < master) masked.push('ignore');
    masked[master] = devNull;
  }
  return masked;
}
