import type { PathAccess, TaskTrace, Touch } from '../task-trace.js';

/** One thing a task did to a path, or what was there before: what two runs must agree about. */
export interface Fact {
  /** Below the workspace; absolute outside it. */
  readonly path: string;
  readonly what: string;
  /** The process that did it first; empty where nobody did. */
  readonly who: string;
}

export interface Comparison {
  readonly root: string;
  /** What differs between any two runs: each match is taken for `*`, in paths and in arguments. */
  readonly unstable: readonly RegExp[];
  /** Processes that run at the same time: any of them may have been the first. */
  readonly concurrent: boolean;
}

/** Whether a path counts: those of the workspace do, and programs that were executed outside. */
function nameOf(path: string, { root, unstable }: Comparison): string {
  const inside =
    path === root ? '.' : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  return normalize(inside, unstable);
}

function normalize(text: string, unstable: readonly RegExp[]): string {
  return unstable.reduce((rest, pattern) => rest.replaceAll(pattern, '*'), text);
}

/** Everything a trace says, sorted, each once. */
export function factsOf(trace: TaskTrace, comparison: Comparison): Fact[] {
  const facts = new Map<string, Fact>();
  const add = (path: string, what: string, touch: Touch | undefined): void => {
    const process = touch === undefined ? undefined : trace.processes[touch.process];
    const argv = process?.argv.join(' ') ?? '';
    const who = comparison.concurrent ? '' : normalize(argv, comparison.unstable);
    const fact = { path: nameOf(path, comparison), what, who };
    facts.set(JSON.stringify(fact), fact);
  };
  for (const access of trace.accesses) {
    for (const [what, touch] of doings(access)) add(access.path, what, touch);
  }
  for (const { cause, detail = '' } of trace.incomplete)
    add(detail, `incomplete: ${cause}`, undefined);
  return [...facts.keys()].sort().map((key) => facts.get(key)!);
}

/** The words for an access, with the touch they come from. */
export function doings(access: PathAccess): [what: string, touch: Touch | undefined][] {
  const { before, contentRead, probed, inspected, listed, linkFollowed, executed, written } =
    access;
  const all: [string, Touch | undefined][] = [[before, undefined]];
  if (contentRead) all.push(['content', contentRead]);
  if (probed) all.push(['probed', probed]);
  if (inspected) all.push(['inspected', inspected]);
  if (listed) all.push(['listed', listed]);
  if (linkFollowed) all.push([`-> ${linkFollowed.target}`, linkFollowed]);
  if (executed) all.push(['executed', executed]);
  if (written) all.push(['written', written]);
  return all;
}

/** What only one of two runs has, one line each, the path first. */
export function differences(
  [one, ofOne]: readonly [facts: readonly Fact[], name: string],
  [other, ofOther]: readonly [facts: readonly Fact[], name: string],
): { readonly fact: Fact; readonly line: string }[] {
  const onlyIn = (mine: readonly Fact[], theirs: readonly Fact[], where: string) => {
    const known = new Set(theirs.map((fact) => JSON.stringify(fact)));
    return mine
      .filter((fact) => !known.has(JSON.stringify(fact)))
      .map((fact) => {
        const by = fact.who === '' ? '' : `, by: ${fact.who.slice(0, 120)}`;
        return { fact, line: `${fact.path}: ${fact.what}, only ${where}${by}` };
      });
  };
  return [...onlyIn(one, other, ofOne), ...onlyIn(other, one, ofOther)].sort((a, b) =>
    a.line < b.line ? -1 : 1,
  );
}
