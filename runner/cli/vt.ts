import { fstatSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExecutor } from '../execute/run/create-executor.js';
import { cacheWarningText } from '../report/cache-warning-text.js';
import type { Io } from '../report/output.js';
import { exitProcess } from './exit-process.js';
import { main } from './main.js';
import { ownStream } from './own-stream.js';
import { takeHandover } from '../repeat/handover.js';
import { RepeatRecorder } from '../repeat/repeat-recorder.js';
import type { Exit, Services } from './services.js';

/** Replaced by the bundler with the version of package.json. */
declare const __VT_VERSION__: string;

/** Tools load the client by VP_RUN_NODE_CLIENT_PATH; scripts/build.mjs puts it beside the bundle. */
const home = path.dirname(fileURLToPath(import.meta.url));
const nodeClient = path.join(home, 'vt-client.cjs');

const stdout = ownStream(1, () => process.stdout);
const stderr = ownStream(2, () => process.stderr);

const handover = takeHandover(process.argv);
const repeat = handover && new RepeatRecorder(handover, home);

const io: Io = {
  stdout: repeat?.watch('out', stdout) ?? stdout,
  stderr: repeat?.watch('err', stderr) ?? stderr,
  capture: ownCapture(),
  cwd: process.cwd(),
  env: process.env,
};

const services: Services = {
  version: __VT_VERSION__,
  nodeClient,
  keyboard: async () => {
    const canAsk = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb';
    if (!canAsk) return undefined;
    const { terminalKeyboard } = await import('./select/keyboard.js');
    return terminalKeyboard(process.stdin, process.stdout);
  },
  createExecutor: ({ warn, ...options }) =>
    createExecutor({
      ...options,
      window: () => process.stdout,
      nodeClient,
      confirmed: repeat?.confirmed,
      warn: (warning) => {
        repeat?.giveUp('a warning of the cache');
        warn(cacheWarningText(warning));
      },
    }),
  repeat,
  // Loaded when they are used: a replay is what has to be fast.
  cleanCache: async (directory) =>
    (await import('../../cache/clean-cache.js')).cleanCache(directory),
  report: async (request, io) =>
    (await import('./send-report.js')).sendReport(request, nodeClient, io),
};

const end = (exit: Exit): void => {
  if (exit.kind === 'code' && exit.code === 0) repeat?.finish();
  exitProcess(exit);
};

main(process.argv.slice(2), io, services).then(end, (error: unknown) => {
  process.stderr.write(
    `vt ${__VT_VERSION__}: internal error, please report it with what follows\n` +
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 70; // EX_SOFTWARE of sysexits.h
});

/** A terminal only if both streams are: a pseudo-terminal would merge them. */
function ownCapture(): Io['capture'] {
  if (stdout.isTTY && stderr.isTTY) return 'terminal';
  try {
    const [out, err] = [fstatSync(1), fstatSync(2)];
    return out.dev === err.dev && out.ino === err.ino ? 'one-pipe' : 'pipes';
  } catch {
    return 'pipes'; // one of them is closed
  }
}
