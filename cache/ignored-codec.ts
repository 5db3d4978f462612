import * as wire from '../proto/generated/vt/cache/v1/entry.js';
import { isWorkspacePath } from './brands.js';
import type { WorkspacePath } from './brands.js';
import { DamagedRecord } from './damaged-record.js';
import type { Ignored, IgnoredBy, IgnoredPart } from './ignored.js';

export function ignoredToMessage({ part, by, paths, more }: Ignored): wire.Ignored {
  return {
    part: parts[part],
    by: byToMessage(by),
    paths: paths.map(({ path, process }) => ({ path, process })),
    more,
  };
}

/** Throws DamagedRecord when the message cannot have been written by `ignoredToMessage`. */
export function ignoredFromMessage({ part, by, paths, more }: wire.Ignored): Ignored {
  const name = partNames.find((known) => parts[known] === part);
  if (name === undefined) throw new DamagedRecord('ignored: part');
  return {
    part: name,
    by: byFromMessage(by),
    paths: paths.map(({ path, process }) => ({ path: workspacePath(path), process })),
    more,
  };
}

const parts = {
  reads: wire.IgnoredPart.READS,
  contents: wire.IgnoredPart.CONTENTS,
  writes: wire.IgnoredPart.WRITES,
} as const satisfies Record<IgnoredPart, wire.IgnoredPart>;

const partNames = Object.keys(parts) as IgnoredPart[];

function byToMessage(by: IgnoredBy): NonNullable<wire.Ignored['by']> {
  switch (by.kind) {
    case 'report': {
      const { path, speaker, label = '' } = by;
      return { $case: 'report', value: { path, speaker, label } };
    }
    case 'excluded':
      return { $case: 'excluded', value: by.glob };
    case 'not-named':
      return { $case: 'notNamed', value: {} };
    case 'version-control':
      return { $case: 'versionControl', value: by.path };
    case 'cache-tag':
      return { $case: 'cacheTag', value: by.path };
    case 'own-cache':
      return { $case: 'ownCache', value: by.path };
    case 'package-manager':
      return { $case: 'packageManager', value: {} };
  }
}

function byFromMessage(by: wire.Ignored['by']): IgnoredBy {
  switch (by?.$case) {
    case 'report': {
      const { path, speaker, label } = by.value;
      const said = { kind: 'report', path: workspacePath(path), speaker } as const;
      return label === '' ? said : { ...said, label };
    }
    case 'excluded':
      return { kind: 'excluded', glob: by.value };
    case 'notNamed':
      return { kind: 'not-named' };
    case 'versionControl':
      return { kind: 'version-control', path: workspacePath(by.value) };
    case 'cacheTag':
      return { kind: 'cache-tag', path: workspacePath(by.value) };
    case 'ownCache':
      return { kind: 'own-cache', path: workspacePath(by.value) };
    case 'packageManager':
      return { kind: 'package-manager' };
    case undefined:
      throw new DamagedRecord('ignored: by');
  }
}

function workspacePath(text: string): WorkspacePath {
  if (!isWorkspacePath(text)) throw new DamagedRecord('ignored: path');
  return text;
}
