import type { Ignored, IgnoredPart } from '../../../cache/ignored.js';
import type { StoredProcess } from '../../../cache/stored-run.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { processText } from './observer-text.js';
import { sourcePlace } from './source-place.js';

/** What texts about a task's configuration are made with. */
export interface ConfigurationView {
  /** Undefined: the task is not planned now, so that nothing is known of where it is written. */
  readonly origin: ExecutionOrigin | undefined;
  /** The directory the user is in. */
  readonly cwd: string;
}

/** Who said that a path does not count. */
export function ignoredByText(
  { part, by }: Ignored,
  processes: readonly StoredProcess[],
  view: ConfigurationView,
): string {
  switch (by.kind) {
    case 'report': {
      const call = part === 'writes' ? 'ignoreOutput' : 'ignoreInput';
      const who = processText(processes, by.speaker);
      const label = by.label === undefined ? '' : `'${by.label}', `;
      return `${call} ${quoted(by.path)} of ${label}${who}`;
    }
    case 'excluded':
      return excludedText(part, by.glob, view);
    case 'not-named': {
      const field = part === 'writes' ? 'output' : 'input';
      return `${fieldText(field, view)} names what counts, without { "auto": true }`;
    }
    case 'version-control':
      return `built in: ${quoted(by.path)} is the state of the repository`;
    case 'cache-tag':
      return `built in: ${quoted(by.path)} has a CACHEDIR.TAG`;
    case 'own-cache':
      return `built in: ${quoted(by.path)} is vt's own cache`;
    case 'package-manager':
      return 'built in: package managers rewrite it at every install, only that it exists counts';
  }
}

/** What it is that does not count. */
export function ignoredPartText(part: IgnoredPart): string {
  switch (part) {
    case 'reads':
      return 'reads';
    case 'contents':
      return 'contents';
    case 'writes':
      return 'writes';
  }
}

function excludedText(part: IgnoredPart, glob: string, { origin, cwd }: ConfigurationView): string {
  const field = part === 'writes' ? 'output' : 'input';
  const rule = origin?.globs.find(
    (written) => written.field === field && written.excludes && written.resolved === glob,
  );
  if (rule === undefined) return `"!${glob}" in "${field}"`;
  return rule.at === undefined
    ? `--${field} '${rule.written}'`
    : `"${rule.written}" in "${field}" (${sourcePlace(rule.at, cwd)})`;
}

function fieldText(field: 'input' | 'output', { origin, cwd }: ConfigurationView): string {
  const at = origin?.globs.find((written) => written.field === field)?.at ?? origin?.task;
  return at === undefined ? `"${field}"` : `"${field}" (${sourcePlace(at, cwd)})`;
}

function quoted(path: string): string {
  return path === '' ? 'the workspace root' : `'${path}'`;
}
