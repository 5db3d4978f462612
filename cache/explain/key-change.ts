import type { KeyParts } from '../key.js';
import { listChanges, variableChanges } from './change.js';
import type { VariableChange } from './change.js';

/** A part of the key that differs: what is known before anything runs. */
export type KeyChange =
  | { readonly kind: 'program'; readonly before: string; readonly now: string }
  | { readonly kind: 'args'; readonly before: readonly string[]; readonly now: readonly string[] }
  /** Workspace-relative; '' for the root. */
  | { readonly kind: 'cwd'; readonly before: string; readonly now: string }
  /** Variables of the configuration and before the command. */
  | VariableChange
  | {
      readonly kind: 'untracked-env';
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  /** Canonical JSON of the rules. */
  | { readonly kind: 'input-config'; readonly before: string; readonly now: string }
  | { readonly kind: 'output-config'; readonly before: string; readonly now: string };

/** All parts that differ, in the order in which one of them is told as the reason of a miss. */
export function keyChanges(before: KeyParts, now: KeyParts): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  if (before.program !== now.program) {
    changes.push({ kind: 'program', before: before.program, now: now.program });
  }
  if (JSON.stringify(before.args) !== JSON.stringify(now.args)) {
    changes.push({ kind: 'args', before: before.args, now: now.args });
  }
  if (before.cwd !== now.cwd) changes.push({ kind: 'cwd', before: before.cwd, now: now.cwd });
  changes.push(...variableChanges(before.env, now.env));
  const names = listChanges(before.untrackedEnv, now.untrackedEnv);
  if (names.length > 0) {
    const of = (wanted: 'added' | 'removed') =>
      names.flatMap(({ kind, item }) => (kind === wanted ? [item] : []));
    changes.push({ kind: 'untracked-env', added: of('added'), removed: of('removed') });
  }
  if (before.inputConfig !== now.inputConfig) {
    changes.push({ kind: 'input-config', before: before.inputConfig, now: now.inputConfig });
  }
  if (before.outputConfig !== now.outputConfig) {
    changes.push({ kind: 'output-config', before: before.outputConfig, now: now.outputConfig });
  }
  return changes;
}
