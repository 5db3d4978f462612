import * as wire from '../proto/generated/vt/cache/v1/attempt.js';
import type { Attempt, AttemptOutcome, Found } from './attempt.js';
import { isWorkspacePath } from './brands.js';
import type { WorkspacePath } from './brands.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import { keyFromMessage, keyToMessage } from './key-codec.js';
import type { KeyParts } from './key.js';
import type { MissReason } from './miss-reason.js';

/** An attempt whose key may be kept beside it. */
export type EncodableAttempt = Omit<Attempt, 'key'> & { readonly key?: KeyParts };

export function encodeAttempt(attempt: EncodableAttempt): Uint8Array {
  return wire.Attempt.encode({
    ended: BigInt(Math.round(attempt.ended)),
    duration: attempt.duration,
    key: attempt.key && keyToMessage(attempt.key),
    found: foundToMessage(attempt.found),
    outcome: attempt.outcome && outcomeToMessage(attempt.outcome),
  }).finish();
}

/** Throws DamagedRecord when the bytes cannot have been written by `encodeAttempt`. */
export function decodeAttempt(bytes: Uint8Array): EncodableAttempt {
  return decodeRecord('attempt', () => {
    const message = wire.Attempt.decode(bytes);
    return {
      ended: Number(message.ended),
      duration: message.duration,
      ...(message.key && { key: keyFromMessage(message.key) }),
      found: foundFromMessage(message.found),
      outcome: outcomeFromMessage(message.outcome),
    };
  });
}

function foundToMessage(found: Found): NonNullable<wire.Attempt['found']> {
  switch (found.kind) {
    case 'hit':
      return { $case: 'hit', value: found.entry };
    case 'first-run':
      return { $case: 'nothingStored', value: {} };
    case 'miss':
      return {
        $case: 'missed',
        value: {
          reason: { ...noReason, ...reasonToMessage(found.reason) },
          comparedEntry: found.nearest ?? '',
          comparedKey: found.keyBefore && keyToMessage(found.keyBefore),
        },
      };
  }
}

function foundFromMessage(found: wire.Attempt['found']): Found {
  switch (found?.$case) {
    case 'hit':
      return { kind: 'hit', entry: found.value };
    case 'nothingStored':
      return { kind: 'first-run' };
    case 'missed': {
      const { reason, comparedEntry, comparedKey } = found.value;
      if (reason === undefined) throw new DamagedRecord('attempt: reason');
      return {
        kind: 'miss',
        reason: reasonFromMessage(reason),
        ...(comparedEntry !== '' && { nearest: comparedEntry }),
        ...(comparedKey && { keyBefore: keyFromMessage(comparedKey) }),
      };
    }
    case undefined:
      throw new DamagedRecord('attempt: found');
  }
}

function outcomeToMessage(outcome: AttemptOutcome): NonNullable<wire.Attempt['outcome']> {
  switch (outcome.kind) {
    case 'stored':
      return { $case: 'stored', value: outcome.entry };
    case 'not-cached':
      return { $case: 'notCached', value: outcome.reason };
    case 'interrupted':
      return { $case: 'interrupted', value: {} };
    case 'failed': {
      const { ending } = outcome;
      switch (ending.kind) {
        case 'exited':
          return { $case: 'failed', value: { ending: { $case: 'code', value: ending.code } } };
        case 'killed':
          return { $case: 'failed', value: { ending: { $case: 'signal', value: ending.signal } } };
        case 'not-started':
          return { $case: 'failed', value: { ending: { $case: 'errno', value: ending.errno } } };
      }
    }
  }
}

function outcomeFromMessage(outcome: wire.Attempt['outcome']): AttemptOutcome | undefined {
  switch (outcome?.$case) {
    case 'stored':
      return { kind: 'stored', entry: outcome.value };
    case 'notCached':
      return { kind: 'not-cached', reason: outcome.value };
    case 'interrupted':
      return { kind: 'interrupted' };
    case 'failed': {
      const { ending } = outcome.value;
      switch (ending?.$case) {
        case 'code':
          return { kind: 'failed', ending: { kind: 'exited', code: ending.value } };
        case 'signal':
          return { kind: 'failed', ending: { kind: 'killed', signal: ending.value } };
        case 'errno':
          return { kind: 'failed', ending: { kind: 'not-started', errno: ending.value } };
        case undefined:
          throw new DamagedRecord('attempt: ending');
      }
      break;
    }
    case undefined:
      return undefined;
  }
}

const noReason: wire.MissReason = { kind: '', names: [], path: '', name: '', dir: '', detail: '' };

function reasonToMessage(reason: MissReason): Partial<wire.MissReason> {
  switch (reason.kind) {
    case 'env-changed':
      return { kind: reason.kind, names: [...reason.names] };
    case 'restore-blocked':
      return { kind: reason.kind, path: reason.path, detail: reason.obstacle };
    case 'value-changed':
      return { kind: reason.kind, path: reason.path, detail: reason.pointer };
    case 'untracked-env-changed':
    case 'root-changed':
    case 'program-changed':
    case 'args-changed':
    case 'cwd-changed':
    case 'input-config-changed':
    case 'output-config-changed':
    case 'evicted':
    case 'modified':
    case 'added':
    case 'removed':
    case 'entry-damaged':
      return reason;
  }
}

function reasonFromMessage(message: wire.MissReason): MissReason {
  const { kind, names, path, name, dir, detail } = message;
  switch (kind) {
    case 'env-changed':
      return { kind, names };
    case 'untracked-env-changed':
    case 'args-changed':
    case 'cwd-changed':
    case 'input-config-changed':
    case 'output-config-changed':
    case 'evicted':
      return { kind };
    case 'program-changed':
      return path === '' ? { kind } : { kind, path };
    case 'root-changed':
      return { kind, path };
    case 'modified':
      return { kind, path: workspacePath(path) };
    case 'value-changed':
      return { kind, path: workspacePath(path), pointer: detail };
    case 'added':
    case 'removed':
      return { kind, name, dir: workspacePath(dir) };
    case 'entry-damaged':
      return { kind, detail };
    case 'restore-blocked':
      return { kind, path: workspacePath(path), obstacle: detail };
    default:
      throw new DamagedRecord('attempt: reason');
  }
}

function workspacePath(text: string): WorkspacePath {
  if (!isWorkspacePath(text)) throw new DamagedRecord('attempt: path');
  return text;
}
