/** What an entry of `dependencies` names, as far as it can be a package of the workspace. */
export type DependencyTarget =
  /** Whatever its version. */
  | { readonly kind: 'workspace'; readonly name: string }
  /** If the local version satisfies the range. */
  | { readonly kind: 'range'; readonly name: string; readonly range: string }
  /** As written, relative to the package. */
  | { readonly kind: 'directory'; readonly directory: string }
  /** The range stands in pnpm-workspace.yaml. */
  | { readonly kind: 'catalog'; readonly name: string; readonly catalog: string }
  /** An address that no local package answers to: git, a URL, a patch. */
  | { readonly kind: 'elsewhere' };

/** Reads what npm, pnpm and yarn accept as the value of a dependency. */
export function dependencyTarget(name: string, spec: string): DependencyTarget {
  const colon = /^([a-z]+):(.*)$/s.exec(spec);
  if (colon === null) return plain(name, spec);
  const [, protocol = '', rest = ''] = colon;
  switch (protocol) {
    case 'workspace': {
      if (/^\.{1,2}(\/|$)/.test(rest)) return { kind: 'directory', directory: rest };
      return { kind: 'workspace', name: aliased(rest)?.name ?? name };
    }
    case 'npm': {
      const alias = aliased(rest);
      if (alias !== undefined) return { kind: 'range', ...alias };
      // yarn writes its default out: `npm:^1.0.0` is a range of the same name.
      return isRange(rest)
        ? { kind: 'range', name, range: rest }
        : { kind: 'range', name: rest, range: '*' };
    }
    case 'file':
    case 'link':
    case 'portal':
      return { kind: 'directory', directory: rest.replace(/^\/\/(?=\.)/, '') };
    case 'catalog':
      return { kind: 'catalog', name, catalog: rest.trim() === '' ? 'default' : rest.trim() };
    default:
      return { kind: 'elsewhere' };
  }
}

function plain(name: string, spec: string): DependencyTarget {
  const range = spec.trim();
  // npm takes bare paths too.
  if (/^(\.{1,2}\/|~\/)/.test(range)) return { kind: 'directory', directory: range };
  return /[/]/.test(range)
    ? { kind: 'elsewhere' }
    : { kind: 'range', name, range: range === '' ? '*' : range };
}

/** `name@range`, where the name may have a scope. */
function aliased(text: string): { readonly name: string; readonly range: string } | undefined {
  const at = text.lastIndexOf('@');
  return at > 0 ? { name: text.slice(0, at), range: text.slice(at + 1) } : undefined;
}

function isRange(text: string): boolean {
  return text === '' || /^[\d^~<>=*xXv ]/.test(text);
}
