import { createRequire } from 'node:module';
import { expandBraces } from './expand-braces.js';

/** Whether a name or a path is matched. */
export type Matcher = (text: string) => boolean;

type Nanomatch = {
  matcher(pattern: string, options: { dot: boolean; nonegate: boolean }): Matcher;
};

let nanomatch: Nanomatch | undefined;

/** Whether any character of the pattern is more than itself. */
export function isGlob(pattern: string): boolean {
  return /[*?[\]{}\\]/.test(pattern);
}

/** Takes every character of `text` literally in a glob. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]{}\\]/g, '\\$&');
}

/**
 * Matcher of one path glob: `*` and `?` stay within a segment, `**` crosses them, `[…]`, `{a,b}`.
 * Names that start with a dot are matched like others. `dir/**` also matches `dir` itself, so that
 * it means the whole subtree. A glob whose syntax is broken matches itself literally.
 */
export function pathMatcher(glob: string): Matcher {
  if (!isGlob(glob)) return (path) => path === glob;
  if (glob === '**') return () => true;
  const subtree = glob.endsWith('/**') ? glob.slice(0, -3) : undefined;
  if (subtree !== undefined && !isGlob(subtree)) {
    return (path) => path === subtree || path.startsWith(`${subtree}/`);
  }
  return anyOf(expandBraces(glob).map(matchSegments));
}

/** Matcher of one glob over names of variables, where `*` stands for any characters. */
export function nameMatcher(glob: string): Matcher {
  if (!isGlob(glob)) return (name) => name === glob;
  // Only stars, as nearly always: not worth the time it takes to load the library.
  if (!/[?[\]{}\\]/.test(glob)) {
    const parts = glob.split(/\*+/).map((part) => part.replace(/[^\w]/g, '\\$&'));
    const expression = new RegExp(`^${parts.join('.*')}$`, 's');
    return (name) => expression.test(name);
  }
  return anyOf(expandBraces(glob).map(matchOne));
}

/** Matcher of a list in which `!` excludes: some glob matches and no excluding one does. */
export function nameListMatcher(patterns: readonly string[]): Matcher {
  const include = patterns.filter((p) => !p.startsWith('!')).map(nameMatcher);
  const exclude = patterns.filter((p) => p.startsWith('!')).map((p) => nameMatcher(p.slice(1)));
  return (name) => anyOf(include)(name) && !anyOf(exclude)(name);
}

/** Matcher of paths that some glob of `include` and none of `exclude` matches. */
export function pathListMatcher(include: readonly string[], exclude: readonly string[]): Matcher {
  const wanted = anyOf(include.map(pathMatcher));
  const unwanted = anyOf(exclude.map(pathMatcher));
  return (path) => wanted(path) && !unwanted(path);
}

function anyOf(matchers: readonly Matcher[]): Matcher {
  return (text) => matchers.some((matches) => matches(text));
}

/** Any number of directories, none as well. */
const anyDepth = Symbol('**');

/**
 * Matches segment by segment. The library could take the glob as a whole, but there its `**` crosses
 * parts of names: `srcs/test` is matched by `src`, `**` and `test` with slashes between. That would exclude files that count.
 */
function matchSegments(glob: string): Matcher {
  const segments = glob.split('/');
  if (!glob.includes('[')) return expressionMatcher(pathSource(segments));
  const parts = segments.map((segment) =>
    segment === '**'
      ? anyDepth
      : segment.includes('[')
        ? matchOne(segment)
        : expressionMatcher(segmentSource(segment)),
  );
  return (path) => matchParts(parts, path.split('/'));
}

function matchParts(
  parts: readonly (Matcher | typeof anyDepth)[],
  names: readonly string[],
): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return names.length === 0;
  if (part !== anyDepth) {
    const [name, ...others] = names;
    return name !== undefined && part(name) && matchParts(rest, others);
  }
  return rest.length === 0 || names.some((_, skipped) => matchParts(rest, names.slice(skipped)));
}

function pathSource(segments: readonly string[]): string {
  const last = segments.length - 1;
  return segments
    .map((segment, index) => {
      if (segment === '**') return index === last ? '.*' : '(?:[^/]+/)*';
      // What `dir/**` matches begins with the directory itself.
      const isSubtree = index === last - 1 && segments[last] === '**';
      return segmentSource(segment) + (index === last ? '' : isSubtree ? '(?:/|$)' : '/');
    })
    .join('');
}

/** The source of a regular expression for a segment without brackets. */
function segmentSource(segment: string): string {
  // Stars alone stand for a name, and a name is not empty.
  if (/^\*+$/.test(segment)) return '[^/]+';
  return segment.replace(/\\(.)|\*+|\?|[^\w]/gs, (found, escaped?: string) => {
    if (escaped !== undefined) return escaped.replace(/[^\w]/, '\\$&');
    if (found.startsWith('*')) return '[^/]*';
    return found === '?' ? '[^/]' : `\\${found}`;
  });
}

function expressionMatcher(source: string): Matcher {
  const expression = new RegExp(`^${source}$`, 's');
  return (text) => expression.test(text);
}

function matchOne(glob: string): Matcher {
  // Loaded when a glob first needs it: loading takes longer than a whole cache hit.
  nanomatch ??= createRequire(import.meta.url)('nanomatch') as Nanomatch;
  // The library has no extglobs but stumbles over their characters unless they are escaped.
  const escaped = glob.replace(/\\.|[()|]/gs, (found) =>
    found.startsWith('\\') ? found : `\\${found}`,
  );
  try {
    return nanomatch.matcher(escaped, { dot: true, nonegate: true });
  } catch {
    return (text) => text === glob;
  }
}
