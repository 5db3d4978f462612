import { getNodeValue } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import { fieldOf, fieldsOf, parseJsonDocument, rangeOf } from './json-document.js';
import type { CommandLine } from './task-definition.js';
import type { SourceRange } from './source-range.js';

/** A script of a package.json. */
interface Script {
  /** Where its name is written. */
  readonly at: SourceRange;
  readonly command: CommandLine;
}

/** What is used of a package.json. Fields of other types than npm documents are left out. */
export interface PackageManifest {
  readonly name: string | undefined;
  readonly scripts: ReadonlyMap<string, Script>;
  /** Globs of member packages, from an array or from `{ packages }`; undefined when not a root. */
  readonly workspaces: readonly string[] | undefined;
}

/** Reads a package.json. A syntax error is a problem, and an empty manifest. */
export function parsePackageManifest(
  file: string,
  text: string,
  problems: ConfigProblem[],
): PackageManifest {
  const document = parseJsonDocument(file, text, problems);
  const { root } = document;
  const name = fieldOf(root, 'name');
  const scripts = fieldOf(root, 'scripts');
  const workspaces = fieldOf(root, 'workspaces');
  const globs = workspaces?.type === 'object' ? fieldOf(workspaces, 'packages') : workspaces;
  return {
    name: name?.type === 'string' ? String(name.value) : undefined,
    scripts: new Map(
      (scripts === undefined ? [] : fieldsOf(scripts))
        .filter(({ value }) => value.type === 'string')
        .map(({ name: script, key, value }) => [
          script,
          {
            at: rangeOf(document, key),
            command: { text: String(value.value), at: rangeOf(document, value) },
          },
        ]),
    ),
    workspaces:
      globs?.type === 'array'
        ? (getNodeValue(globs) as unknown[]).filter((glob) => typeof glob === 'string')
        : undefined,
  };
}
