import type { WorkspacePath } from '../brands.js';
import type { Ignored } from '../ignored.js';
import type { Observation } from '../observation.js';
import { ancestorsOf, nameOf, parentOf } from '../path-parts.js';
import type { PresentFiles } from '../present-files.js';
import type { StoredOutput } from '../stored-entry.js';
import type { World } from '../world.js';
import { changesOf } from './change.js';
import type { Change } from './change.js';
import type { StoredResult } from './stored-result.js';

/** One way in which a result has to do with a path. `by` is an index into its processes. */
export type PathUse =
  /** The path itself was looked at, or is a program that was executed. */
  | {
      readonly kind: 'observed';
      readonly observation: Observation;
      readonly changes: readonly Change[];
    }
  /** Its directory was listed; `present`: with this name in it. */
  | {
      readonly kind: 'listed';
      readonly observation: Extract<Observation, { kind: 'listing' }>;
      readonly present: boolean;
      readonly changes: readonly Change[];
    }
  /** Configured globs were expanded and matched it, or match it now. */
  | {
      readonly kind: 'matched';
      readonly observation: Extract<Observation, { kind: 'glob' }>;
      readonly changes: readonly Change[];
    }
  /** Something above it was looked for and not found. */
  | {
      readonly kind: 'missing-above';
      readonly observation: Extract<Observation, { kind: 'absence' }>;
      readonly changes: readonly Change[];
    }
  /** It is a directory, and so much below it was observed and written. */
  | { readonly kind: 'below'; readonly observations: number; readonly outputs: number }
  | { readonly kind: 'output'; readonly output: StoredOutput; readonly by: number }
  /** A rule left it out; `by`: who touched it, undefined if nobody was seen to. */
  | { readonly kind: 'ignored'; readonly rule: Ignored; readonly by: number | undefined };

/** All that a result has to do with a path: workspace-relative, or absolute for a program elsewhere. */
export async function usesOf(
  result: StoredResult,
  path: string,
  files: PresentFiles,
  world: World,
): Promise<readonly PathUse[]> {
  const uses: PathUse[] = [];
  let below = 0;
  const inside = path as WorkspacePath;
  const parent = path.startsWith('/') ? undefined : parentOf(inside);
  const above = new Set<string>(path.startsWith('/') ? [] : ancestorsOf(inside));
  for (const observation of result.observations) {
    const changes = () => changesOf(observation, files, world);
    switch (observation.kind) {
      case 'content':
      case 'absence':
      case 'existence':
      case 'link':
      case 'listing':
      case 'json':
        if (observation.path === path) {
          uses.push({ kind: 'observed', observation, changes: await changes() });
        } else if (observation.kind === 'listing' && observation.path === parent) {
          const name = nameOf(inside);
          const present = observation.names.includes(name);
          const ofName = (await changes()).filter((c) => !('name' in c) || c.name === name);
          uses.push({ kind: 'listed', observation, present, changes: ofName });
        } else if (observation.kind === 'absence' && above.has(observation.path)) {
          uses.push({ kind: 'missing-above', observation, changes: await changes() });
        } else if (isBelow(observation.path, path)) below++;
        break;
      case 'program':
        if (observation.path === path) {
          uses.push({ kind: 'observed', observation, changes: await changes() });
        }
        break;
      case 'glob': {
        const ofPath = (await changes()).filter(
          (c) => 'name' in c && 'dir' in c && pathIn(c.dir, c.name) === path,
        );
        if (ofPath.length > 0 || observation.matches.includes(inside)) {
          uses.push({ kind: 'matched', observation, changes: ofPath });
        }
        break;
      }
      case 'root':
      case 'env':
      case 'env-query':
        break;
    }
  }
  let outputsBelow = 0;
  result.outputs.forEach((output, index) => {
    if (output.path === path) {
      uses.push({ kind: 'output', output, by: result.writers[index] ?? -1 });
    } else if (isBelow(output.path, path)) outputsBelow++;
  });
  if (below + outputsBelow > 0)
    uses.push({ kind: 'below', observations: below, outputs: outputsBelow });
  for (const rule of result.ignored) {
    const touched = rule.paths.find((ignored) => ignored.path === path);
    const covered = 'path' in rule.by && (rule.by.path === path || isBelow(path, rule.by.path));
    if (touched !== undefined || covered) {
      uses.push({ kind: 'ignored', rule, by: touched?.process });
    }
  }
  return uses;
}

function isBelow(path: string, directory: string): boolean {
  return directory === '' ? path !== '' : path.startsWith(`${directory}/`);
}

function pathIn(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
