import type { MissReason } from './miss-reason.js';
import type { Difference } from './observation-check.js';

/**
 * Of all differences of one variant, the one to tell. Variables first (all of them, in one): their
 * change is made on purpose and explains the rest. Then the program, then a value, then a file that was
 * modified, removed, added: an edit is what people look for, and a file that is moved is looked
 * for under its old name. Equal kinds in the order of their paths.
 */
export function chooseReason(differences: readonly Difference[]): MissReason | undefined {
  const names = new Set(differences.flatMap((d) => (d.kind === 'env-changed' ? d.names : [])));
  if (names.size > 0) return { kind: 'env-changed', names: [...names].sort() };
  return [...differences].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

const ORDER: readonly Difference['kind'][] = [
  'env-changed',
  'root-changed',
  'program-changed',
  'value-changed',
  'modified',
  'removed',
  'added',
];

function rank(difference: Difference): string {
  const place =
    'path' in difference
      ? difference.path
      : 'dir' in difference
        ? `${difference.dir}/${difference.name}`
        : '';
  return `${ORDER.indexOf(difference.kind)}${place}`;
}
