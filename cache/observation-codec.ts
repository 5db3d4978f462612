import * as wire from '../proto/generated/vt/cache/v1/observation.js';
import { digestFromBytes, digestToBytes, isWorkspacePath } from './brands.js';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { DamagedRecord } from './damaged-record.js';
import { variablesFromMessage, variablesToMessage } from './key-codec.js';
import type { EntryKind, Observation } from './observation.js';

/** A fact without its observer: what results share. */
export type Fact = Observation extends infer O
  ? O extends Observation
    ? Omit<O, 'observer'>
    : never
  : never;

export function factToMessage(fact: Fact): wire.Observation {
  return { fact: factCase(fact) };
}

function factCase(fact: Fact): NonNullable<wire.Observation['fact']> {
  switch (fact.kind) {
    case 'content':
      return {
        $case: 'content',
        value: {
          path: fact.path,
          digest: digestToBytes(fact.digest),
          executable: fact.executable,
        },
      };
    case 'absence':
      return { $case: 'absence', value: { path: fact.path } };
    case 'existence':
      return {
        $case: 'existence',
        value: { path: fact.path, entry: entryKindToMessage[fact.entry] },
      };
    case 'link':
      return { $case: 'link', value: { path: fact.path, target: fact.target } };
    case 'listing':
      return { $case: 'listing', value: { path: fact.path, names: [...fact.names] } };
    case 'glob':
      return {
        $case: 'glob',
        value: {
          include: [...fact.include],
          exclude: [...fact.exclude],
          matches: [...fact.matches],
        },
      };
    case 'json':
      return {
        $case: 'jsonValue',
        value: {
          path: fact.path,
          pointer: fact.pointer,
          valueDigest: fact.valueDigest === null ? undefined : digestToBytes(fact.valueDigest),
        },
      };
    case 'program':
      return {
        $case: 'program',
        value: {
          path: fact.path,
          size: fact.size,
          mtime: fact.mtime,
          names: [...fact.names],
        },
      };
    case 'root':
      return { $case: 'root', value: { path: fact.path } };
    case 'env':
      return {
        $case: 'variable',
        value: {
          name: fact.name,
          valueDigest: fact.valueDigest === null ? undefined : digestToBytes(fact.valueDigest),
        },
      };
    case 'env-query':
      return {
        $case: 'variableQuery',
        value: {
          pattern:
            'glob' in fact.pattern
              ? { $case: 'glob', value: fact.pattern.glob }
              : { $case: 'prefix', value: fact.pattern.prefix },
          matches: variablesToMessage(fact.matches),
        },
      };
  }
}

/** Throws DamagedRecord when the message cannot have been written by `factToMessage`. */
export function factFromMessage(message: wire.Observation): Fact {
  const fact = message.fact;
  switch (fact?.$case) {
    case 'content':
      return {
        kind: 'content',
        path: workspacePath(fact.value.path),
        digest: digestFromBytes(fact.value.digest),
        executable: fact.value.executable,
      };
    case 'absence':
      return { kind: 'absence', path: workspacePath(fact.value.path) };
    case 'existence':
      return {
        kind: 'existence',
        path: workspacePath(fact.value.path),
        entry: entryKindFromMessage(fact.value.entry),
      };
    case 'link':
      return { kind: 'link', path: workspacePath(fact.value.path), target: fact.value.target };
    case 'listing':
      return { kind: 'listing', path: workspacePath(fact.value.path), names: fact.value.names };
    case 'glob':
      return {
        kind: 'glob',
        include: fact.value.include,
        exclude: fact.value.exclude,
        matches: fact.value.matches.map(workspacePath),
      };
    case 'jsonValue': {
      const { path, pointer, valueDigest } = fact.value;
      return {
        kind: 'json',
        path: workspacePath(path),
        pointer,
        valueDigest: valueDigest === undefined ? null : digestFromBytes(valueDigest),
      };
    }
    case 'program':
      return { kind: 'program', ...fact.value, path: fact.value.path as AbsolutePath };
    case 'root':
      return { kind: 'root', path: fact.value.path as AbsolutePath };
    case 'variable':
      return {
        kind: 'env',
        name: fact.value.name,
        valueDigest:
          fact.value.valueDigest === undefined ? null : digestFromBytes(fact.value.valueDigest),
      };
    case 'variableQuery': {
      const pattern = fact.value.pattern;
      if (pattern === undefined) throw new DamagedRecord('observation: variable query');
      return {
        kind: 'env-query',
        pattern: pattern.$case === 'glob' ? { glob: pattern.value } : { prefix: pattern.value },
        matches: variablesFromMessage(fact.value.matches),
      };
    }
    case undefined:
      throw new DamagedRecord('observation: unknown kind');
  }
}

const entryKindToMessage: Readonly<Record<EntryKind, wire.EntryKind>> = {
  file: wire.EntryKind.FILE,
  directory: wire.EntryKind.DIRECTORY,
  symlink: wire.EntryKind.SYMLINK,
  other: wire.EntryKind.OTHER,
};

function entryKindFromMessage(kind: wire.EntryKind): EntryKind {
  switch (kind) {
    case wire.EntryKind.FILE:
      return 'file';
    case wire.EntryKind.DIRECTORY:
      return 'directory';
    case wire.EntryKind.SYMLINK:
      return 'symlink';
    case wire.EntryKind.OTHER:
      return 'other';
    case wire.EntryKind.UNSPECIFIED:
    case wire.EntryKind.UNRECOGNIZED:
      throw new DamagedRecord('observation: entry kind');
  }
}

function workspacePath(text: string): WorkspacePath {
  if (!isWorkspacePath(text)) throw new DamagedRecord('observation: path');
  return text;
}
