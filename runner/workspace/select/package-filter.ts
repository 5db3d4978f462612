/** One value of `--filter`, understood. */
export interface PackageFilter {
  /** As written. */
  readonly text: string;
  /** `!…`: takes packages away. */
  readonly excludes: boolean;
  /** A name, in which `*` stands for any characters; undefined: any name. */
  readonly name: string | undefined;
  /** A glob over directories, as written; undefined: anywhere. */
  readonly directory: string | undefined;
  /** `…` behind: what the packages need too. */
  readonly dependencies: boolean;
  /** `…` before: what needs them too. */
  readonly dependents: boolean;
  /** `^`: without the packages themselves. */
  readonly withoutSelf: boolean;
}

/** Why a filter cannot be understood. `since`: pnpm's `[commit]`, which vt does not have. */
export type FilterMistake = 'empty' | 'braces' | 'since';

/**
 * Reads pnpm's syntax: `name`, `@scope/*`, `./dir`, `{dir}`, `name{dir}`, each with `!` before, `...`
 * on either side and `^` next to it.
 */
export function parseFilter(text: string): PackageFilter | FilterMistake {
  let rest = text;
  const excludes = rest.startsWith('!');
  if (excludes) rest = rest.slice(1);
  let withoutSelf = false;
  const dependencies = rest.endsWith('...');
  if (dependencies) {
    rest = rest.slice(0, -3);
    if (rest.endsWith('^')) {
      rest = rest.slice(0, -1);
      withoutSelf = true;
    }
  }
  const dependents = rest.startsWith('...');
  if (dependents) {
    rest = rest.slice(3);
    if (rest.startsWith('^')) {
      rest = rest.slice(1);
      withoutSelf = true;
    }
  }
  if (/\[[^\]]*\]$/.test(rest) && !/^(\.{1,2}\/|\/)/.test(rest)) return 'since';
  const where = namesOf(rest);
  if (typeof where === 'string') return where;
  return { text, excludes, ...where, dependencies, dependents, withoutSelf };
}

/** Several filters may stand in one value, with spaces between them. */
export function splitFilters(value: string): readonly string[] {
  return value.match(/(?:\{[^{}]*\}|\S)+/g) ?? [''];
}

function namesOf(text: string): Pick<PackageFilter, 'name' | 'directory'> | FilterMistake {
  if (text === '') return 'empty';
  if (text === '.' || text === '..' || /^(\.{1,2}\/|\/)/.test(text)) {
    return { name: undefined, directory: text };
  }
  if (!/[{}]/.test(text)) return { name: text, directory: undefined };
  const braced = /^([^{}]*)\{(.+)\}$/s.exec(text);
  if (braced === null) return text.endsWith('{}') ? 'empty' : 'braces';
  const [, name = '', directory = ''] = braced;
  return { name: name === '' ? undefined : name, directory };
}
