import type { Finding } from '../conformance/finding.js';
import type { Style } from './style.js';

/** One finding, with its line end; more lines where a client fails. */
export function findingText(finding: Finding, style: Style): string {
  switch (finding.kind) {
    case 'conforms':
      return `${style.green('✓')} ${finding.case}\n`;
    case 'fails':
      return `${style.red('✗')} ${finding.case}\n${indented(finding.detail)}${
        finding.stderr === '' ? '' : `    it printed:\n${indented(finding.stderr, 6)}`
      }`;
    case 'unsupported':
      return `${style.yellow('-')} ${finding.case}\n    not tried: the driver does not support ${finding.operation}\n`;
    case 'untestable':
      return `${style.yellow('-')} ${finding.case}\n    not tried: ${finding.detail}\n`;
  }
}

/** The last line. */
export function conformanceSummary(findings: readonly Finding[]): string {
  const count = (kinds: readonly Finding['kind'][]) =>
    findings.filter(({ kind }) => kinds.includes(kind)).length;
  const parts = [`${count(['conforms'])} of ${findings.length} demands are met`];
  const failed = count(['fails']);
  const untried = count(['unsupported', 'untestable']);
  if (failed > 0) parts.push(`${failed} are not`);
  if (untried > 0) parts.push(`${untried} could not be tried`);
  return `\n${parts.join(', ')}.\n`;
}

function indented(text: string, by = 4): string {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => (line === '' ? '\n' : `${' '.repeat(by)}${line}\n`)).join('');
}
