import path from 'node:path';
import { pointerTokens } from '../../../cache/json-value.js';
import type {
  DeclareComplete,
  DependOnExists,
  DependOnGlob,
  DependOnJson,
  Reply,
} from '../../../proto/generated/vt/ipc/v1/ipc.js';
import type { CompleteReport, QueryReport, Speaker } from './channel-record.js';
import { reportedPath } from './reported-path.js';
import type { WorkspaceAnswers } from './workspace-answers.js';

type Answer = NonNullable<Reply['body']>;

/** A report that cannot be used, as the user is told; or one too many. */
export type Flaw =
  { readonly flaw: string } | { readonly failed: string } | { readonly tooMuch: true };

/** Counts what is kept: false when it would be too much. */
export type Keep = (bytes: number) => boolean;

/** What a question costs at least: a glob looks through directories each time it is new. */
const GLOB_COST = 16 << 10;

/** What processes say of the files they depend on. */
export class FileReports {
  readonly #answers: WorkspaceAnswers;
  readonly #keep: Keep;
  /** The channel's directory. */
  readonly #directory: string;
  readonly #queries = new Map<string, QueryReport>();
  readonly #complete = new Map<string, CompleteReport>();
  /** First answers. */
  readonly #globs = new Map<string, readonly string[]>();

  constructor(answers: WorkspaceAnswers, directory: string, keep: Keep) {
    this.#answers = answers;
    this.#directory = directory;
    this.#keep = keep;
  }

  record(): { readonly queries: QueryReport[]; readonly complete: CompleteReport[] } {
    return { queries: [...this.#queries.values()], complete: [...this.#complete.values()] };
  }

  declareComplete(said: DeclareComplete, speaker: Speaker): Answer | Flaw {
    const inputs = eachPath(said.inputs);
    const outputs = eachPath(said.outputs);
    if ('flaw' in inputs) return inputs;
    if ('flaw' in outputs) return outputs;
    const pid = said.process === 0 ? speaker.pid : said.process;
    const key = JSON.stringify([pid, inputs.paths, outputs.paths]);
    if (!this.#complete.has(key)) {
      if (!this.#keep(key.length)) return TOO_MUCH;
      this.#complete.set(key, { speaker, pid, inputs: inputs.paths, outputs: outputs.paths });
    }
    return { $case: 'done', value: {} };
  }

  glob(
    { directory: bytes, include, exclude, since }: DependOnGlob,
    speaker: Speaker,
  ): Answer | Flaw {
    const given = reportedPath(bytes);
    if ('flaw' in given) return given;
    if (include.length === 0) return { flaw: 'a question for files has no glob' };
    if ([...include, ...exclude].some((glob) => /^\/|(?:^|\/)\.\.?(?:\/|$)/.test(glob))) {
      return { flaw: 'a glob is to stay below its directory' };
    }
    const directory = given.path;
    const key = JSON.stringify([directory, include, exclude]);
    let matches = this.#globs.get(key);
    if (matches === undefined) {
      if (!this.#keep(key.length + GLOB_COST)) return TOO_MUCH;
      let found;
      try {
        found = this.#answers.glob(directory, include, exclude);
      } catch (error) {
        return { failed: `globs in ${directory}: ${(error as Error).message}` };
      }
      if (found === undefined) return { flaw: `globs in ${directory}, outside the workspace` };
      if (!this.#keep(found.reduce((sum, match) => sum + match.length, 0))) return TOO_MUCH;
      this.#globs.set(key, (matches = found));
    }
    const noted = this.#note(
      { kind: 'glob', directory, include, exclude, matches, speaker },
      since,
    );
    const paths = matches.map((match) => new Uint8Array(Buffer.from(match)));
    return noted ?? { $case: 'dependOnGlob', value: { paths } };
  }

  exists({ path: bytes, since }: DependOnExists, speaker: Speaker): Answer | Flaw {
    const given = reportedPath(bytes);
    if ('flaw' in given) return given;
    const noted = this.#note({ kind: 'exists', path: given.path, speaker }, since);
    return noted ?? { $case: 'dependOnExists', value: { kind: this.#answers.kind(given.path) } };
  }

  json({ path: bytes, pointer, since }: DependOnJson, speaker: Speaker): Answer | Flaw {
    const given = reportedPath(bytes);
    if ('flaw' in given) return given;
    if (pointerTokens(pointer) === undefined) {
      return { flaw: `${JSON.stringify(pointer)} is no JSON pointer` };
    }
    const noted = this.#note({ kind: 'json', path: given.path, pointer, speaker }, since);
    if (noted !== undefined) return noted;
    const text = this.#answers.json(given.path, pointer);
    const value = text === undefined ? undefined : new Uint8Array(Buffer.from(text));
    return { $case: 'dependOnJson', value: { value } };
  }

  /** The same question of another process explains other looks, so it is kept for each. */
  #note(query: QueryReport, since: string): Flaw | undefined {
    if (since !== '' && !/^since-[\w-]{1,64}$/.test(since)) {
      return { flaw: `${JSON.stringify(since)} is no moment of a question` };
    }
    const { kind, speaker } = query;
    const what =
      kind === 'glob'
        ? [query.directory, query.include, query.exclude]
        : [query.path, kind === 'json' && query.pointer];
    const key = JSON.stringify([kind, what, speaker.pid, speaker.label]);
    const known = this.#queries.get(key);
    if (known !== undefined && (known.since !== undefined || since === '')) return undefined;
    if (!this.#keep(key.length)) return TOO_MUCH;
    const at = since === '' ? {} : { since: path.join(this.#directory, since) };
    this.#queries.set(key, { ...query, ...at });
    return undefined;
  }
}

const TOO_MUCH: Flaw = { tooMuch: true };

function eachPath(
  given: readonly Uint8Array[],
): { readonly paths: readonly string[] } | { readonly flaw: string } {
  const paths: string[] = [];
  for (const bytes of given) {
    const one = reportedPath(bytes);
    if ('flaw' in one) return one;
    paths.push(one.path);
  }
  return { paths: [...new Set(paths)].sort() };
}
