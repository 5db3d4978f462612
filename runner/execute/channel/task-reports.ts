import type { EnvPattern } from '../../../cache/observation.js';
import { PROTOCOL_VERSION } from '../../../proto/frame.js';
import {
  ErrorCode,
  type GetEnv,
  type GetEnvs,
  type Reply,
  type Request,
} from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { EnvSource } from '../../plan/execution.js';
import type { ChannelFailure, ChannelRecord, Speaker } from './channel-record.js';
import { FileReports, type Flaw } from './file-reports.js';
import { reportedPath } from './reported-path.js';
import type { WorkspaceAnswers } from './workspace-answers.js';

type Answer = NonNullable<Reply['body']>;
type Query = { readonly pattern: EnvPattern; readonly matches: ReadonlyMap<string, string> };

/** Most bytes kept of what the processes of a task say, whatever they send. */
const MOST_KEPT = 64 << 20;

/** About what one thing that is kept takes besides its text. */
const KEPT_OVERHEAD = 200;

/** Records what the processes of one task say, and answers what they ask. */
export class TaskReports {
  readonly #source: EnvSource;
  readonly #onFailure: (failure: ChannelFailure) => void;
  readonly #ignoredInputs = new Map<string, Speaker>();
  readonly #ignoredOutputs = new Map<string, Speaker>();
  #cacheDisabled: ChannelRecord['cacheDisabled'];
  /** First answers: they hold for the whole task, whoever asks again and in whatever way. */
  readonly #values = new Map<string, string | undefined>();
  readonly #queries = new Map<string, Query>();
  readonly #trackedEnv = new Map<string, Speaker>();
  readonly #trackedQueries = new Map<string, Query & { readonly speaker: Speaker }>();
  readonly #withheld = new Map<string, Speaker>();
  readonly #files: FileReports;
  #kept = 0;

  /** `directory`: the channel's. */
  constructor(
    source: EnvSource,
    answers: WorkspaceAnswers,
    directory: string,
    onFailure: (failure: ChannelFailure) => void,
  ) {
    this.#source = source;
    this.#onFailure = onFailure;
    this.#files = new FileReports(answers, directory, (bytes) => this.#keep(bytes));
  }

  /** The answer, whether or not the speaker wants one. */
  handle({ kind, label }: Request, sender: Speaker): Answer {
    const speaker = label === '' ? sender : { ...sender, label };
    switch (kind?.$case) {
      case 'hello': {
        const theirs = Math.max(kind.value.protocolVersion, 1);
        const protocolVersion = Math.min(theirs, PROTOCOL_VERSION);
        return { $case: 'hello', value: { protocolVersion } };
      }
      case 'ignoreInput':
        return this.#notePath(this.#ignoredInputs, kind.value.path, speaker);
      case 'ignoreOutput':
        return this.#notePath(this.#ignoredOutputs, kind.value.path, speaker);
      case 'disableCache': {
        const { reason } = kind.value;
        this.#cacheDisabled ??= { speaker, ...(reason !== '' && { reason }) };
        return DONE;
      }
      case 'getEnv':
        return this.#answerGetEnv(kind.value, speaker);
      case 'getEnvs':
        return this.#answerGetEnvs(kind.value, speaker);
      case 'openReplies':
        return DONE;
      case 'withheldEnv':
        return this.#noteWithheld(kind.value.name, speaker);
      case 'declareComplete':
        return this.#answerOf(this.#files.declareComplete(kind.value, speaker), speaker);
      case 'dependOnGlob':
        return this.#answerOf(this.#files.glob(kind.value, speaker), speaker);
      case 'dependOnExists':
        return this.#answerOf(this.#files.exists(kind.value, speaker), speaker);
      case 'dependOnJson':
        return this.#answerOf(this.#files.json(kind.value, speaker), speaker);
      case undefined:
        this.#onFailure({ kind: 'unknown-request', speaker });
        return refusal(ErrorCode.UNKNOWN_REQUEST, 'the runner does not know this request');
    }
  }

