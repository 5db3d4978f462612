import type { Dependent } from '../../../cache/explain/explainer.js';
import type { PathUse } from '../../../cache/explain/path-use.js';
import type { Change } from '../../../cache/explain/change.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { changeText } from './change-text.js';
import { ignoredByText, ignoredPartText } from './ignored-text.js';
import { observationVerb, processText } from './observer-text.js';
import { shortName } from './result-lines.js';

/** What a path is now. */
export type PathState = 'file' | 'folder' | 'link' | 'special file' | 'missing';

/** A path with what tasks have to do with it. */
export interface PathExplanation {
  /** Workspace-relative, '' for the root; absolute outside. */
  readonly path: string;
  readonly state: PathState;
  readonly dependents: readonly Dependent[];
  /** Of the tasks that can be planned now, by name. */
  readonly origins: ReadonlyMap<string, ExecutionOrigin>;
  /** The directory the user is in. */
  readonly cwd: string;
}

/** What `vt why <file>` says, with newlines. */
export function pathExplanationText(explanation: PathExplanation): string {
  const { path, state, dependents } = explanation;
  const name = path === '' ? 'workspace root' : `'${path}'`;
  if (dependents.length === 0) {
    return `${name} (${state})\n  no task that was run here is known to have to do with it\n`;
  }
  return [
    `${name} (${state})`,
    ...dependents.flatMap((dependent) => [
      `  ${dependent.task}${keptText(dependent)}`,
      ...dependent.uses.map((use) => `    ${useText(use, dependent, explanation)}`),
    ]),
    '',
  ].join('\n');
}

/** The last run may have left no result. */
function keptText({ attempt, result }: Dependent): string {
  const isOf = attempt.found.kind === 'hit' || attempt.outcome?.kind === 'stored';
  return isOf ? '' : ` (as of ${shortName(result.name)}: the last run was not kept)`;
}

function useText(use: PathUse, dependent: Dependent, explanation: PathExplanation): string {
  const { processes } = dependent.result;
  const by = (index: number) => `by ${processText(processes, index)}`;
  switch (use.kind) {
    case 'observed': {
      const { observation } = use;
      const who =
        processes[observation.observer] === undefined
          ? 'named by the configuration'
          : `${observationVerb(observation)} ${by(observation.observer)}`;
      return `${who}: ${countsText(observation)}; ${sinceText(use.changes)}`;
    }
    case 'listed': {
      const { observation, present } = use;
      const folder = observation.path === '' ? 'the workspace root' : `'${observation.path}'`;
      const had = present ? 'with it' : 'without it';
      return `${folder} was listed ${had} ${by(observation.observer)}: its name counts; ${sinceText(use.changes)}`;
    }
    case 'matched':
      return `matched by ${use.observation.include.map((glob) => `'${glob}'`).join(', ')} of the configuration; ${sinceText(use.changes)}`;
    case 'missing-above': {
      const { observation } = use;
      return `'${observation.path}' was looked for ${by(observation.observer)} and was missing; ${sinceText(use.changes)}`;
    }
    case 'below':
      return `below it: ${count(use.observations, 'observation')}, ${count(use.outputs, 'output')}`;
    case 'output': {
      const who = use.by >= 0 ? ` ${by(use.by)}` : '';
      const did = use.output.kind === 'deletion' ? 'deleted' : 'written';
      return `output: ${did}${who}`;
    }
    case 'ignored': {
      const { rule } = use;
      const view = { origin: explanation.origins.get(dependent.task), cwd: explanation.cwd };
      const touched = use.by === undefined ? '' : `, touched ${by(use.by)}`;
      return `${ignoredPartText(rule.part)} do not count${touched}: ${ignoredByText(rule, processes, view)}`;
    }
  }
}

type Observed = Extract<PathUse, { kind: 'observed' }>['observation'];

function countsText(observation: Observed): string {
  switch (observation.kind) {
    case 'content':
      return 'its content counts';
    case 'absence':
      return 'that it is missing counts';
    case 'existence':
      return 'that it exists counts';
    case 'link':
      return 'where it leads counts';
    case 'program':
      return 'its size and time of change count';
    case 'listing':
      return 'the names in it count';
    case 'json':
      return observation.pointer === ''
        ? 'its JSON counts, not its layout'
        : `its value '${observation.pointer}' counts`;
    case 'glob':
    case 'root':
    case 'env':
    case 'env-query':
      return 'it counts';
  }
}

function sinceText(changes: readonly Change[]): string {
  return changes.length === 0 ? 'unchanged' : changes.map(changeText).join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
