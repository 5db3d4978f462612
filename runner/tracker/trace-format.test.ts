import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as format from './trace-format.js';

const project = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const header = readFileSync(join(project, 'runner/tracker/native/trace.h'), 'utf8');

/** `PREFIX_NAME = value` of an enum, with shifts worked out. */
function enumOf(prefix: string): Record<string, number> {
  const entries = header.matchAll(
    new RegExp(`\\b${prefix}_(\\w+) = (?:(\\d+)u? << )?(\\d+)u?`, 'g'),
  );
  return Object.fromEntries(
    [...entries].map(([, name, base, value]) => [
      name!,
      base === undefined ? Number(value) : Number(base) << Number(value),
    ]),
  );
}

test('operations, kinds, flags and causes are those of trace.h', () => {
  assert.deepEqual(enumOf('VT_OP'), { ...format.Op });
  assert.deepEqual(enumOf('VT_KIND'), { ...format.Kind });
  assert.deepEqual(enumOf('VT_FLAG'), { ...format.Flag });
  assert.deepEqual(enumOf('VT_INCOMPLETE'), { ...format.IncompleteBit });
  assert.deepEqual(enumOf('VT_CONTENT'), { ...format.ContentState });
});

test('sizes and magic numbers are those of trace.h', () => {
  const defined = (name: string): string => new RegExp(`${name} (\\w+)`).exec(header)![1]!;
  assert.equal(BigInt(defined('VT_TRACE_MAGIC').replace(/ull$/, '')), format.TRACE_MAGIC);
  assert.equal(Number(defined('VT_HEADER_SIZE').replace(/u$/, '')), format.HEADER_SIZE);
  assert.equal(Number(defined('VT_CHUNK_SIZE').replace(/u$/, '')), format.CHUNK_SIZE);
  assert.equal(Number(defined('VT_CHUNK_MAGIC').replace(/u$/, '')), format.CHUNK_MAGIC);
});
