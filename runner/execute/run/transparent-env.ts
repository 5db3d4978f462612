import { nameFilter } from '../../plan/env/name-filter.js';
import type { CachePolicy, EnvSource, Execution } from '../../plan/execution.js';
import type { ChannelFailure } from '../channel/channel-record.js';
import type { TaskTracker } from '../process/start-task.js';

/** Longest path of a channel's directory that the shim takes (tracker/native/shim-env.c). */
const LONGEST_DIRECTORY = 1023;

/** What makes getenv of unmodified programs ask, or say what it did not find. */
export interface TransparentEnv {
  /** For the task's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Why programs cannot ask, though they should: what they would have got is not known then. */
  readonly failure?: ChannelFailure;
}

/** `directory`: the channel's. */
export function transparentEnv(
  { env }: Execution,
  { autoEnv }: CachePolicy,
  source: EnvSource,
  directory: string,
  tracker: TaskTracker | undefined,
): TransparentEnv {
  const flaw =
    tracker?.shim === undefined
      ? 'the part of the tracker that answers getenv is not there'
      : directory.length > LONGEST_DIRECTORY
        ? `getenv cannot be answered below ${directory}`
        : undefined;
  if (flaw !== undefined) {
    return { env: {}, ...(autoEnv && { failure: { kind: 'runner-error', detail: flaw } }) };
  }
  const withheld = [...source.query({ prefix: '' }).keys()].filter(
    (name) => env[name] === undefined,
  );
  return { env: { VT_ENV: `${autoEnv ? 'auto' : 'note'}:${nameFilter(withheld)}` } };
}
