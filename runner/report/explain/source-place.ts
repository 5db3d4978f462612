import path from 'node:path';
import type { SourceRange } from '../../config/source-range.js';
import { lineAndColumn } from '../diagnostic/render-diagnostic.js';

/** `vite-task.json:5:18`, relative to the directory the user is in. */
export function sourcePlace(at: SourceRange, cwd: string): string {
  const { line, column } = lineAndColumn(at.text, at.offset);
  const relative = path.relative(cwd, at.file);
  return `${relative.startsWith('..') ? at.file : relative}:${line}:${column}`;
}
