import type { Stage } from '../stage.js';

/** One demand of PROTOCOL.md on clients, put to the test. */
export interface Case {
  /** A statement about clients, unique. */
  readonly name: string;
  /** The heading of PROTOCOL.md that demands it. */
  readonly section: string;
  /** @throws NonConforming, Unsupported, Untestable, or an assertion's error: expected and found */
  play(stage: Stage): Promise<void>;
}
