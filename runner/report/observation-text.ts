import type { Observation } from '../../cache/observation.js';

/** A fact that a result depends on; who made it and what was found do not matter here. */
type ObservedFact = Observation extends infer O
  ? O extends Observation
    ? Omit<O, 'observer'>
    : never
  : never;

/** What was observed, in a few words: `'src' (folder)`, `'.env.local' (missing)`, `env 'MODE'`. */
export function observationText(fact: ObservedFact): string {
  switch (fact.kind) {
    case 'content':
      return quoted(fact.path);
    case 'absence':
      return `${quoted(fact.path)} (missing)`;
    case 'existence':
      return `${quoted(fact.path)} (${existenceText(fact.entry)})`;
    case 'link':
      return `${quoted(fact.path)} (link to '${fact.target}')`;
    case 'listing':
      return `${quoted(fact.path)} (folder)`;
    case 'glob':
      return `files of ${globsText(fact.include, fact.exclude)}`;
    case 'json': {
      const where = fact.pointer === '' ? 'JSON' : `'${fact.pointer}'`;
      return `${where} of ${quoted(fact.path)}${fact.valueDigest === null ? ' (not there)' : ''}`;
    }
    case 'program':
      return `program '${fact.path}'`;
    case 'root':
      return `workspace at '${fact.path}'`;
    case 'env':
      return `env '${fact.name}'${fact.valueDigest === null ? ' (not set)' : ''}`;
    case 'env-query': {
      const pattern = 'glob' in fact.pattern ? fact.pattern.glob : `${fact.pattern.prefix}*`;
      const names = fact.matches.map(({ name }) => name).join(', ');
      return `envs '${pattern}' (${names === '' ? 'none set' : names})`;
    }
  }
}

function existenceText(entry: 'file' | 'directory' | 'symlink' | 'other'): string {
  switch (entry) {
    case 'file':
      return 'exists';
    case 'directory':
      return 'folder exists';
    case 'symlink':
      return 'link exists';
    case 'other':
      return 'special file';
  }
}

function globsText(include: readonly string[], exclude: readonly string[]): string {
  return [...include, ...exclude.map((glob) => `!${glob}`)].map((glob) => `'${glob}'`).join(', ');
}

function quoted(path: string): string {
  return path === '' ? 'workspace root' : `'${path}'`;
}
