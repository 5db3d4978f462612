import type { Advice, WritableGlob } from '../../execute/explain/advise.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { sourcePlace } from './source-place.js';

/** What to do so that a change is no miss again, on one line. */
export function adviceText(advice: Advice, origin: ExecutionOrigin, cwd: string): string {
  switch (advice.kind) {
    case 'exclude-input':
      return `if ${named(advice.paths)} does not matter: ${exclusion(['input'], advice.glob, origin, cwd)}`;
    case 'keep-private': {
      const { place, glob, paths } = advice;
      return (
        `if ${named(paths)} is a tool's own business: let it call ignoreInput and ignoreOutput ` +
        `('${place}'), or ${exclusion(['input', 'output'], glob, origin, cwd)}`
      );
    }
    case 'untrack-env': {
      const names = advice.names.map((name) => `"${name}"`).join(', ');
      const it = `if the result does not depend on ${named(advice.names)}`;
      if (origin.task === undefined) {
        return `${it}: ${advice.names.map((name) => `--untracked-env ${name}`).join(' ')}`;
      }
      const where = sourcePlace(origin.task, cwd);
      return advice.declared
        ? `${it}: move ${names} from "env" to "untrackedEnv" (${where})`
        : `${it}: "untrackedEnv": [${names}] (${where})`;
    }
    case 'keep-elsewhere': {
      const folder = advice.directory === '' ? 'the workspace root' : `'${advice.directory}'`;
      return `${named(advice.paths)} counts because ${folder} is listed: let what makes such files keep them elsewhere`;
    }
    case 'run-before':
      return `${named(advice.paths)} is written by ${advice.task}: with it in "dependsOn"${at(origin, cwd)} it is written first`;
  }
}

function exclusion(
  fields: readonly ('input' | 'output')[],
  { pattern, base }: WritableGlob,
  origin: ExecutionOrigin,
  cwd: string,
): string {
  if (origin.task === undefined) {
    return fields.map((field) => `--${field} '!${pattern}'`).join(' ');
  }
  const entry =
    base === 'package' ? `"!${pattern}"` : `{ "pattern": "!${pattern}", "base": "workspace" }`;
  // What is configured stays; a task without it has what is seen.
  const isConfigured = fields.some((field) => origin.globs.some((glob) => glob.field === field));
  const value = isConfigured ? `${entry} in` : `[{ "auto": true }, ${entry}] for`;
  const names = fields.map((field) => `"${field}"`).join(' and ');
  return `${value} ${names}${at(origin, cwd)}`;
}

function at({ task }: ExecutionOrigin, cwd: string): string {
  return task === undefined ? '' : ` (${sourcePlace(task, cwd)})`;
}

function named(items: readonly string[]): string {
  const [first = '', ...others] = items;
  return others.length === 0 ? `'${first}'` : `'${first}' and ${others.length} more`;
}
