import type { WorkspacePath } from '../../../cache/brands.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { PathRules } from '../../plan/execution.js';
import type { ObservedRun } from '../derive/observe-run.js';
import { ABSENT, fileState, linkState } from './fact.js';
import type { Fact, FactState } from './fact.js';

/** What a step depends on, and what it makes by itself. */
export interface StepFacts {
  /** `before`: how the step found it; undefined where only the disk can tell. */
  readonly facts: readonly { readonly fact: Fact; readonly before: FactState | undefined }[];
  /** What it writes is no news to it. */
  readonly written: ReadonlySet<WorkspacePath>;
}

/** Of a run that was stored or replayed. Variables stay what they were when vt was started. */
export function factsOfResult({ observations, outputs }: StoredResult): StepFacts {
  const facts: { fact: Fact; before: FactState | undefined }[] = [];
  const add = (fact: Fact, before: FactState | undefined): void =>
    void facts.push({ fact, before });
  for (const seen of observations) {
    switch (seen.kind) {
      case 'content':
        add({ kind: 'content', path: seen.path }, fileState(seen.digest, seen.executable));
        break;
      case 'absence':
        add({ kind: 'look', path: seen.path }, ABSENT);
        break;
      case 'existence':
        add({ kind: 'look', path: seen.path }, undefined);
        break;
      case 'link':
        add({ kind: 'look', path: seen.path }, linkState(seen.target));
        break;
      case 'listing':
        add({ kind: 'listing', path: seen.path }, undefined);
        break;
      case 'json':
        add({ kind: 'content', path: seen.path }, undefined);
        break;
      case 'glob': {
        const { include, exclude } = seen;
        add({ kind: 'glob', path: baseOf(include), include, exclude }, seen.matches.join('\0'));
        break;
      }
      case 'root':
      case 'program':
      case 'env':
      case 'env-query':
        break;
    }
  }
  return { facts, written: new Set(outputs.map(({ path }) => path)) };
}

/**
 * Of a run that left no result, or that is still at work.
 *
 * @param input the globs that are configured for it.
 */
export function factsOfRun(
  { content, looked, listed, written }: ObservedRun,
  input: PathRules | undefined,
): StepFacts {
  const { include, exclude } = input ?? { include: [], exclude: [] };
  const glob = { kind: 'glob', path: baseOf(include), include, exclude } as const;
  return {
    facts: [
      ...(include.length > 0 ? [{ fact: glob, before: undefined }] : []),
      ...content.map((path) => ({ fact: { kind: 'content', path } as const, before: undefined })),
      ...looked.map(({ path, before }) => ({
        fact: { kind: 'look', path } as const,
        before: before === 'absent' ? ABSENT : undefined,
      })),
      ...listed.map((path) => ({ fact: { kind: 'listing', path } as const, before: undefined })),
    ],
    written: new Set(written),
  };
}

/** The directory that all of the globs are in. */
function baseOf(globs: readonly string[]): WorkspacePath {
  const [first = '', ...others] = globs.map((glob) => {
    const segments = glob.split('/');
    const wild = segments.findIndex((segment) => /[*?[\]{}()!+@\\]/.test(segment));
    return segments.slice(0, wild === -1 ? -1 : wild).join('/');
  });
  return (others.every((base) => base === first) ? first : '') as WorkspacePath;
}
