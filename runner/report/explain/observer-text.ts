import { processChain } from '../../../cache/explain/process-chain.js';
import type { Observation } from '../../../cache/observation.js';
import type { StoredProcess } from '../../../cache/stored-run.js';
import { processChainText } from '../process-chain-text.js';

/** Who made an observation and how: `read by sh -c 'node a.js' > node a.js`. */
export function observerText(
  observation: Observation,
  processes: readonly StoredProcess[],
): string {
  const { observer } = observation;
  if (processes[observer] === undefined) return 'named by the configuration';
  return `${observationVerb(observation)} by ${processText(processes, observer)}`;
}

/** A process after those that started it; `vt` for none. */
export function processText(processes: readonly StoredProcess[], index: number): string {
  return processChainText(processChain(processes, index));
}

/** What was done to make an observation: `looked for`. */
export function observationVerb({ kind }: Pick<Observation, 'kind'>): string {
  switch (kind) {
    case 'content':
      return 'read';
    case 'absence':
      return 'looked for';
    case 'existence':
      return 'looked at';
    case 'link':
      return 'followed';
    case 'listing':
      return 'listed';
    case 'glob':
      return 'expanded';
    case 'program':
      return 'executed';
    case 'root':
      return 'told';
    case 'json':
    case 'env':
    case 'env-query':
      return 'asked for';
  }
}
