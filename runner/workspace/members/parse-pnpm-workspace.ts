import type { Document, Node, ParsedNode } from 'yaml';
import type { SourceRange } from '../../config/source-range.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import type { MemberGlob, MemberSettings } from './member-globs.js';
import type { Sink } from '../../config/sink.js';

/**
 * Reads what concerns packages of a pnpm-workspace.yaml: `packages`, `catalog` and `catalogs`.
 * Without `packages` the root is the only one, as for pnpm.
 */
export async function parsePnpmWorkspace(
  file: string,
  text: string,
  problems: Sink<WorkspaceProblem>,
): Promise<MemberSettings> {
  // Loaded here: only workspaces of pnpm pay for it, and only when their packages are asked for.
  const yaml = await import('yaml');
  const document = yaml.parseDocument(text);
  const place = (offset: number, end: number): SourceRange => ({
    file,
    text,
    offset,
    length: Math.max(0, end - offset),
  });
  for (const error of document.errors.slice(0, 1)) {
    const [first = ''] = error.message.split('\n');
    const detail = first.replace(/ at line \d+, column \d+:?$/, '');
    problems.push({ kind: 'yaml-error', detail, at: place(error.pos[0], error.pos[1]) });
  }
  if (document.errors.length > 0) return { globs: [], catalogs: new Map() };

  const globs: MemberGlob[] = [];
  const packages = document.get('packages', true) as Node | undefined;
  const at = (node: Node | undefined): SourceRange =>
    place(node?.range?.[0] ?? 0, node?.range?.[1] ?? 0);
  const expected = 'a list of globs';
  if (yaml.isSeq(packages)) {
    for (const item of packages.items as Node[]) {
      if (yaml.isScalar(item) && typeof item.value === 'string') {
        globs.push({ glob: item.value, at: at(item) });
      } else {
        const got = 'an item that is no string';
        problems.push({ kind: 'wrong-type', field: 'packages', expected, got, at: at(item) });
      }
    }
  } else if (packages !== undefined && !(yaml.isScalar(packages) && packages.value === null)) {
    const got = yaml.isMap(packages) ? 'a mapping' : 'a single value';
    problems.push({ kind: 'wrong-type', field: 'packages', expected, got, at: at(packages) });
  }
  return { globs, catalogs: readCatalogs(document) };
}

function readCatalogs(
  document: Document<ParsedNode>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const { catalog, catalogs } = asObject(document.toJS());
  const named = Object.entries(asObject(catalogs)).map(
    ([name, ranges]) => [name, textsOf(ranges)] as const,
  );
  return new Map([
    ...named,
    ...(catalog === undefined ? [] : [['default', textsOf(catalog)] as const]),
  ]);
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(asObject(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
