import type { StoredProcess } from '../../cache/stored-run.js';
import type { NotCached } from '../execute/outcome.js';
import { channelFailureText, speakerText } from './channel-failure-text.js';
import { incompletenessText, oneLine, processText } from './incompleteness-text.js';
import { notStoredText } from './not-stored-text.js';

/** Why a task that ran and succeeded was not kept, as it stands after `not cached: `. */
export function notCachedText(reason: NotCached): string {
  switch (reason.kind) {
    case 'opted-out': {
      const because = reason.reason === undefined ? '' : `: ${oneLine(reason.reason)}`;
      return `the task opted out${because} (asked by ${speakerText(reason.speaker)}); "optOut": false overrules it`;
    }
    case 'channel-failed':
      return channelFailureText(reason.failures);
    case 'read-then-written': {
      const { path, reader, writer, because } = {
        reader: undefined,
        writer: undefined,
        because: undefined,
        ...reason,
      };
      const whyNotKept = because === undefined ? '' : `, ${notKept[because]}`;
      return `read and wrote '${path}'${whyNotKept}${readerAndWriter(reader, writer)}`;
    }
    case 'tracking-incomplete':
      return incompletenessText(reason.incomplete);
    case 'output-too-large':
      return `the task printed more than ${String(Math.floor(reason.limit / 2 ** 20))} MiB`;
    case 'output-cut-short':
      return 'the reader of the output went away before the task had said all';
    case 'no-run-directory':
      return `no private directory for the run could be made (${reason.detail})`;
    case 'modified-during-run':
    case 'unreadable-input':
    case 'unsupported-output':
    case 'secret-found':
    case 'cache-unusable':
      return notStoredText(reason);
  }
}

/** Why a file's content was not taken before it was changed (VT_CONTENT_LIMIT in content.h). */
const notKept = {
  'too-large': 'which is larger than 128 MiB',
  unreadable: 'which vt cannot read',
} as const;

function readerAndWriter(
  reader: StoredProcess | undefined,
  writer: StoredProcess | undefined,
): string {
  const reading = reader && processText(reader.argv, reader.pid);
  const writing = writer && processText(writer.argv, writer.pid);
  if (reading === writing) return reading === undefined ? '' : ` (${reading})`;
  const parts = [
    ...(reading === undefined ? [] : [`read by ${reading}`]),
    ...(writing === undefined ? [] : [`written by ${writing}`]),
  ];
  return ` (${parts.join(', ')})`;
}
