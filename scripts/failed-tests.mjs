import { inspect } from 'node:util';

/**
 * A reporter for `node --test` that says nothing of what passed, and at the very end once more all
 * that failed: thousands of lines further up nobody finds it, and logs kept by others may be cut.
 */
export default async function* failedTests(events) {
  const failures = [];
  for await (const { type, data } of events) {
    // A suite fails because something in it did, which is told by itself.
    if (type !== 'test:fail' || data.details.error?.failureType === 'subtestsFailed') continue;
    if (data.todo !== undefined || data.skip !== undefined) continue;
    const { file, line, column, name, details } = data;
    const place = file === undefined ? '' : ` (${file}:${line}:${column})`;
    const error = details.error?.cause ?? details.error;
    failures.push(`${name}${place}\n${inspect(error).replace(/^/gm, '    ')}\n`);
  }
  if (failures.length > 0) yield `\n${failures.length} failed:\n\n${failures.join('\n')}`;
}