  /** What was said so far. */
  record(): Omit<ChannelRecord, 'failures'> {
    return {
      ignoredInputs: pathsOf(this.#ignoredInputs),
      ignoredOutputs: pathsOf(this.#ignoredOutputs),
      ...(this.#cacheDisabled !== undefined && { cacheDisabled: this.#cacheDisabled }),
      env: [...this.#trackedEnv].map(([name, speaker]) => ({
        name,
        value: this.#values.get(name),
        speaker,
      })),
      envQueries: [...this.#trackedQueries.values()],
      withheld: [...this.#withheld].map(([name, by]) => ({ name, speaker: by })),
      ...this.#files.record(),
      served: new Map(
        [...this.#values].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    };
  }

  #notePath(paths: Map<string, Speaker>, bytes: Uint8Array, speaker: Speaker): Answer {
    const given = reportedPath(bytes);
    if ('flaw' in given) return this.#refuse(speaker, given.flaw);
    if (!paths.has(given.path)) {
      if (!this.#keep(given.path.length)) return this.#refuseMore(speaker);
      paths.set(given.path, speaker);
    }
    return DONE;
  }

  #noteWithheld(name: string, speaker: Speaker): Answer {
    if (!isName(name)) return this.#refuseName(name, speaker);
    // Whoever asks for what is not set is not told anything else outside of vt.
    if (this.#source.get(name) === undefined || this.#withheld.has(name)) return DONE;
    if (!this.#keep(name.length)) return this.#refuseMore(speaker);
    this.#withheld.set(name, speaker);
    return DONE;
  }

  #refuseName(name: string, speaker: Speaker): Answer {
    return this.#refuse(speaker, `${JSON.stringify(name)} is not the name of a variable`);
  }

  #answerGetEnv({ name, tracked }: GetEnv, speaker: Speaker): Answer {
    if (!isName(name)) return this.#refuseName(name, speaker);
    if (!this.#values.has(name)) {
      if (!this.#keep(name.length)) return this.#refuseMore(speaker);
      this.#values.set(name, this.#source.get(name));
    }
    if (tracked && this.#source.mayTrack(name) && !this.#trackedEnv.has(name)) {
      this.#trackedEnv.set(name, speaker);
    }
    const value = this.#values.get(name);
    return { $case: 'getEnv', value: { value: value === undefined ? undefined : utf8(value) } };
  }

  #answerGetEnvs({ pattern: asked, tracked }: GetEnvs, speaker: Speaker): Answer {
    if (asked === undefined) return this.#refuse(speaker, 'a query for variables has no pattern');
    const pattern = asked.$case === 'glob' ? { glob: asked.value } : { prefix: asked.value };
    const key = JSON.stringify(pattern);
    let query = this.#queries.get(key);
    if (query === undefined) {
      if (!this.#keep(key.length)) return this.#refuseMore(speaker);
      let matches;
      try {
        matches = this.#source.query(pattern);
      } catch (error) {
        return this.#refuse(speaker, `${key}: ${String(error)}`);
      }
      query = { pattern, matches: this.#freeze(matches) };
      this.#queries.set(key, query);
    }
    if (tracked) {
      const known = this.#trackedQueries.get(key);
      query = known ?? { pattern, matches: this.#trackable(query.matches), speaker };
      if (known === undefined) this.#trackedQueries.set(key, { ...query, speaker });
    }
    const variables = [...query.matches].map(([name, value]) => ({ name, value: utf8(value) }));
    return { $case: 'getEnvs', value: { variables } };
  }

  /** Sorted by name, with the values that were given out before for the same names. */
  #freeze(matches: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const frozen = new Map<string, string>();
    for (const [name, value] of [...matches].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!this.#values.has(name)) this.#values.set(name, value);
      const first = this.#values.get(name);
      if (first !== undefined) frozen.set(name, first);
    }
    return frozen;
  }

  #trackable(matches: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    return new Map([...matches].filter(([name]) => this.#source.mayTrack(name)));
  }

  #answerOf(answer: Answer | Flaw, speaker: Speaker): Answer {
    if ('$case' in answer) return answer;
    if ('tooMuch' in answer) return this.#refuseMore(speaker);
    if ('flaw' in answer) return this.#refuse(speaker, answer.flaw);
    this.#onFailure({ kind: 'runner-error', detail: answer.failed });
    return refusal(ErrorCode.INTERNAL, answer.failed);
  }

  /** Whether so many bytes more may be kept, besides what the runner knows anyway. */
  #keep(bytes: number): boolean {
    this.#kept += bytes + KEPT_OVERHEAD;
    return this.#kept <= MOST_KEPT;
  }

  #refuseMore(speaker: Speaker): Answer {
    const detail = `more was said than the ${MOST_KEPT >> 20} MiB that are kept of one task`;
    this.#onFailure({ kind: 'undeliverable', speaker, detail });
    return refusal(ErrorCode.INTERNAL, detail);
  }

  #refuse(speaker: Speaker, detail: string): Answer {
    this.#onFailure({ kind: 'undeliverable', speaker, detail });
    return refusal(ErrorCode.INVALID_ARGUMENT, detail);
  }
}

function isName(name: string): boolean {
  return name !== '' && !/[=\0]/.test(name);
}

/** An answer that says why there is none. */
export function refusal(code: ErrorCode, message: string): Answer {
  return { $case: 'error', value: { code, message } };
}

const DONE: Answer = { $case: 'done', value: {} };

function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function pathsOf(paths: ReadonlyMap<string, Speaker>): { path: string; speaker: Speaker }[] {
  return [...paths].map(([path, speaker]) => ({ path, speaker }));
}
