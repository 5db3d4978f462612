import * as wire from '../proto/generated/vt/cache/v1/entry.js';
import { digestFromBytes, digestToBytes, isWorkspacePath } from './brands.js';
import type { Digest, WorkspacePath } from './brands.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import { ignoredFromMessage, ignoredToMessage } from './ignored-codec.js';
import type { Ignored } from './ignored.js';
import { keyFromMessage, keyToMessage } from './key-codec.js';
import type { KeyParts } from './key.js';
import type { Observer } from './observation.js';
import type { OutputChunk, StoredProcess, WithheldVariable } from './stored-run.js';

/** What a run left at one path. Modes are permission bits, at most 0o777. */
export type StoredOutput = { readonly path: WorkspacePath } & OutputState;

type OutputState =
  | {
      readonly kind: 'file';
      readonly digest: Digest;
      readonly size: bigint;
      readonly mode: number;
      /** XXH64 of the bytes, taken together with the digest; absent where that was not done. */
      readonly sum?: bigint;
    }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'deletion' };

/** A stored result apart from its observations. */
export interface StoredEntry {
  readonly task: string;
  readonly key: KeyParts;
  /** milliseconds */
  readonly duration: number;
  readonly processes: readonly StoredProcess[];
  /** In the order of the observations of the entry's groups. */
  readonly observers: readonly Observer[];
  readonly outputs: readonly StoredOutput[];
  /** In the order of the outputs: who changed each first; -1 where nobody was seen to. */
  readonly writers: readonly Observer[];
  readonly transcript: Digest;
  /** What the run touched and the result leaves out. */
  readonly ignored: readonly Ignored[];
  readonly withheld: readonly WithheldVariable[];
}

/** An output with whether its task made it in this workspace: then it may be removed again. */
export type ManifestItem = StoredOutput & { readonly made: boolean };

export function encodeEntry(entry: StoredEntry): Uint8Array {
  return wire.Entry.encode({
    task: entry.task,
    key: keyToMessage(entry.key),
    duration: entry.duration,
    processes: entry.processes.map(({ label = '', ...process }) => ({
      ...process,
      argv: [...process.argv],
      label,
    })),
    observers: [...entry.observers],
    outputs: entry.outputs.map(withSum),
    transcriptDigest: digestToBytes(entry.transcript),
    writers: [...entry.writers],
    ignored: entry.ignored.map(ignoredToMessage),
    withheld: [...entry.withheld],
  }).finish();
}

/** Throws DamagedRecord when the bytes cannot have been written by `encodeEntry`. */
export function decodeEntry(bytes: Uint8Array): StoredEntry {
  return decodeRecord('entry', () => {
    const message = wire.Entry.decode(bytes);
    if (message.key === undefined) throw new DamagedRecord('entry: key');
    const { writers, outputs } = message;
    if (writers.length !== 0 && writers.length !== outputs.length) {
      throw new DamagedRecord('entry: writers');
    }
    return {
      task: message.task,
      key: keyFromMessage(message.key),
      duration: message.duration,
      processes: message.processes.map(({ label, ...process }) =>
        label === '' ? process : { ...process, label },
      ),
      observers: message.observers,
      outputs: outputs.map(outputFromMessage),
      writers: outputs.map((_, index) => writers[index] ?? -1),
      transcript: digestFromBytes(message.transcriptDigest),
      ignored: message.ignored.map(ignoredFromMessage),
      withheld: message.withheld,
    };
  });
}

/** The blobs that a result needs, each once. */
export function blobsOf({
  outputs,
  transcript,
}: Pick<StoredEntry, 'outputs' | 'transcript'>): readonly Digest[] {
  const files = outputs.flatMap((output) => (output.kind === 'file' ? output.digest : []));
  return [...new Set([transcript, ...files])];
}

/** `restoration`: token of the restore that wrote them; none for an execution. */
export function encodeManifest(items: readonly ManifestItem[], restoration = ''): Uint8Array {
  return wire.Manifest.encode({
    outputs: items.map((item) => outputToMessage(item, item.made)),
    restoration,
  }).finish();
}

/** Throws DamagedRecord when the bytes cannot have been written by `encodeManifest`. */
export function decodeManifest(bytes: Uint8Array): ManifestItem[] {
  return decodeRecord('manifest', () =>
    wire.Manifest.decode(bytes).outputs.map((message) => ({
      ...outputFromMessage(message),
      made: message.made,
    })),
  );
}

/** The token a manifest was written with. Throws DamagedRecord. */
export function decodeRestoration(bytes: Uint8Array): string | undefined {
  const token = decodeRecord('manifest', () => wire.Manifest.decode(bytes).restoration);
  return token === '' ? undefined : token;
}

const streamToMessage: Readonly<Record<OutputChunk['stream'], wire.OutputStream>> = {
  stdout: wire.OutputStream.STDOUT,
  stderr: wire.OutputStream.STDERR,
  terminal: wire.OutputStream.TERMINAL,
};

export function encodeTranscript(chunks: readonly OutputChunk[]): Uint8Array {
  return wire.Transcript.encode({
    chunks: chunks.map((chunk) => ({
      stream: streamToMessage[chunk.stream],
      bytes: chunk.bytes,
    })),
  }).finish();
}

/** Throws DamagedRecord when the bytes cannot have been written by `encodeTranscript`. */
export function decodeTranscript(bytes: Uint8Array): OutputChunk[] {
  return decodeRecord('transcript', () =>
    wire.Transcript.decode(bytes).chunks.map((chunk) => {
      for (const stream of ['stdout', 'stderr', 'terminal'] as const) {
        if (streamToMessage[stream] === chunk.stream) return { stream, bytes: chunk.bytes };
      }
      throw new DamagedRecord('transcript: stream');
    }),
  );
}

/** Sums are for copying from the cache: only results have them. */
function withSum(output: StoredOutput): wire.Output {
  const message = outputToMessage(output, false);
  if (output.kind === 'file' && message.state?.$case === 'file') {
    message.state.value.sum = output.sum;
  }
  return message;
}

/** As manifests and journals have it, without a sum. */
export function outputToMessage(output: StoredOutput, made: boolean): wire.Output {
  return { path: output.path, state: stateToMessage(output), made };
}

function stateToMessage(state: OutputState): NonNullable<wire.Output['state']> {
  switch (state.kind) {
    case 'file':
      return {
        $case: 'file',
        value: {
          digest: digestToBytes(state.digest),
          size: state.size,
          mode: state.mode,
          sum: undefined,
        },
      };
    case 'symlink':
      return { $case: 'symlink', value: { target: state.target } };
    case 'directory':
      return { $case: 'directory', value: { mode: state.mode } };
    case 'deletion':
      return { $case: 'deletion', value: {} };
  }
}

/** Throws DamagedRecord. */
export function outputFromMessage(message: wire.Output): StoredOutput {
  const { path, state } = message;
  // The root itself is never an output; any other path stays inside it.
  if (path === '' || !isWorkspacePath(path)) throw new DamagedRecord('output: path');
  switch (state?.$case) {
    case 'file':
      return { path, kind: 'file', ...fileFromMessage(state.value) };
    case 'symlink':
      return { path, kind: 'symlink', target: state.value.target };
    case 'directory':
      return { path, kind: 'directory', mode: state.value.mode };
    case 'deletion':
      return { path, kind: 'deletion' };
    case undefined:
      throw new DamagedRecord('output: state');
  }
}

function fileFromMessage({ digest, size, mode, sum }: wire.FileOutput) {
  return { digest: digestFromBytes(digest), size, mode, ...(sum === undefined ? {} : { sum }) };
}
