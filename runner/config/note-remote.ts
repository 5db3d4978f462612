import type { FieldReader } from './field-reader.js';
import type { Field } from './json-document.js';

/** `remote` of a `cache`: known, so that such a configuration works, and without effect unless false. */
export function noteRemote(reader: FieldReader, settings: ReadonlyMap<string, Field>): void {
  const remote = settings.get('remote');
  if (remote === undefined || remote.value.value === false) return;
  reader.problems.push({
    kind: 'no-effect-yet',
    field: 'cache.remote',
    at: reader.range(remote.key),
  });
}
