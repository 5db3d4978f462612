import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import { cleanCache } from '../../cache/clean-cache.js';
import { createExecutor } from '../execute/run/create-executor.js';
import { cacheWarningText } from '../report/cache-warning-text.js';
import { main } from './main.js';
import { outputStream } from './output-stream.js';

/**
 * For tests that need thousands of runs: a process that is `vt` again and again, without being
 * started each time. Each line of its input, `{"argv", "cwd", "env"}`, is answered by one of its
 * output, `{"stdout", "stderr", "code", "signal"}`, in order. Streams are pipes to each run, and
 * there is no client for tools.
 */
interface Question {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Served runs have no client: what needs one goes through the command itself. */
const nodeClient = '/nonexistent';

async function answer({ argv, cwd, env }: Question): Promise<object> {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const exit = await main(
    argv,
    { stdout: stdout.text, stderr: stderr.text, capture: 'pipes', cwd, env },
    {
      version: 'served',
      nodeClient,
      keyboard: () => Promise.resolve(undefined),
      createExecutor: ({ warn, ...options }) =>
        createExecutor({
          ...options,
          window: () => stdout.stream,
          nodeClient,
          warn: (warning) => {
            warn(cacheWarningText(warning));
          },
        }),
      cleanCache: (directory) => Promise.resolve(cleanCache(directory)),
      report: () => Promise.resolve(1),
    },
  );
  // What was written is handed on within this turn or the next.
  await new Promise(setImmediate);
  return {
    stdout: stdout.all,
    stderr: stderr.all,
    code: exit.kind === 'code' ? exit.code : null,
    signal: exit.kind === 'code' ? null : exit.signal,
  };
}

/** A stream of vt's, kept. */
class Collected {
  readonly stream = new PassThrough();
  readonly text = outputStream(this.stream);
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  get all(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

for await (const line of createInterface(process.stdin)) {
  const reply = await answer(JSON.parse(line) as Question);
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
