import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { MAX_REPLY_BYTES, withLength } from '../../../proto/frame.js';
import { FrameSplitter } from '../../../proto/frame-splitter.js';
import {
  ErrorCode,
  Reply,
  type Frame,
  type Request,
} from '../../../proto/generated/vt/ipc/v1/ipc.js';
import { RequestAssembler, type Heard, type Question } from '../../../proto/request-assembler.js';
import type { EnvSource } from '../../plan/execution.js';
import type { ChannelFailure, ChannelRecord, Speaker } from './channel-record.js';
import { FailureLog } from './failure-log.js';
import { ReplyPool } from './reply-pool.js';
import { RequestReader } from './request-reader.js';
import { argvOfProcess, Speakers, type ProcessInfo } from './speakers.js';
import { refusal, TaskReports } from './task-reports.js';
import { answerFrom } from './workspace-answers.js';

/** What a channel needs. */
export interface ChannelOptions {
  /** The run directory (`createRunDirectory`). `ipc/` is made in it, and removed by `close`. */
  readonly directory: string;
  readonly envSource: EnvSource;
  /** Physical root of the workspace that is asked about. */
  readonly workspaceRoot: AbsolutePath;
  /** Absolute path of the CommonJS client, for tools that look for it by VP_RUN_NODE_CLIENT_PATH. */
  readonly nodeClient: string;
  /** Names the processes that speak; by default from /proc. */
  readonly processInfo?: ProcessInfo;
  readonly tap?: ChannelTap;
}

/** Hears what is said, and can make a runner of unusual behaviour: to put clients to the test. */
export interface ChannelTap {
  /**
   * Called with each request before it is handled.
   *
   * @returns an answer in place of the runner's own, in which case the request is not recorded;
   *   `none` leaves whoever asks waiting
   */
  heard(request: Request, question: Question): NonNullable<Reply['body']> | 'none' | undefined;
  /** What is written to the reply FIFO in place of one reply with its length. */
  reply?(bytes: Uint8Array): Uint8Array;
}

/** The runner's end of the channel of one task. It answers by itself while the event loop turns. */
export interface Channel {
  readonly kind: 'open';
  /** The request FIFO, whose writing end the task gets as descriptor 3. */
  readonly requestPath: string;
  /** What tells the processes of the task about the channel; to be added to its environment. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Reads all that was written before the call and says what the channel knows. To be called when
   * the processes that count have ended; may be called again, while others go on talking, but not
   * after `close`.
   */
  drain(): ChannelRecord;
  /**
   * Ends the conversation: clients that wait for a reply, or ask later, find the runner gone.
   * Closes every descriptor and removes `ipc/`. May be called more than once.
   */
  close(): Promise<void>;
}

/** The runner could not make its end. The task can run without a channel, and not be cached. */
export type ChannelNotOpened = Extract<ChannelFailure, { kind: 'runner-error' }>;

export async function openChannel(options: ChannelOptions): Promise<Channel | ChannelNotOpened> {
  const directory = path.join(options.directory, 'ipc');
  const requestPath = path.join(directory, 'q');
  const failures = new FailureLog();
  const onError = (error: Error) => failures.add({ kind: 'runner-error', detail: error.message });
  let pool: ReplyPool | undefined;
  try {
    mkdirSync(directory, { mode: 0o700 });
    pool = await ReplyPool.create(path.join(directory, 'r'), [requestPath], onError);
    return new OpenChannel(options, directory, requestPath, pool, failures, onError);
  } catch (error) {
    await pool?.close();
    rmSync(directory, { recursive: true, force: true });
    return { kind: 'runner-error', detail: (error as Error).message };
  }
}

class OpenChannel implements Channel {
  readonly kind = 'open';
  readonly requestPath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #directory: string;
  readonly #pool: ReplyPool;
  readonly #failures: FailureLog;
  readonly #speakers: Speakers;
  readonly #reports: TaskReports;
  readonly #assembler = new RequestAssembler();
  readonly #reader: RequestReader;
  readonly #tap: ChannelTap | undefined;
  /** Messages that wanted an answer. */
  #asked = 0;

