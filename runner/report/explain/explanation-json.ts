import type { Attempt } from '../../../cache/attempt.js';
import type { ChangedObservation } from '../../../cache/explain/compare-results.js';
import type { Compared } from '../../../cache/explain/explainer.js';
import type { PathUse } from '../../../cache/explain/path-use.js';
import { processChain } from '../../../cache/explain/process-chain.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { Ignored } from '../../../cache/ignored.js';
import type { Observation } from '../../../cache/observation.js';
import type { StoredOutput } from '../../../cache/stored-entry.js';
import type {
  ExecutionExplanation,
  LastRun,
  NextRun,
} from '../../execute/explain/explain-execution.js';
import type { VariableUse } from '../../execute/explain/variable-use.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import type { SourceRange } from '../../config/source-range.js';
import { lineAndColumn } from '../diagnostic/render-diagnostic.js';
import type { PathExplanation } from './path-explanation-text.js';
import type { VariableExplanation } from './variable-explanation-text.js';

/** Grows by fields only; another number if one changes its meaning. See docs/why.schema.json. */
const VERSION = 1;

/** A JSON value. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What `vt why <task> --json` prints. */
export function taskExplanationJson(explanations: readonly ExecutionExplanation[]): Json {
  return {
    version: VERSION,
    kind: 'task',
    executions: explanations.map(({ execution, origin, last, next }) => ({
      task: execution.task,
      command: execution.command,
      at: placeJson(origin.task),
      lastRun: last === undefined ? null : lastRunJson(last, origin),
      nextRun: nextRunJson(next, origin),
    })),
  };
}

/** What `vt why <file> --json` prints. */
export function pathExplanationJson(explanation: PathExplanation): Json {
  const { path, state, dependents, origins } = explanation;
  return {
    version: VERSION,
    kind: 'file',
    path,
    state,
    tasks: dependents.map(({ task, attempt, result, uses }) => ({
      task,
      entry: entryJson(result),
      lastRunKept: isKept(attempt),
      uses: uses.map((use) => pathUseJson(use, result, origins.get(task))),
    })),
  };
}

/** What `vt why --env NAME --json` prints. */
export function variableExplanationJson(explanation: VariableExplanation): Json {
  const { name, isSet, dependents } = explanation;
  return {
    version: VERSION,
    kind: 'env',
    name,
    isSet,
    tasks: dependents.map(({ task, attempt, result, uses }) => ({
      task,
      entry: entryJson(result),
      lastRunKept: isKept(attempt),
      uses: uses.map((use) => variableUseJson(use, result)),
    })),
  };
}

function isKept({ found, outcome }: Attempt): boolean {
  return found.kind === 'hit' || outcome?.kind === 'stored';
}

function lastRunJson(last: LastRun, origin: ExecutionOrigin): Json {
  const { attempt, result, compared, keyChanges, notCached, advice } = last;
  const { found, outcome } = attempt;
  return {
    ended: timeJson(attempt.ended),
    milliseconds: attempt.duration,
    status: found.kind,
    reason: found.kind === 'miss' ? plain(found.reason) : null,
    outcome: found.kind === 'hit' ? 'restored' : (outcome?.kind ?? null),
    ending: outcome?.kind === 'failed' ? plain(outcome.ending) : null,
    notCached: notCached === undefined ? null : plain(notCached),
    entry: result === undefined ? null : resultJson(result, origin),
    compared: compared === undefined ? null : comparedJson(compared),
    keyChanges: plain(keyChanges),
    advice: plain(advice),
  };
}

function nextRunJson(next: NextRun, origin: ExecutionOrigin): Json {
  if (next.kind === 'disabled') return { status: 'disabled', because: next.because ?? null };
  const { verdict, variants, nearest, keyChanges, advice } = next;
  return {
    status: verdict.kind,
    reason: verdict.kind === 'miss' ? plain(verdict.reason) : null,
    entry: verdict.kind === 'hit' ? resultJson(verdict.result, origin) : null,
    restore: verdict.kind === 'hit' ? plain(verdict.restore) : null,
    results: variants,
    nearest: nearest === undefined ? null : comparedJson(nearest),
    keyChanges: plain(keyChanges),
    advice: plain(advice),
  };
}

function comparedJson({ result, changes }: Compared): Json {
  return {
    entry: entryJson(result),
    changes: changes.map((changed) => changedJson(changed, result)),
  };
}

function changedJson({ observation, changes }: ChangedObservation, result: StoredResult): Json {
  return { observation: observationJson(observation, result), changes: plain(changes) };
}

function entryJson({ name, stored }: StoredResult): Json {
  return { name, stored: timeJson(stored) };
}

