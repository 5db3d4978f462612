import type { EnvPattern } from '../../../cache/observation.js';

/** A process that spoke on the channel, as far as it is known (pid from the frame, exe/argv if it still lived). */
export interface Speaker {
  readonly pid: number;
  readonly argv?: readonly string[];
  /** On whose behalf it spoke: what the request says, or its Hello, if any. */
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

/** What the result depends on in place of what a process looks at to find it out. Paths are absolute, cleaned. */
export type QueryReport = {
  readonly speaker: Speaker;
  /** The directory the process made just before it asked: its later looks are for this. */
  readonly since?: string;
} & (
  | {
      readonly kind: 'glob';
      readonly directory: string;
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      /** Relative to `directory`, as they were answered. */
      readonly matches: readonly string[];
    }
  | { readonly kind: 'exists'; readonly path: string }
  | { readonly kind: 'json'; readonly path: string; readonly pointer: string }
);

/** All that a process and those that descend from it read and write. Paths are absolute, cleaned. */
export interface CompleteReport {
  readonly speaker: Speaker;
  readonly pid: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

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
  /** Variables that unmodified programs looked for and that the filtered environment lacks. */
  readonly withheld: readonly { readonly name: string; readonly speaker: Speaker }[];
  readonly queries: readonly QueryReport[];
  readonly complete: readonly CompleteReport[];
  /** All variables that were given out, tracked or not, first answers. */
  readonly served: ReadonlyMap<string, string>;
  readonly failures: readonly ChannelFailure[];
}
