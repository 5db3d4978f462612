import { ObservationGroup } from '../proto/generated/vt/cache/v1/observation.js';
import { contentDigest } from './content-digest.js';
import type { Digest } from './brands.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import { factFromMessage, factToMessage } from './observation-codec.js';
import type { Fact } from './observation-codec.js';
import type { Observation, Observer } from './observation.js';

/** Facts that are stored together, named by the digest of their encoding. */
export interface EncodedGroup {
  readonly digest: Digest;
  readonly body: Uint8Array;
}

/** All observations of a result, ready to be stored: who observed is kept apart from what. */
export interface GroupedObservations {
  readonly groups: readonly EncodedGroup[];
  /** In the order of the groups' facts. */
  readonly observers: readonly Observer[];
}

/** One boundary in this many questions on average: a build of 4,000 observations has 125 groups. */
const MEAN_GROUP_SIZE = 32;

/**
 * Sorts observations by what was asked and cuts them into groups. Order and boundaries depend on
 * the questions only, never on the answers, so two runs that asked the same and got one different
 * answer share every group but one. Questions about variables and programs, which are the
 * cheapest to check, have groups of their own.
 */
export function groupObservations(observations: readonly Observation[]): GroupedObservations {
  const unique = new Map<string, Observation>();
  for (const observation of observations) {
    const question = questionOf(observation);
    if (!unique.has(question)) unique.set(question, observation);
  }
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1));
  const groups: EncodedGroup[] = [];
  let facts: Fact[] = [];
  let previousRank = '';
  for (const [question, observation] of sorted) {
    const rank = question.slice(0, 1);
    if (facts.length > 0 && (rank !== previousRank || startsGroup(question))) {
      groups.push(encodeGroup(facts));
      facts = [];
    }
    previousRank = rank;
    facts.push(observation);
  }
  if (facts.length > 0) groups.push(encodeGroup(facts));
  return { groups, observers: sorted.map(([, observation]) => observation.observer) };
}

/** Throws DamagedRecord unless the body has this digest and can be decoded. */
export function decodeGroup({ digest, body }: EncodedGroup): Fact[] {
  if (contentDigest(body) !== digest) throw new DamagedRecord('observation group has other bytes');
  return decodeRecord('observation group', () =>
    ObservationGroup.decode(body).observations.map(factFromMessage),
  );
}

function encodeGroup(facts: readonly Fact[]): EncodedGroup {
  const body = ObservationGroup.encode({ observations: facts.map(factToMessage) }).finish();
  return { digest: contentDigest(body), body };
}

/** Sortable text that is equal for equal questions: a rank, then what was asked about. */
export function questionOf(fact: Fact): string {
  switch (fact.kind) {
    case 'env':
      return `0${fact.name}`;
    case 'env-query':
      return `1${JSON.stringify(fact.pattern)}`;
    case 'program':
      return `2${fact.path}`;
    case 'root':
      return '2';
    case 'glob':
      return `3${JSON.stringify([fact.include, fact.exclude])}`;
    case 'content':
    case 'absence':
    case 'existence':
    case 'link':
    case 'listing':
      return `4${fact.path}\0${fact.kind}`;
    case 'json':
      return `4${fact.path}\0${fact.kind}\0${fact.pointer}`;
  }
}

/** FNV-1a: cheap, and only has to spread; nothing depends on its strength. */
function startsGroup(question: string): boolean {
  let hash = 0x811c9dc5;
  for (let index = 0; index < question.length; index++) {
    hash = Math.imul(hash ^ question.charCodeAt(index), 0x01000193);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % MEAN_GROUP_SIZE === 0;
}
