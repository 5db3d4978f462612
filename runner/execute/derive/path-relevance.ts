import type { WorkspacePath } from '../../../cache/brands.js';
import type { IgnoredBy } from '../../../cache/ignored.js';
import type { CachePolicy } from '../../plan/execution.js';
import { pathListMatcher, type Matcher } from '../../workspace/glob/glob-matcher.js';
import type { WorkspaceView } from './workspace-view.js';

/** Which workspace paths count as inputs and outputs of one run. */
export interface PathRelevance {
  /** Looks at the path (its content, existence, link text) are facts the result depends on. */
  isInput(path: WorkspacePath): boolean;
  /** The names in the directory are. */
  isListingInput(directory: WorkspacePath): boolean;
  /**
   * A question about the path, or a declaration of it, counts: where the task says of itself what it
   * depends on, only the configuration and what is nobody's input take it out.
   */
  isQueried(path: WorkspacePath): boolean;
  /** Only whether the path exists counts, not what is in it. */
  isExistenceOnly(path: WorkspacePath): boolean;
  /** Changes of the path are part of the result. */
  isOutput(path: WorkspacePath): boolean;
  /** Who said that looks at the path do not count; undefined where they do, or globs decide. */
  notInputBy(path: WorkspacePath): IgnoredBy | undefined;
  /** Who said that changes of the path do not count; undefined where they do. */
  notOutputBy(path: WorkspacePath): IgnoredBy | undefined;
}

/** What a process said of a path and all below it. */
export type IgnoreReport = Extract<IgnoredBy, { kind: 'report' }>;

export interface RelevanceFacts {
  readonly policy: Pick<CachePolicy, 'input' | 'output'>;
  /** What the task's processes reported, workspace-relative. */
  readonly ignoredInputs: readonly IgnoreReport[];
  readonly ignoredOutputs: readonly IgnoreReport[];
  /** Subtrees that are the runner's own, never input or output. */
  readonly runnerOwned: readonly WorkspacePath[];
  /** Whether the task changed something below the directory. */
  readonly changedBelow: (directory: string) => boolean;
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
  const excludedInput = firstMatching(input.exclude.map(excludedBy));
  const inputNamed = pathListMatcher(input.include, input.exclude);
  const excludedOutput = firstMatching(output.exclude.map(excludedBy));
  const outputNamed = pathListMatcher(output.include, output.exclude);
  const nobodys = firstMatching([
    subtreeRule({ kind: 'version-control', path: '.git' as WorkspacePath }),
    ...facts.runnerOwned.map((path) => subtreeRule({ kind: 'own-cache', path })),
  ]);
  const reportedInput = firstMatching(facts.ignoredInputs.map(subtreeRule));
  const reportedOutput = firstMatching(facts.ignoredOutputs.map(subtreeRule));
  const inCache = cacheTagRule(facts, view);

  return {
    isInput: (path) => input.auto && notInput(path) === undefined,
    isListingInput(directory) {
      if (!this.isInput(directory)) return false;
      // Where any name would be excluded, which names there are says nothing.
      const anyName = directory === '' ? '\u{10ffff}' : `${directory}/\u{10ffff}`;
      return (excludedInput(anyName) ?? inCache(anyName)) === undefined;
    },
    isQueried: (path) =>
      input.auto && excludedInput(path) === undefined && nobodys(path) === undefined,
    isExistenceOnly: (path) => existenceOnly.test(path) && !inputNamed(path),
    isOutput: (path) => notOutput(path) === undefined,
    notInputBy: notInput,
    notOutputBy: notOutput,
  };

  function notInput(path: string): IgnoredBy | undefined {
    const excluded = excludedInput(path);
    if (excluded !== undefined) return excluded;
    if (inputNamed(path)) return undefined;
    if (!input.auto) return notNamed;
    return nobodys(path) ?? reportedInput(path) ?? inCache(path);
  }

  function notOutput(path: string): IgnoredBy | undefined {
    const excluded = excludedOutput(path);
    if (excluded !== undefined) return excluded;
    if (outputNamed(path)) return undefined;
    if (!output.auto) return notNamed;
    return nobodys(path) ?? reportedOutput(path);
  }
}

const notNamed: IgnoredBy = { kind: 'not-named' };

/** A rule and the paths it is about. */
interface IgnoreRule {
  readonly by: IgnoredBy;
  readonly matches: Matcher;
}

function firstMatching(rules: readonly IgnoreRule[]): (path: string) => IgnoredBy | undefined {
  return (path) => rules.find(({ matches }) => matches(path))?.by;
}

function excludedBy(glob: string): IgnoreRule {
  return { by: { kind: 'excluded', glob }, matches: pathListMatcher([glob], []) };
}

function subtreeRule(by: Extract<IgnoredBy, { readonly path: WorkspacePath }>): IgnoreRule {
  const root = by.path;
  return {
    by,
    matches: (path) => root === '' || path === root || path.startsWith(`${root}/`),
  };
}

/**
 * The directory marked as a cache that a path is below, if it is the task's own: it writes in it. To
 * a task that only reads there it is an input like any other: `cargo build && cp target/app .` must
 * not copy the former `app`. The root itself is never taken for one.
 */
function cacheTagRule(
  { changedBelow }: RelevanceFacts,
  view: WorkspaceView,
): (path: string) => IgnoredBy | undefined {
  const known = new Map<string, IgnoredBy | undefined>();
  const cacheAt = (directory: string): IgnoredBy | undefined => {
    if (directory === '' || !changedBelow(directory)) return undefined;
    if (known.has(directory)) return known.get(directory);
    const path = directory as WorkspacePath;
    const by =
      cacheAt(parentOf(directory)) ??
      (view.hasCacheTag(path) ? { kind: 'cache-tag' as const, path } : undefined);
    known.set(directory, by);
    return by;
  };
  return (path) => {
    // The nearest above that is changed below; what is above it is so, too.
    let directory = parentOf(path);
    while (directory !== '' && !changedBelow(directory)) directory = parentOf(directory);
    return cacheAt(directory);
  };
}

/** The directory of a workspace path; that of the root is the root. */
export function parentOf(path: string): WorkspacePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as WorkspacePath;
}
