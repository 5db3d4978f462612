import { fstatSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExecutor } from '../execute/run/create-executor.js';
import { cacheWarningText } from '../report/cache-warning-text.js';
import type { Io } from '../report/output.js';
import { exitProcess } from './exit-process.js';
import { main } from './main.js';
import { ownStream } from './own-stream.js';
import type { Services } from './services.js';

/** Replaced by the bundler with the version of package.json. */
declare const __VT_VERSION__: string;

/** Tools load it by VP_RUN_NODE_CLIENT_PATH; scripts/build.mjs puts it beside the bundle. */
const nodeClient = path.join(path.dirname(fileURLToPath(import.meta.url)), 'vt-client.cjs');

const stdout = ownStream(1, () => process.stdout);
const stderr = ownStream(2, () => process.stderr);

const io: Io = {
  stdout,
  stderr,
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
      warn: (warning) => {
        warn(cacheWarningText(warning));
      },
    }),
  // Loaded when they are used: a replay is what has to be fast.
  cleanCache: async (directory) =>
    (await import('../../cache/clean-cache.js')).cleanCache(directory),
  report: async (request, io) =>
    (await import('./send-report.js')).sendReport(request, nodeClient, io),
};

main(process.argv.slice(2), io, services).then(exitProcess, (error: unknown) => {
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