  constructor(
    options: ChannelOptions,
    directory: string,
    requestPath: string,
    pool: ReplyPool,
    failures: FailureLog,
    onError: (error: Error) => void,
  ) {
    this.requestPath = requestPath;
    this.env = {
      VT_IPC_DIR: directory,
      VT_IPC_FD: '3',
      VP_RUN_NODE_CLIENT_PATH: options.nodeClient,
    };
    this.#tap = options.tap;
    this.#directory = directory;
    this.#pool = pool;
    this.#failures = failures;
    this.#speakers = new Speakers(options.processInfo ?? argvOfProcess);
    this.#reports = new TaskReports(
      options.envSource,
      answerFrom(options.workspaceRoot),
      directory,
      (failure) => failures.add(failure),
    );
    const splitter = new FrameSplitter({
      frame: (frame) => this.#hear(frame),
      garbage: (bytes) => failures.add({ kind: 'garbage', bytes }),
    });
    this.#reader = new RequestReader(
      requestPath,
      (bytes, emptied) => {
        const before = this.#asked;
        splitter.push(bytes, emptied);
        return this.#asked > before;
      },
      onError,
    );
  }

  drain(): ChannelRecord {
    this.#reader.drain();
    for (const name of readdirSync(this.#directory)) {
      const pid = Number(/^lost-(\d+)$/.exec(name)?.[1] ?? 0);
      if (pid === 0) continue;
      const detail = 'the process could not write to the channel';
      this.#failures.add({ kind: 'undeliverable', speaker: { pid }, detail });
    }
    const unfinished = this.#assembler.unfinished().map((sender) => ({
      kind: 'unfinished-message' as const,
      speaker: this.#speakers.of(sender),
    }));
    return { ...this.#reports.record(), failures: [...this.#failures.list(), ...unfinished] };
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#pool.close();
    // Who could not send any more may leave word of it while the directory is emptied.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 10 });
  }

  #hear(frame: Frame): void {
    for (const heard of this.#assembler.accept(frame)) {
      this.#act(heard, this.#speakers.of(heard.sender));
    }
  }

  #act(heard: Heard, speaker: Speaker): void {
    switch (heard.kind) {
      case 'request': {
        const answer = this.#tap?.heard(heard.request, heard);
        if (answer === 'none') return;
        const { kind } = heard.request;
        if (kind?.$case === 'hello') this.#speakers.label(heard.sender, kind.value.label);
        if (kind?.$case === 'openReplies') this.#pool.needMore();
        return this.#reply(heard, speaker, answer ?? this.#reports.handle(heard.request, speaker));
      }
      case 'unusable': {
        const tooLong = heard.cause === 'too-long';
        this.#failures.add({ kind: tooLong ? 'message-too-long' : 'unfinished-message', speaker });
        const code = tooLong ? ErrorCode.REQUEST_TOO_LONG : ErrorCode.MALFORMED_REQUEST;
        return this.#reply(heard, speaker, refusal(code, 'the request could not be read'));
      }
      case 'sequence-gap':
        this.#failures.add({
          kind: 'sequence-gap',
          speaker,
          expected: heard.expected,
          got: heard.got,
        });
        return;
      case 'unfinished':
        this.#failures.add({ kind: 'unfinished-message', speaker });
    }
  }

  #reply(question: Question, speaker: Speaker, body: NonNullable<Reply['body']>): void {
    if (question.replyChannel === 0) return;
    this.#asked += 1;
    const { sequence } = question;
    let bytes = Reply.encode({ sequence, body }).finish();
    if (bytes.length > MAX_REPLY_BYTES) {
      const detail = `the answer has ${bytes.length} bytes, ${MAX_REPLY_BYTES} are possible`;
      this.#failures.add({ kind: 'undeliverable', speaker, detail });
      const error = refusal(ErrorCode.REPLY_TOO_LONG, detail);
      bytes = Reply.encode({ sequence, body: error }).finish();
    }
    const framed = withLength(bytes);
    const sent = this.#pool.send(question.replyChannel, this.#tap?.reply?.(framed) ?? framed);
    // A client that died while it waited is no failure: what it asked for is recorded.
    if (sent === 'sent' || sent === 'reader-gone') return;
    const detail = `reply channel ${question.replyChannel}: ${sent}`;
    this.#failures.add({ kind: 'undeliverable', speaker, detail });
  }
}