/** A stored result: what it depends on, what it made and what it leaves out. */
export function resultJson(result: StoredResult, origin: ExecutionOrigin | undefined): Json {
  return {
    name: result.name,
    stored: timeJson(result.stored),
    milliseconds: result.duration,
    observations: result.observations.map((observation) => observationJson(observation, result)),
    outputs: result.outputs.map((output, index) =>
      outputJson(output, result, result.writers[index] ?? -1),
    ),
    withheld: result.withheld.map(({ name, process }) => ({ name, by: byJson(result, process) })),
    ignored: result.ignored.map((ignored) => ({
      ...ignoredJson(ignored, result, origin),
      paths: ignored.paths.map(({ path, process }) => ({ path, by: byJson(result, process) })),
      more: ignored.more,
    })),
  };
}

/** What was observed, without what was found, and by whom: `by` is empty for the configuration. */
function observationJson(observation: Observation, result: StoredResult): Json {
  return { ...factJson(observation), by: byJson(result, observation.observer) };
}

function factJson(fact: Observation): { readonly [name: string]: Json } {
  const { kind } = fact;
  switch (fact.kind) {
    case 'content':
    case 'absence':
    case 'program':
    case 'root':
      return { kind, path: fact.path };
    case 'existence':
      return { kind, path: fact.path, entry: fact.entry };
    case 'link':
      return { kind, path: fact.path, target: fact.target };
    case 'listing':
      return { kind, path: fact.path, names: fact.names };
    case 'glob':
      return { kind, include: fact.include, exclude: fact.exclude, matches: fact.matches };
    case 'json':
      return { kind, path: fact.path, pointer: fact.pointer, isSet: fact.valueDigest !== null };
    case 'env':
      return { kind, name: fact.name, isSet: fact.valueDigest !== null };
    case 'env-query':
      return { kind, pattern: plain(fact.pattern), names: fact.matches.map(({ name }) => name) };
  }
}

function outputJson(output: StoredOutput, result: StoredResult, writer: number): Json {
  return { path: output.path, kind: output.kind, by: byJson(result, writer) };
}

function ignoredJson(
  { part, by }: Ignored,
  result: StoredResult,
  origin: ExecutionOrigin | undefined,
): { readonly [name: string]: Json } {
  const field = part === 'writes' ? 'output' : 'input';
  switch (by.kind) {
    case 'report': {
      const { path, speaker, label } = by;
      const said = { kind: by.kind, path, label: label ?? null, by: byJson(result, speaker) };
      return { part, rule: said };
    }
    case 'excluded': {
      const written = origin?.globs.find(
        (glob) => glob.field === field && glob.excludes && glob.resolved === by.glob,
      );
      return {
        part,
        rule: {
          kind: by.kind,
          glob: by.glob,
          written: written?.written ?? null,
          at: placeJson(written?.at),
        },
      };
    }
    case 'not-named':
      return { part, rule: { kind: by.kind, at: placeJson(origin?.task) } };
    case 'version-control':
    case 'cache-tag':
    case 'own-cache':
    case 'package-manager':
      return { part, rule: plain(by) };
  }
}

function pathUseJson(
  use: PathUse,
  result: StoredResult,
  origin: ExecutionOrigin | undefined,
): Json {
  switch (use.kind) {
    case 'observed':
    case 'matched':
    case 'missing-above':
      return {
        kind: use.kind,
        observation: observationJson(use.observation, result),
        changes: plain(use.changes),
      };
    case 'listed':
      return {
        kind: use.kind,
        observation: observationJson(use.observation, result),
        present: use.present,
        changes: plain(use.changes),
      };
    case 'below':
      return plain(use);
    case 'output':
      return { kind: use.kind, output: outputJson(use.output, result, use.by) };
    case 'ignored':
      return {
        kind: use.kind,
        ...ignoredJson(use.rule, result, origin),
        by: use.by === undefined ? null : byJson(result, use.by),
      };
  }
}

function variableUseJson(use: VariableUse, result: StoredResult): Json {
  switch (use.kind) {
    case 'key':
    case 'untracked':
      return plain(use);
    case 'asked':
      return { kind: use.kind, by: byJson(result, use.by), change: plain(use.change ?? null) };
    case 'queried':
      return {
        kind: use.kind,
        pattern: plain(use.pattern),
        by: byJson(result, use.by),
        change: plain(use.change ?? null),
      };
  }
}

/** A process after those that started it, the task's main process first. */
function byJson({ processes }: StoredResult, index: number): Json {
  return processChain(processes, index).map(({ pid, exe, argv, label }) => ({
    pid,
    exe,
    argv,
    ...(label !== undefined && { label }),
  }));
}

function placeJson(at: SourceRange | undefined): Json {
  return at === undefined ? null : { file: at.file, ...lineAndColumn(at.text, at.offset) };
}

function timeJson(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Data that is JSON already: strings, numbers, booleans, lists and objects of such. */
function plain(data: object | null): Json {
  return data as Json;
}
