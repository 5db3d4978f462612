import { questionOf } from '../observation-group.js';
import type { Observation } from '../observation.js';
import { nameOf, parentOf } from '../path-parts.js';
import { listChanges, pathListChanges, variableChange, variableChanges } from './change.js';
import type { Change } from './change.js';

/** An observation of a result and how the other side differs from it; one change or more. */
export interface ChangedObservation {
  readonly observation: Observation;
  readonly changes: readonly Change[];
}

/**
 * What had changed between two stored results of one key, by what both have observed: what only one
 * of the two runs has looked at is not known of the other.
 */
export function compareObservations(
  before: readonly Observation[],
  after: readonly Observation[],
): readonly ChangedObservation[] {
  const answers = new Map(after.map((observation) => [questionOf(observation), observation]));
  const presence = new Map<string, boolean>();
  for (const observation of after) {
    if ('path' in observation) presence.set(observation.path, observation.kind !== 'absence');
  }
  return before.flatMap((observation) => {
    const answer = answers.get(questionOf(observation));
    const changes =
      answer === undefined
        ? presenceChange(observation, presence)
        : answerChanges(observation, answer);
    return changes.length === 0 ? [] : [{ observation, changes }];
  });
}

/** The other run asked another question of the path, whose answer tells that it came or went. */
function presenceChange(
  observation: Observation,
  presence: ReadonlyMap<string, boolean>,
): readonly Change[] {
  switch (observation.kind) {
    case 'absence':
      return presence.get(observation.path) === true
        ? [{ kind: 'added', ...place(observation.path) }]
        : [];
    case 'content':
    case 'existence':
    case 'link':
    case 'listing':
    case 'json':
      return presence.get(observation.path) === false
        ? [{ kind: 'removed', ...place(observation.path) }]
        : [];
    case 'glob':
    case 'program':
    case 'root':
    case 'env':
    case 'env-query':
      return [];
  }
}

function answerChanges(before: Observation, after: Observation): readonly Change[] {
  switch (before.kind) {
    case 'content': {
      if (after.kind !== 'content') return [];
      const same = before.digest === after.digest && before.executable === after.executable;
      return same ? [] : [{ kind: 'modified', path: before.path }];
    }
    case 'existence':
      return after.kind === 'existence' && before.entry !== after.entry
        ? [{ kind: 'modified', path: before.path }]
        : [];
    case 'link':
      return after.kind === 'link' && before.target !== after.target
        ? [{ kind: 'modified', path: before.path }]
        : [];
    case 'json': {
      if (after.kind !== 'json' || before.valueDigest === after.valueDigest) return [];
      return [{ kind: 'value-changed', path: before.path, pointer: before.pointer }];
    }
    case 'listing':
      if (after.kind !== 'listing') return [];
      return listChanges(before.names, after.names).map(({ kind, item }) => ({
        kind,
        name: item,
        dir: before.path,
      }));
    case 'glob':
      return after.kind === 'glob' ? pathListChanges(before.matches, after.matches) : [];
    case 'program': {
      if (after.kind !== 'program') return [];
      const same =
        before.size === after.size &&
        before.mtime === after.mtime &&
        before.names.join() === after.names.join();
      return same ? [] : [{ kind: 'program-changed', path: before.path }];
    }
    case 'root':
      if (after.kind !== 'root' || before.path === after.path) return [];
      return [{ kind: 'root-changed', path: before.path }];
    case 'env':
      return after.kind === 'env'
        ? variableChange(before.name, before.valueDigest, after.valueDigest)
        : [];
    case 'env-query':
      return after.kind === 'env-query' ? variableChanges(before.matches, after.matches) : [];
    case 'absence':
      return [];
  }
}

function place(path: Extract<Observation, { kind: 'absence' }>['path']) {
  return { name: nameOf(path), dir: parentOf(path) ?? path };
}
