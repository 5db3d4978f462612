import { mkdirSync } from 'node:fs';
import { encodeRequest, PROTOCOL_VERSION } from '../../proto/frame.js';
import type { Reply, Request } from '../../proto/generated/vt/ipc/v1/ipc.js';
import { ShortFrame } from '../../proto/short-frame.js';
import { ReplyChannel } from './reply-channel.js';
import { leaveWord, RequestPipe, type Undelivered } from './request-pipe.js';

type Kind = NonNullable<Request['kind']>;

/** This thread's conversation with the runner. Begins with the first thing said. */
export class Connection {
  readonly #directory: string;
  readonly #pipe: RequestPipe;
  readonly #sender = { pid: process.pid, nonce: randomNonce() };
  readonly #short = new ShortFrame();
  #sequence = 0;
  #questions = 0;
  #replies: ReplyChannel | undefined;
  #ended = false;
  #version: number | undefined;

  private constructor(directory: string, pipe: RequestPipe) {
    this.#directory = directory;
    this.#pipe = pipe;
    this.report(HELLO);
  }

  /** Undefined outside a runner, and when the runner is gone. */
  static open(env: NodeJS.ProcessEnv): Connection | undefined {
    const directory = env['VT_IPC_DIR'];
    if (!directory) return undefined;
    const pipe = RequestPipe.open(directory, env['VT_IPC_FD']);
    return typeof pipe === 'string' ? undefined : new Connection(directory, pipe);
  }

  /** The runner was there when it was last spoken to. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Says something that needs no answer. */
  report(kind: Kind, label = ''): void {
    this.#send(kind, 0, label);
  }

  /**
   * Marks the moment from which on what this process looks at is for the question it asks next.
   *
   * @returns for the question's `since`; empty where it cannot be marked, so that all looks count
   */
  beginQuestion(): string {
    if (this.#ended) return '';
    this.#questions += 1;
    const since = `since-${this.#sender.nonce.toString(16)}-${this.#questions}`;
    try {
      mkdirSync(`${this.#directory}/${since}`);
      return since;
    } catch {
      return '';
    }
  }

  /** Asks, and waits for the answer; undefined if the runner is gone. */
  ask(kind: Kind, label = ''): Reply['body'] {
    if (this.#ended) return undefined;
    if (this.#replies === undefined) {
      const replies = ReplyChannel.claim(this.#directory, () =>
        this.#send({ $case: 'openReplies', value: {} }, 0),
      );
      if (typeof replies === 'string') return this.#end(replies);
      this.#replies = replies;
    }
    if (this.#send(kind, this.#replies.number, label) !== 'written') return undefined;
    const reply = this.#replies.read(this.#sequence);
    return typeof reply === 'string' ? this.#end(reply) : reply.body;
  }

  /** The protocol version both sides speak; asked for once. 0 if the runner is gone. */
  version(): number {
    if (this.#ended) return 0;
    if (this.#version !== undefined) return this.#version;
    const answer = this.ask(HELLO);
    if (this.#ended) return 0;
    const theirs = answer?.$case === 'hello' ? answer.value.protocolVersion : 1;
    this.#version = Math.min(Math.max(theirs, 1), PROTOCOL_VERSION);
    return this.#version;
  }

  #send(kind: Kind, replyChannel: number, label = ''): 'written' | Undelivered {
    if (this.#ended) return 'runner-gone';
    const short = this.#short;
    if (short.encode(this.#sender, this.#sequence + 1, replyChannel, kind, label)) {
      return this.#write(short.bytes, short.start, short.end);
    }
    const frames = encodeRequest(this.#sender, this.#sequence + 1, replyChannel, {
      kind,
      label,
    });
    for (const frame of frames) {
      const outcome = this.#write(frame, 0, frame.length);
      if (outcome !== 'written') return outcome;
    }
    return 'written';
  }

  /** One frame, which is counted whether it could be written or not. */
  #write(bytes: Uint8Array, start: number, end: number): 'written' | Undelivered {
    this.#sequence += 1;
    const outcome = this.#pipe.write(bytes, start, end);
    if (outcome !== 'written') this.#end(outcome);
    return outcome;
  }

  /** What is said from now on goes nowhere; if the runner lives, it must not believe it heard all. */
  #end(why: Undelivered): undefined {
    if (why === 'lost') leaveWord(this.#directory);
    this.#ended = true;
    this.#replies?.close();
    this.#replies = undefined;
  }
}

/** Different in every thread, as every thread has a generator of its own. */
function randomNonce(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

declare const __CLIENT_VERSION__: string;

const HELLO: Kind = {
  $case: 'hello',
  value: {
    protocolVersion: PROTOCOL_VERSION,
    client: 'node',
    clientVersion: __CLIENT_VERSION__,
    label: '',
  },
};
