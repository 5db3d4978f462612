import { getNodeValue } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import { parseJsonDocument } from './json-document.js';
import { ManifestPlace } from './manifest-place.js';
import type { SourceRange } from './source-range.js';
import type { Sink } from './sink.js';

/** The fields of a package.json that say what a package needs. */
export type ManifestDependencyField =
  'dependencies' | 'devDependencies' | 'peerDependencies' | 'optionalDependencies';

/** One entry of such a field, as written. */
interface DeclaredDependency {
  readonly name: string;
  /** `^1.2.0`, `workspace:*`, `file:../lib`, … */
  readonly spec: string;
  readonly field: ManifestDependencyField;
}

/** What is used of a package.json. Fields of other types than npm documents are left out. */
export interface PackageManifest {
  readonly file: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Command lines by name. */
  readonly scripts: ReadonlyMap<string, string>;
  readonly dependencies: readonly DeclaredDependency[];
  /** Globs of member packages, from an array or from `{ packages }`; undefined when not a root. */
  readonly workspaces: readonly string[] | undefined;
  /** The value of the field that these names lead to. */
  placeOf(...path: readonly string[]): SourceRange;
  /** The name of that field. */
  nameOf(...path: readonly string[]): SourceRange;
}

const dependencyFields: readonly ManifestDependencyField[] = [
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
];

/** Reads a package.json. A syntax error is a problem, and an empty manifest. */
export function parsePackageManifest(
  file: string,
  text: string,
  problems: Sink<ConfigProblem>,
): PackageManifest {
  const root = asObject(parseValue(file, text, problems));
  const workspaces = root['workspaces'];
  const globs = Array.isArray(workspaces) ? workspaces : asObject(workspaces)['packages'];
  return {
    file,
    name: stringOf(root['name']),
    version: stringOf(root['version']),
    scripts: new Map(textsOf(root['scripts'])),
    dependencies: dependencyFields.flatMap((field) =>
      root[field] === undefined
        ? []
        : textsOf(root[field]).map(([name, spec]) => ({ name, spec, field })),
    ),
    workspaces: Array.isArray(globs)
      ? globs.filter((glob): glob is string => typeof glob === 'string')
      : undefined,
    placeOf: (...path) => new ManifestPlace(file, text, path, 'value'),
    nameOf: (...path) => new ManifestPlace(file, text, path, 'key'),
  };
}

/** A workspace has thousands of these: the parser that knows places is for those it stumbles over. */
function parseValue(file: string, text: string, problems: Sink<ConfigProblem>): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { root } = parseJsonDocument(file, text, problems);
    return root === undefined ? undefined : getNodeValue(root);
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: unknown): readonly (readonly [name: string, text: string])[] {
  if (Array.isArray(value)) return [];
  return Object.entries(asObject(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
}
