import { createTwoFilesPatch } from 'diff';

/** What differs, as a patch that makes `actual` of `expected`; undefined when nothing does. */
export function textDifference(file: string, expected: string, actual: string): string | undefined {
  if (expected === actual) return undefined;
  return createTwoFilesPatch(file, file, expected, actual, 'expected', 'seen', { context: 4 });
}
