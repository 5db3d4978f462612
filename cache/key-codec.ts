import type * as wire from '../proto/generated/vt/cache/v1/key.js';
import { digestFromBytes, digestToBytes, isWorkspacePath } from './brands.js';
import type { Digest } from './brands.js';
import { DamagedRecord } from './damaged-record.js';
import type { KeyParts } from './key.js';

export function keyToMessage(parts: KeyParts): wire.KeyParts {
  return {
    program: parts.program,
    args: [...parts.args],
    cwd: parts.cwd,
    env: variablesToMessage(parts.env),
    untrackedEnv: [...parts.untrackedEnv],
    inputConfig: parts.inputConfig,
    outputConfig: parts.outputConfig,
  };
}

/** Throws DamagedRecord when the message cannot have been written by `keyToMessage`. */
export function keyFromMessage(message: wire.KeyParts): KeyParts {
  if (!isWorkspacePath(message.cwd)) throw new DamagedRecord('key: cwd');
  return { ...message, cwd: message.cwd, env: variablesFromMessage(message.env) };
}

type VariableDigest = { readonly name: string; readonly valueDigest: Digest };

export function variablesToMessage(variables: readonly VariableDigest[]): wire.VariableDigest[] {
  return variables.map((variable) => ({
    name: variable.name,
    valueDigest: digestToBytes(variable.valueDigest),
  }));
}

export function variablesFromMessage(messages: readonly wire.VariableDigest[]): VariableDigest[] {
  return messages.map((message) => ({
    name: message.name,
    valueDigest: digestFromBytes(message.valueDigest),
  }));
}
