import type { EnvPattern } from '../../../cache/observation.js';

/** A process that spoke on the channel, as far as it is known (pid from the frame, exe/argv if it still lived). */
export interface Speaker {
  readonly pid: number;
  readonly argv?: readonly string[];
  /** Label the client gave in its Hello, if any. */
  readonly label?: string;
}

/** Why the channel cannot vouch that every report arrived. */
export type ChannelFailure =
  | { readonly kind: 'garbage'; readonly bytes: number; readonly speaker?: Speaker }
  | {
      readonly kind: 'sequence-gap';
      readonly speaker: Speaker;
      readonly expected: number;
      readonly got: number;
    }
  | { readonly kind: 'unfinished-message'; readonly speaker: Speaker }
  | { readonly kind: 'message-too-long'; readonly speaker: Speaker }
  | { readonly kind: 'unknown-request'; readonly speaker: Speaker }
  | { readonly kind: 'undeliverable'; readonly speaker: Speaker; readonly detail: string }
  | { readonly kind: 'runner-error'; readonly detail: string };

/** All that was said on the channel of one task. */
export interface ChannelRecord {
  /** Absolute, cleaned paths. */
  readonly ignoredInputs: readonly { readonly path: string; readonly speaker: Speaker }[];
  readonly ignoredOutputs: readonly { readonly path: string; readonly speaker: Speaker }[];
  readonly cacheDisabled?: { readonly reason?: string; readonly speaker: Speaker };
  /** Tracked single requests, first answer frozen. */
  readonly env: readonly {
    readonly name: string;
    readonly value: string | undefined;
    readonly speaker: Speaker;
  }[];
  /** Tracked queries, first answer frozen, names that may not be tracked left out. */
  readonly envQueries: readonly {
    readonly pattern: EnvPattern;
    readonly matches: ReadonlyMap<string, string>;
    readonly speaker: Speaker;
  }[];
  /** All variables that were given out, tracked or not, first answers. */
  readonly served: ReadonlyMap<string, string>;
  readonly failures: readonly ChannelFailure[];
}
