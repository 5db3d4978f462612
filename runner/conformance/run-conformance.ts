import { AssertionError } from 'node:assert/strict';
import type { Case } from './cases/case.js';
import { descriptorCases } from './cases/descriptor-cases.js';
import { processCases } from './cases/process-cases.js';
import { questionCases } from './cases/question-cases.js';
import { reportCases } from './cases/report-cases.js';
import { runnerCases } from './cases/runner-cases.js';
import { variableCases } from './cases/variable-cases.js';
import { versionCases } from './cases/version-cases.js';
import { NonConforming, Unsupported, Untestable } from './finding.js';
import type { Finding } from './finding.js';
import { Stage } from './stage.js';
import type { StageOptions } from './stage.js';

/** What proto/PROTOCOL.md demands of clients, in the order it is tried. */
export const conformanceCases: readonly Case[] = [
  ...reportCases,
  ...variableCases,
  ...questionCases,
  ...descriptorCases,
  ...processCases,
  ...runnerCases,
  ...versionCases,
];

/** Puts a client through the cases one after another and yields what came of each. */
export async function* runConformance(
  cases: readonly Case[],
  options: StageOptions,
): AsyncGenerator<Finding> {
  for (const each of cases) {
    const playing = Stage.play(options, (stage) => each.play(stage));
    yield { case: each.name, ...(await outcomeOf(playing)) };
  }
}

type Outcome = Finding extends infer F ? (F extends Finding ? Omit<F, 'case'> : never) : never;

async function outcomeOf(playing: Promise<void>): Promise<Outcome> {
  try {
    await playing;
    return { kind: 'conforms' };
  } catch (error) {
    if (error instanceof Unsupported) return { kind: 'unsupported', operation: error.operation };
    if (error instanceof Untestable) return { kind: 'untestable', detail: error.message };
    if (error instanceof NonConforming) {
      return { kind: 'fails', detail: error.message, stderr: error.stderr };
    }
    if (error instanceof AssertionError) {
      return { kind: 'fails', detail: abridged(error.message), stderr: '' };
    }
    throw error;
  }
}

/** Paths of 4 KiB make long messages: lines are cut, and so is their number. */
function abridged(message: string): string {
  const lines = message.split('\n');
  const kept = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 3)}...`));
  return [...kept, ...(lines.length > MOST_LINES ? ['...'] : [])].join('\n');
}

const MOST_LINES = 30;
const LONGEST_LINE = 120;
