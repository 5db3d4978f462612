import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigProblem } from '../../config/config-problem.js';
import { loadManifest } from '../../config/load-package-tasks.js';
import { starterFile, starterReport } from '../../report/starter-file.js';
import type { StarterContent } from '../../report/starter-file.js';
import { locate } from '../../workspace/find-workspace.js';
import type { Location } from '../../workspace/find-workspace.js';
import { leafCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import { reportProblems } from '../report-problems.js';
import type { CommandContext, Exit } from '../services.js';

const help: CommandHelp = {
  name: 'vt init',
  description: 'write a first vite-task.json',
  usage: '',
  about: [
    'Writes a commented vite-task.json beside the nearest package.json, with its scripts\nas comments. It changes nothing until you edit it, and never replaces a file.',
  ],
  examples: [['vt init', 'in the directory of a package']],
  flags: { ...helpFlag },
};

/** `vt init`. */
export function initCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, init);
}

function init(argv: readonly string[], { io }: CommandContext): Exit {
  const command = help.name;
  const { rest } = parseFlags(argv, { command, flags: help.flags, endAtArgument: false });
  const [argument] = rest;
  if (argument !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument, command });
  }
  const problems: ConfigProblem[] = [];
  const location = locate(io.cwd, problems);
  const { directory } = location.package;
  const manifest = problems.length > 0 ? undefined : loadManifest(directory, problems);
  if (problems.length > 0) {
    reportProblems(problems, io);
    return { kind: 'code', code: 1 };
  }
  const content: StarterContent = {
    isRoot: location.package.path === '',
    scripts: manifest?.scripts ?? new Map(),
    schema: schemaOf(location),
  };
  const file = path.join(directory, 'vite-task.json');
  const shown = path.relative(io.cwd, file);
  try {
    writeFileSync(file, starterFile(content), { flag: 'wx' });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(
      errno === 'EEXIST'
        ? { kind: 'file-exists', file: shown }
        : { kind: 'cannot-write', file: shown, errno },
    );
  }
  io.stdout.write(starterReport(shown, content));
  return { kind: 'code', code: 0 };
}

/** The schema that is installed with vt, as seen from the package, where it is found. */
function schemaOf({ package: { directory }, workspace: { root } }: Location): string | undefined {
  const installed = 'node_modules/vt/dist/vite-task.schema.json';
  const found = [directory, root].map((at) => path.join(at, installed)).find(existsSync);
  if (found === undefined) return undefined;
  const relative = path.relative(directory, found);
  return relative.startsWith('.') ? relative : `./${relative}`;
}
