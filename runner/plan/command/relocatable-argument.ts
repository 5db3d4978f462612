import type { AbsolutePath } from '../../../cache/brands.js';

/**
 * An argument as a key holds it: the workspace's own path is replaced by a mark that no argument
 * can contain, so that the key is the same in a copy of the workspace elsewhere.
 */
export function relocatableArgument(argument: string, root: AbsolutePath): string {
  if (root === '/' || !argument.includes(root)) return argument;
  const escaped = root.replace(/[^\w/]/g, '\\$&');
  // Not within a longer path, such as /workspace-2 or /mnt/workspace; but after a flag's letter.
  const start = '(?:(?<![\\w./-])|(?<=(?:^|[\\s\'"=,])-[A-Za-z]))';
  const found = new RegExp(`${start}${escaped}(?![\\w.-])`, 'g');
  return argument.replace(found, '\0workspace');
}
