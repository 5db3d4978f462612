import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { EntryKind } from '../../../cache/observation.js';
import type { CachePolicy } from '../../plan/execution.js';
import type { ExplainedLooks } from '../../tracker/explained-looks.js';
import type { FileBefore, Incompleteness, PathAccess, Touch } from '../../tracker/task-trace.js';
import type { ChannelRecord, Speaker } from '../channel/channel-record.js';
import { deriveRun, type RunFacts } from './derive-run.js';
import type { WorkspaceView } from './workspace-view.js';

export const tool = { pid: 10, parent: -1, exe: '/bin/tool', argv: ['tool'] };
export const child = { pid: 11, parent: 0, exe: '/bin/child', argv: ['child'] };
export const speaker: Speaker = { pid: 11, argv: ['child'] };

export type Did = Partial<
  Record<'content' | 'probed' | 'inspected' | 'listed' | 'executed' | 'written', true>
> & {
  readonly link?: string;
  readonly held?: FileBefore;
  readonly movedTo?: string;
};

/** An access by process 0, its write by process 1. */
export function access(path: string, before: PathAccess['before'], did: Did): PathAccess {
  const read: Touch = { sequence: 1n, process: 0 };
  return {
    path: (path.startsWith('/') ? path : path === '' ? '/ws' : `/ws/${path}`) as AbsolutePath,
    before,
    ...(did.content && { contentRead: read }),
    ...(did.probed && { probed: read }),
    ...(did.inspected && { inspected: read }),
    ...(did.held && { contentBefore: did.held }),
    ...(did.movedTo !== undefined && { movedTo: `/ws/${did.movedTo}` as AbsolutePath }),
    ...(did.listed && { listed: read }),
    ...(did.link !== undefined && { linkFollowed: { ...read, target: did.link } }),
    ...(did.executed && { executed: read }),
    ...(did.written && { written: { sequence: 2n, process: 1 } }),
  };
}

export interface Given {
  readonly accesses?: readonly PathAccess[];
  readonly incomplete?: readonly Incompleteness[];
  readonly channel?: Partial<ChannelRecord>;
  readonly input?: Partial<CachePolicy['input']>;
  readonly output?: Partial<CachePolicy['output']>;
  readonly inputMatches?: readonly string[];
  readonly mayOptOut?: boolean;
  /** What is there after the run, where it is not what was before. */
  readonly now?: Readonly<Record<string, EntryKind | 'absent'>>;
  readonly tagged?: readonly string[];
  /** Symlinks and their texts. */
  readonly links?: Readonly<Record<string, string>>;
  /** Symlinks as `physical` resolves them. */
  readonly physical?: Readonly<Record<string, string>>;
  readonly outputMatches?: readonly string[];
  readonly processes?: RunFacts['trace']['processes'];
  readonly mainPid?: number;
  /** Told which looks are explained. */
  readonly without?: (explained: readonly ExplainedLooks[]) => void;
}

export function derive(given: Given) {
  const accesses = given.accesses ?? [];
  const facts: RunFacts = {
    trace: {
      processes: given.processes ?? [tool, child],
      accesses,
      incomplete: given.incomplete ?? [],
      accessesWithout(explained) {
        given.without?.(explained);
        return accesses;
      },
    },
    channel: {
      ignoredInputs: [],
      ignoredOutputs: [],
      env: [],
      envQueries: [],
      queries: [],
      complete: [],
      withheld: [],
      served: new Map(),
      failures: [],
      ...given.channel,
    },
    policy: {
      key: {} as CachePolicy['key'],
      autoEnv: false,
      mayOptOut: given.mayOptOut ?? true,
      input: { auto: true, include: [], exclude: [], ...given.input },
      output: { auto: true, include: [], exclude: [], ...given.output },
    },
    workspaceRoot: '/ws' as AbsolutePath,
    runnerDirectories: ['/ws/node_modules/.cache/vt' as AbsolutePath],
    inputMatches: (given.inputMatches ?? []) as WorkspacePath[],
    findProgram: () => undefined,
    ...(given.mainPid !== undefined && { mainPid: given.mainPid }),
  };
  const view: WorkspaceView = {
    kind(path) {
      const told = given.now?.[path];
      if (told !== undefined) return told;
      const before = accesses.find((a) => a.path === `/ws/${path}`)?.before;
      const above = accesses.some((a) => a.path.startsWith(`/ws/${path}/`));
      if (before === undefined && above) return 'directory';
      return before === undefined || before === 'unknown' ? 'file' : before;
    },
    hasCacheTag: (directory) => given.tagged?.includes(directory) ?? false,
    linkTarget: (path) => given.links?.[path],
    physical: (path) => given.physical?.[path] ?? path,
    expandGlobs: () => (given.outputMatches ?? []) as WorkspacePath[],
  };
  return deriveRun(facts, view);
}

/** Dependencies in short: `content a`, `absence b`, …; and outputs, deletions with a `-`. */
function derived(given: Given) {
  const result = derive(given);
  assert.equal(
    result.kind,
    'derived',
    JSON.stringify(result, (_, v: unknown) => String(v)),
  );
  if (result.kind !== 'derived') throw new Error('unreachable');
  return {
    dependencies: result.dependencies.map((d) => {
      switch (d.kind) {
        case 'existence':
          return `existence ${d.path} ${d.entry}`;
        case 'link':
          return `link ${d.path} -> ${d.target}`;
        case 'listing':
          return (
            `listing ${d.path || '.'}` +
            d.created.map((name) => ` +${name}`).join('') +
            d.deleted.map((name) => ` -${name}`).join('') +
            (d.replaced ?? []).map((name) => ` ~${name}`).join('') +
            (d.changed === true ? ' changed' : '')
          );
        case 'glob':
          return `glob ${d.include.join()} !${d.exclude.join()} = ${d.matches?.join()}`;
        case 'env':
          return `env ${d.name}=${d.value} by ${d.observer}`;
        case 'env-query':
          return `env-query ${JSON.stringify(d.pattern)} ${[...d.matches].join()} by ${d.observer}`;
        case 'json':
          return `json ${d.path} ${d.pointer} by ${d.observer}`;
        case 'content':
          return `content ${d.path}${d.asLeft === true ? ' as left' : ''}${d.observer === -1 ? ' by the runner' : ''}`;
        case 'absence':
        case 'program':
          return `${d.kind} ${d.path}${d.observer === -1 ? ' by the runner' : ''}`;
      }
    }),
    outputs: result.outputs.map(
      ({ path, existedBefore }) => `${path}${existedBefore ? ' existed' : ''}`,
    ),
  };
}

export function check(name: string, given: Given, expected: ReturnType<typeof derived>): void {
  test(name, () => {
    assert.deepEqual(derived(given), expected);
  });
}

export const ignoreInput = (path: string) => ({ ignoredInputs: [{ path, speaker }] });
export const ignoreOutput = (path: string) => ({ ignoredOutputs: [{ path, speaker }] });
