import { decodeField, encodeField } from './field.js';

/** What a driver can be told to do with the client library it is built around. */
export type Operation =
  | { readonly do: 'ignore-input' | 'ignore-output'; readonly path: string | Uint8Array }
  | { readonly do: 'disable-cache'; readonly reason: string }
  | { readonly do: 'get-env'; readonly name: string; readonly tracked?: boolean }
  | {
      readonly do: 'get-envs';
      readonly pattern: { readonly glob: string } | { readonly prefix: string };
      readonly tracked?: boolean;
    }
  /** Which files match, relative to its working directory. */
  | {
      readonly do: 'depend-on-glob';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    }
  /** What is at a path. */
  | { readonly do: 'depend-on-exists'; readonly path: string }
  /** One value of a JSON file. */
  | { readonly do: 'depend-on-json'; readonly path: string; readonly pointer: string }
  /** All that it reads and writes. */
  | {
      readonly do: 'declare-complete';
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
    }
  /** On somebody's behalf. */
  | { readonly do: 'labelled'; readonly label: string; readonly operation: Operation }
  /** Whether a runner listens. */
  | { readonly do: 'inside' }
  /** Which version of the protocol both sides speak. */
  | { readonly do: 'version' }
  | { readonly do: 'chdir'; readonly path: string }
  /** In a child made by fork without exec. */
  | { readonly do: 'fork'; readonly operation: Operation }
  /** In so many threads at once. */
  | { readonly do: 'threads'; readonly count: number; readonly operation: Operation };

/** What a driver answered. */
export type Answer =
  | 'ok'
  | 'yes'
  | 'no'
  | { readonly value: string | undefined }
  | { readonly paths: readonly string[] }
  | { readonly set: Readonly<Record<string, string>> };

/** The line, without its end, that tells a driver. */
export function operationLine(operation: Operation): string {
  switch (operation.do) {
    case 'ignore-input':
    case 'ignore-output':
    case 'chdir':
      return `${operation.do} ${encodeField(operation.path)}`;
    case 'disable-cache':
      return `disable-cache ${encodeField(operation.reason)}`;
    case 'get-env':
      return `get-env ${encodeField(operation.name)} ${mode(operation)}`;
    case 'get-envs': {
      const { pattern } = operation;
      const [kind, text] = 'glob' in pattern ? ['glob', pattern.glob] : ['prefix', pattern.prefix];
      return `get-envs ${kind} ${encodeField(text)} ${mode(operation)}`;
    }
    case 'depend-on-glob':
      return `${operation.do} ${listOf(operation.include)} ${listOf(operation.exclude)}`;
    case 'depend-on-exists':
      return `${operation.do} ${encodeField(operation.path)}`;
    case 'depend-on-json':
      return `${operation.do} ${encodeField(operation.path)} ${encodeField(operation.pointer)}`;
    case 'declare-complete':
      return `${operation.do} ${listOf(operation.inputs)} ${listOf(operation.outputs)}`;
    case 'labelled':
      return `labelled ${encodeField(operation.label)} ${operationLine(operation.operation)}`;
    case 'inside':
    case 'version':
      return operation.do;
    case 'fork':
      return `fork ${operationLine(operation.operation)}`;
    case 'threads':
      return `threads ${operation.count} ${operationLine(operation.operation)}`;
  }
}

/** What a driver's line means; undefined if it means nothing. */
export function parseAnswer(line: string): Answer | 'unsupported' | undefined {
  const [word = '', ...fields] = line.split(' ');
  switch (word) {
    case 'ok':
    case 'yes':
    case 'no':
    case 'unsupported':
      return fields.length === 0 ? word : undefined;
    case 'absent':
      return fields.length === 0 ? { value: undefined } : undefined;
    case 'value': {
      const [field, more] = fields;
      const value = field === undefined ? undefined : decodeField(field);
      return value === undefined || more !== undefined ? undefined : { value: value.toString() };
    }
    case 'set':
      return parseSet(fields);
    case 'paths':
      return parsePaths(fields);
    default:
      return undefined;
  }
}

function parseSet(fields: readonly string[]): Answer | undefined {
  const set: Record<string, string> = {};
  for (const field of fields) {
    const [name, value, more] = field.split('=').map(decodeField);
    if (name === undefined || value === undefined || more !== undefined) return undefined;
    set[name.toString()] = value.toString();
  }
  return { set };
}

function parsePaths(fields: readonly string[]): Answer | undefined {
  const paths: string[] = [];
  for (const field of fields) {
    const path = decodeField(field);
    if (path === undefined) return undefined;
    paths.push(path.toString());
  }
  return { paths };
}

/** A comma in a field is escaped. */
function listOf(fields: readonly string[]): string {
  return fields.length === 0 ? '-' : fields.map(encodeField).join(',');
}

function mode({ tracked = true }: { readonly tracked?: boolean }): string {
  return tracked ? 'tracked' : 'untracked';
}
