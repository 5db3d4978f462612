import type { Compared } from '../../../cache/explain/explainer.js';
import type { KeyChange } from '../../../cache/explain/key-change.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type {
  ExecutionExplanation,
  LastRun,
  NextRun,
} from '../../execute/explain/explain-execution.js';
import { durationText } from '../duration-text.js';
import { missReasonText } from '../miss-reason-text.js';
import { notCachedText } from '../not-cached-text.js';
import { disabledText } from '../run-details.js';
import { adviceText } from './advice-text.js';
import { changeText, keyChangeText } from './change-text.js';
import type { ConfigurationView } from './ignored-text.js';
import { momentText } from './moment-text.js';
import { observerText } from './observer-text.js';
import {
  ignoredLines,
  observationLines,
  outputLines,
  resultText,
  withheldLines,
} from './result-lines.js';

/** How much is told. */
export interface ExplanationOptions {
  /** The directory the user is in. */
  readonly cwd: string;
  /** Everything the newest result depends on and made as well, with who did it. */
  readonly verbose: boolean;
}

/** What `vt why <task>` says, with newlines: one block for each command of the task. */
export function taskExplanationText(
  explanations: readonly ExecutionExplanation[],
  options: ExplanationOptions,
): string {
  return explanations
    .map((explanation) =>
      blockLines(explanation, options)
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('\n');
}

function blockLines(
  { execution, origin, last, next }: ExecutionExplanation,
  { cwd, verbose }: ExplanationOptions,
): readonly string[] {
  const view = { origin, cwd };
  const help = (advice: LastRun['advice']) =>
    advice.map((one) => `  help: ${adviceText(one, origin, cwd)}`);
  const isHit = next.kind === 'cached' && next.verdict.kind === 'hit';
  const result = isHit ? hitResult(next) : last?.result;
  return [
    `${execution.task}: $ ${execution.command}`,
    ...lastLines(last),
    ...(last === undefined ? [] : help(last.advice)),
    ...nextLines(next, last),
    // Once is enough where the last miss is the next one again.
    ...(next.kind === 'cached' && !sameAdvice(next.advice, last?.advice) ? help(next.advice) : []),
    ...(result === undefined ? [] : resultLines(result, view, verbose)),
  ];
}

function hitResult(next: NextRun): StoredResult | undefined {
  return next.kind === 'cached' && next.verdict.kind === 'hit' ? next.verdict.result : undefined;
}

function sameAdvice(a: LastRun['advice'], b: LastRun['advice'] | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b ?? []);
}

function lastLines(last: LastRun | undefined): readonly string[] {
  if (last === undefined) return ['last run: none is known'];
  const { attempt, result, compared, keyChanges } = last;
  const when = `last run: ${momentText(attempt.ended)}`;
  const { found } = attempt;
  switch (found.kind) {
    case 'hit':
      return [
        `${when}, cache hit`,
        result === undefined
          ? '  what it restored is no longer stored'
          : `  restored ${resultText(result)}`,
      ];
    case 'first-run':
      return [`${when}, first run: nothing was stored yet`, ...outcomeLines(last)];
    case 'miss':
      return [
        `${when}, cache miss: ${missReasonText(found.reason)}`,
        ...outcomeLines(last),
        ...(compared === undefined
          ? []
          : comparedLines(compared, (count, other) => `${count} changed since ${other}:`)),
        ...keyLines(keyChanges),
      ];
  }
}

function keyLines(changes: readonly KeyChange[]): readonly string[] {
  if (changes.length === 0) return [];
  return [
    '  changed in what is known before a run:',
    ...changes.map((change) => `    ${keyChangeText(change)}`),
  ];
}

function outcomeLines({ attempt, result, notCached }: LastRun): readonly string[] {
  const { outcome, duration } = attempt;
  const took = `took ${durationText(duration)}`;
  switch (outcome?.kind) {
    case undefined:
      return [];
    case 'stored':
      return [
        result === undefined
          ? `  ${took}; its result is no longer stored`
          : `  ${took}; ${resultText(result)}`,
      ];
    case 'not-cached': {
      const why = notCached === undefined ? 'for a reason unknown here' : notCachedText(notCached);
      return [`  ${took}; not cached: ${why}`];
    }
    case 'interrupted':
      return [`  ${took}; not cached: interrupted`];
    case 'failed': {
      const { ending } = outcome;
      switch (ending.kind) {
        case 'exited':
          return [`  ${took}; not cached: exited with ${ending.code}`];
        case 'killed':
          return [`  ${took}; not cached: killed by ${ending.signal}`];
        case 'not-started':
          return [`  not cached: could not be started (${ending.errno})`];
      }
    }
  }
}

function nextLines(next: NextRun, last: LastRun | undefined): readonly string[] {
  if (next.kind === 'disabled') return [`next run: cache disabled: ${disabledText(next.because)}`];
  const { verdict, variants, nearest, keyChanges } = next;
  switch (verdict.kind) {
    case 'first-run':
      return ['next run: first run: nothing is stored'];
    case 'hit': {
      const { result, restore } = verdict;
      const { restored, removed, unchanged } = restore;
      return [
        'next run: cache hit',
        `  restores ${resultText(result)}`,
        `  all ${result.observations.length} observations hold`,
        `  outputs: ${restored.length} to restore, ${removed.length} to delete, ${unchanged} already right`,
        ...restored.map((path) => `    '${path}' restored`),
        ...removed.map((path) => `    '${path}' deleted`),
        // Where the last run left what would be restored, its differences have been told.
        ...(nearest === undefined ||
        (last?.result?.name === result.name && last.compared?.result.name === nearest.result.name)
          ? []
          : comparedLines(nearest, (count, other) =>
              variants === 2
                ? `the other result, ${other}, differs in ${count}:`
                : `of ${variants - 1} other results the nearest, ${other}, differs in ${count}:`,
            )),
      ];
    }
    case 'miss':
      return [
        `next run: cache miss: ${missReasonText(verdict.reason)}`,
        ...keyLines(keyChanges),
        ...(nearest === undefined
          ? []
          : comparedLines(nearest, (count, other) =>
              variants === 0
                ? `and ${count} changed since ${other}:`
                : variants === 1
                  ? `${count} changed since ${other}; undone, it would hit:`
                  : `${count} changed since ${other}, the nearest of ${variants} results; undone, it would hit:`,
            )),
      ];
  }
}

function comparedLines(
  { result, changes }: Compared,
  heading: (count: string, other: string) => string,
): readonly string[] {
  const count = changes.length === 1 ? '1 observation' : `${changes.length} observations`;
  return [
    `  ${heading(count, resultText(result))}`,
    ...changes.flatMap(({ observation, changes: ways }) => [
      ...ways.map((change) => `    ${changeText(change)}`),
      `      ${observerText(observation, result.processes)}`,
    ]),
  ];
}

function resultLines(
  result: StoredResult,
  view: ConfigurationView,
  verbose: boolean,
): readonly string[] {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  return [
    ...(verbose ? section('depends on:', observationLines(result, true)) : []),
    ...(verbose ? section('outputs:', outputLines(result, true)) : []),
    ...section('looked for in the environment, and withheld:', withheldLines(result, view)),
    ...section('does not count:', ignoredLines(result, view)),
  ];
}
