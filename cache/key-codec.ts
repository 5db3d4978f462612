import * as wire from '../proto/generated/vt/cache/v1/key.js';
import { digestFromBytes, digestToBytes, isWorkspacePath } from './brands.js';
import type { Digest } from './brands.js';
import { DamagedRecord } from './damaged-record.js';
import type { KeyParts } from './key.js';

const captures = {
  any: wire.Capture.UNSPECIFIED,
  terminal: wire.Capture.TERMINAL,
  pipes: wire.Capture.PIPES,
  'one-pipe': wire.Capture.ONE_PIPE,
} as const satisfies Record<KeyParts['capture'], wire.Capture>;

const captureNames = Object.keys(captures) as (keyof typeof captures)[];

export function keyToMessage(parts: KeyParts): wire.KeyParts {
  return {
    program: parts.program,
    args: [...parts.args],
    cwd: parts.cwd,
    env: variablesToMessage(parts.env),
    untrackedEnv: [...parts.untrackedEnv],
    inputConfig: parts.inputConfig,
    outputConfig: parts.outputConfig,
    capture: captures[parts.capture],
  };
}

/** Throws DamagedRecord when the message cannot have been written by `keyToMessage`. */
export function keyFromMessage(message: wire.KeyParts): KeyParts {
  if (!isWorkspacePath(message.cwd)) throw new DamagedRecord('key: cwd');
  const capture = captureNames.find((name) => captures[name] === message.capture);
  if (capture === undefined) throw new DamagedRecord('key: capture');
  return { ...message, cwd: message.cwd, env: variablesFromMessage(message.env), capture };
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
