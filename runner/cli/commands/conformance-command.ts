import type { Case } from '../../conformance/cases/case.js';
import { conformanceCases, runConformance } from '../../conformance/run-conformance.js';
import type { Finding } from '../../conformance/finding.js';
import type { StageOptions } from '../../conformance/stage.js';
import { conformanceSummary, findingText } from '../../report/conformance-text.js';
import { createStyle, wantsColor } from '../../report/style.js';
import { leafCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { CommandContext, Exit } from '../services.js';

const flags = {
  only: {
    type: 'string',
    multiple: true,
    valueHint: 'text',
    description: 'Only the cases whose name contains this. Repeatable.',
  },
  list: {
    type: 'boolean',
    description: 'Name the cases and the part of the protocol each is from',
  },
  json: { type: 'boolean', description: 'One JSON object per case and line' },
  ...helpFlag,
} as const satisfies FlagDefinitions;

const help: CommandHelp = {
  name: 'vt conformance',
  description: 'put a client of the channel to the test',
  usage: '[flags] -- <driver> [args…]',
  about: [
    'For authors of clients in other languages. The driver is a small program around the\nclient: it reads operations from standard input, one per line, and answers each with\na line (client/conformance/README.md). vt plays the runner, well and badly, and\ncompares what it hears with what it told the driver to say.',
    'Exits with 1 if a demand is not met. What the driver calls unsupported is listed.',
  ],
  examples: [['vt conformance -- python3 driver.py', 'all cases']],
  flags,
};

/** `vt conformance`. */
export function conformanceCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, conformance);
}

async function conformance(
  argv: readonly string[],
  { io, services }: CommandContext,
): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags, endAtArgument: true });
  const wanted = given.values('only');
  const cases = conformanceCases.filter(
    ({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)),
  );
  if (cases.length === 0) {
    const argument = 'a part of the name of a case after --only (--list shows them)';
    throw new UsageError({ kind: 'missing-argument', argument, command });
  }
  const asJson = given.has('json');
  if (given.has('list')) {
    for (const each of cases) io.stdout.write(asJson ? jsonLine(described(each)) : caseText(each));
    return { kind: 'code', code: 0 };
  }
  const [program, ...args] = given.rest;
  if (program === undefined) {
    throw new UsageError({ kind: 'missing-argument', argument: 'a driver to run', command });
  }
  const style = createStyle(wantsColor(io.env, io.stdout.isTTY));
  const findings: Finding[] = [];
  const { nodeClient } = services;
  const options = { argv: [program, ...args], nodeClient, env: io.env } satisfies StageOptions;
  for await (const finding of runConformance(cases, options)) {
    findings.push(finding);
    io.stdout.write(asJson ? jsonLine(finding) : findingText(finding, style));
  }
  if (!asJson) io.stdout.write(conformanceSummary(findings));
  return { kind: 'code', code: findings.some(({ kind }) => kind === 'fails') ? 1 : 0 };
}

function described({ name, section }: Case): { case: string; section: string } {
  return { case: name, section };
}

function caseText({ name, section }: Case): string {
  return `${name} (${section})\n`;
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
