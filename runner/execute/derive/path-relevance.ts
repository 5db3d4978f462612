import type { WorkspacePath } from '../../../cache/brands.js';
import type { CachePolicy } from '../../plan/execution.js';
import { pathListMatcher, type Matcher } from '../../workspace/glob/glob-matcher.js';
import type { WorkspaceView } from './workspace-view.js';

/** Which workspace paths count as inputs and outputs of one run. */
export interface PathRelevance {
  /** Looks at the path (its content, existence, link text) are facts the result depends on. */
  isInput(path: WorkspacePath): boolean;
  /** The names in the directory are. */
  isListingInput(directory: WorkspacePath): boolean;
  /** Only whether the path exists counts, not what is in it. */
  isExistenceOnly(path: WorkspacePath): boolean;
  /** Changes of the path are part of the result. */
  isOutput(path: WorkspacePath): boolean;
}

export interface RelevanceFacts {
  readonly policy: CachePolicy;
  /** What the task's processes reported, workspace-relative. */
  readonly ignoredInputs: readonly WorkspacePath[];
  readonly ignoredOutputs: readonly WorkspacePath[];
  /** Subtrees that are the runner's own, never input or output. */
  readonly runnerOwned: readonly WorkspacePath[];
}

/**
 * Package managers rewrite these at every install, with absolute paths and times in them, though
 * what they stand for is the same.
 */
const existenceOnly =
  /(?:^|\/)node_modules\/(?:\.bin\/[^/]+|\.modules\.yaml|\.pnpm-workspace-state-v1\.json)$/;

/**
 * In order of precedence: excluded by the user's configuration; named by it; the automatic part,
 * less what reports of the task and general knowledge take out of it.
 */
export function decideRelevance(facts: RelevanceFacts, view: WorkspaceView): PathRelevance {
  const { input, output } = facts.policy;
  const inputExcluded = pathListMatcher(input.exclude, []);
  const inputNamed = pathListMatcher(input.include, input.exclude);
  const outputExcluded = pathListMatcher(output.exclude, []);
  const outputNamed = pathListMatcher(output.include, output.exclude);
  const isNobodys = subtreeMatcher(['.git' as WorkspacePath, ...facts.runnerOwned]);
  const isIgnoredInput = subtreeMatcher(facts.ignoredInputs);
  const isIgnoredOutput = subtreeMatcher(facts.ignoredOutputs);
  const isInCache = cacheTagMatcher(view);

  return {
    isInput(path) {
      if (inputExcluded(path)) return false;
      if (!input.auto) return false;
      return inputNamed(path) || !(isNobodys(path) || isIgnoredInput(path) || isInCache(path));
    },
    isListingInput(directory) {
      if (!this.isInput(directory)) return false;
      // Where any name would be excluded, which names there are says nothing.
      const anyName = directory === '' ? '\u{10ffff}' : `${directory}/\u{10ffff}`;
      return !inputExcluded(anyName) && !isInCache(anyName);
    },
    isExistenceOnly: (path) => existenceOnly.test(path) && !inputNamed(path),
    isOutput(path) {
      if (outputExcluded(path)) return false;
      if (outputNamed(path)) return true;
      return output.auto && !isNobodys(path) && !isIgnoredOutput(path);
    },
  };
}

function subtreeMatcher(roots: readonly WorkspacePath[]): Matcher {
  return (path) =>
    roots.some((root) => root === '' || path === root || path.startsWith(`${root}/`));
}

/** Whether a path is below a directory marked as a cache; the root itself is never taken for one. */
function cacheTagMatcher(view: WorkspaceView): Matcher {
  const known = new Map<string, boolean>();
  const isCache = (directory: string): boolean => {
    if (directory === '') return false;
    let answer = known.get(directory);
    if (answer === undefined) {
      answer = isCache(parentOf(directory)) || view.hasCacheTag(directory as WorkspacePath);
      known.set(directory, answer);
    }
    return answer;
  };
  return (path) => isCache(parentOf(path));
}

/** The directory of a workspace path; that of the root is the root. */
export function parentOf(path: string): WorkspacePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as WorkspacePath;
}
