import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What faults.c does at the n-th operation, the first being 1. */
export interface Fault {
  /** `changes`: only operations that can change the disk are counted. */
  readonly counted: 'all' | 'changes';
  /** `from`: all later ones fail too. */
  readonly how: 'once' | 'from';
  readonly what: 'kill' | keyof typeof constants.errno;
  readonly n: number;
}

const SOURCE = fileURLToPath(new URL('../../../cache/testing/faults.c', import.meta.url));
const compiler = process.env['CC'] ?? 'cc';

/** Why no faults can be injected here; false when they can. */
export function whyNoFaults(): string | false {
  if (process.platform !== 'linux') return `no faults can be injected on ${process.platform}`;
  return spawnSync(compiler, ['--version']).error ? `no C compiler ('${compiler}')` : false;
}

/** Compiles faults.c; `remove` when it is no longer needed. */
export function buildFaults(): { readonly library: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'vt-faults-'));
  const library = join(directory, 'faults.so');
  const flags = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
  execFileSync(compiler, [...flags, '-o', library, SOURCE, '-ldl']);
  return { library, remove: () => rmSync(directory, { recursive: true }) };
}

/** The environment of a process with faults in what it does below `under`. */
export function faultyEnv(library: string, under: string, fault?: Fault): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: library,
    VT_FAULTS_UNDER: under,
    ...(fault === undefined ? {} : { VT_FAULTS: faultText(fault) }),
  };
}

/** In a process with `faultyEnv`: what is to come from now on; undefined: nothing. */
export function armFault(fault: Fault | undefined): void {
  accessSync(`/vt-faults/${fault === undefined ? 'off' : faultText(fault)}`);
}

/** The operation that was let fail since `armFault`; undefined if it did not come that far. */
export function failedOperation(): string | undefined {
  const [, name] = /^\d+ (.+)$/s.exec(readlinkSync('/vt-faults/count')) ?? [];
  return name;
}

function faultText({ counted, how, what, n }: Fault): string {
  return `${counted}:${how}:${what === 'kill' ? 0 : constants.errno[what]}:${n}`;
}
