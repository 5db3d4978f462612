import type { ChannelFailure, Speaker } from '../execute/channel/channel-record.js';
import { oneLine, processText } from './incompleteness-text.js';

/** Why the channel cannot vouch for what was said on it, and which process it was, on one line. */
export function channelFailureText(failures: readonly ChannelFailure[]): string {
  const [first, ...others] = failures;
  if (first === undefined) return 'task communication failed';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `task communication failed: ${failureText(first)}${more}`;
}

/** A process that spoke, by its command line, its label or its pid. */
export function speakerText(speaker: Speaker): string {
  const name = processText(speaker.argv, speaker.pid) ?? `pid ${speaker.pid}`;
  return speaker.label === undefined ? name : `${oneLine(speaker.label)}, ${name}`;
}

function failureText(failure: ChannelFailure): string {
  switch (failure.kind) {
    case 'garbage': {
      const who = failure.speaker === undefined ? '' : ` from ${speakerText(failure.speaker)}`;
      const what = failure.bytes === 1 ? '1 byte that is' : `${failure.bytes} bytes that are`;
      return `${what} no message${who}`;
    }
    case 'sequence-gap':
      return `a message of ${speakerText(failure.speaker)} was lost (expected ${failure.expected}, got ${failure.got})`;
    case 'unfinished-message':
      return `${speakerText(failure.speaker)} ended in the middle of a message`;
    case 'message-too-long':
      return `${speakerText(failure.speaker)} sent a message that is too long`;
    case 'unknown-request':
      return `${speakerText(failure.speaker)} sent a request this version does not know`;
    case 'undeliverable':
      return `a report of ${speakerText(failure.speaker)} could not be delivered (${failure.detail})`;
    case 'runner-error':
      return `vt's end of the channel failed (${failure.detail})`;
  }
}
