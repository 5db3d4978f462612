import type { NotStored } from '../../cache/stored-run.js';

/** Why a finished run could not be kept, on one line. */
export function notStoredText(reason: NotStored): string {
  switch (reason.kind) {
    case 'modified-during-run':
      // A directory, if something the tracker does not know of made or removed a name in it.
      return `${reason.path === '' ? 'the workspace root' : `'${reason.path}'`} was modified while the task ran`;
    case 'read-then-written':
      return `read and wrote '${reason.path}'`;
    case 'unreadable-input':
      return `'${reason.path}' was read and cannot be read now (${reason.detail})`;
    case 'unsupported-output':
      return `output '${reason.path}' cannot be stored (${reason.detail})`;
    case 'secret-found':
      return `the value of '${reason.variable}' is in ${placeText(reason.in)}; if it is no secret: "notSecret": ["${reason.variable}"]`;
    case 'cache-unusable':
      return `the cache cannot be used (${reason.detail})`;
  }
}

function placeText(place: Extract<NotStored, { kind: 'secret-found' }>['in']): string {
  if (place === 'names') return 'the name of a file';
  if ('path' in place) return `'${place.path}'`;
  return place.stream === 'terminal' ? 'the output' : `the output (${place.stream})`;
}
