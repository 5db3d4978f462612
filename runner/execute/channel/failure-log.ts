import type { ChannelFailure } from './channel-record.js';

/** One failure settles that the run is not cached; more are kept only to name those at fault. */
const MOST_KEPT = 100;

/**
 * Collects failures without growing for ever: bytes of garbage are summed, and of each process one
 * failure of a kind is kept.
 */
export class FailureLog {
  readonly #failures = new Map<string, ChannelFailure>();

  add(failure: ChannelFailure): void {
    const pid = 'speaker' in failure ? failure.speaker?.pid : undefined;
    const key = `${failure.kind} ${pid ?? ''}`;
    const earlier = this.#failures.get(key);
    if (failure.kind === 'garbage' && earlier?.kind === 'garbage') {
      this.#failures.set(key, { ...earlier, bytes: earlier.bytes + failure.bytes });
    } else if (earlier === undefined && this.#failures.size < MOST_KEPT) {
      this.#failures.set(key, failure);
    }
  }

  list(): ChannelFailure[] {
    return [...this.#failures.values()];
  }
}
