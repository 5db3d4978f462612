import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** What is at a path, as far as a task's result may tell. */
export type Item =
  | {
      readonly kind: 'file';
      readonly content: string;
      readonly executable: boolean;
      /** The first path, in their order, of the same file, when it has several. */
      readonly linkOf?: string;
    }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string };

/** Everything below a directory, by relative path, in order. */
export type Tree = ReadonlyMap<string, Item>;

export function readTree(root: string): Tree {
  const tree = new Map<string, Item>();
  const firstNames = new Map<number, string>();
  const walk = (directory: string): void => {
    for (const name of readdirSync(path.join(root, directory)).sort()) {
      const place = directory === '' ? name : `${directory}/${name}`;
      const file = path.join(root, place);
      const stat = lstatSync(file);
      if (stat.isSymbolicLink()) tree.set(place, { kind: 'symlink', target: readlinkSync(file) });
      else if (stat.isDirectory()) {
        tree.set(place, { kind: 'directory' });
        walk(place);
      } else {
        const first = firstNames.get(stat.ino);
        if (stat.nlink > 1 && first === undefined) firstNames.set(stat.ino, place);
        tree.set(place, {
          kind: 'file',
          content: readFileSync(file, 'utf8'),
          executable: (stat.mode & 0o100) !== 0,
          ...(first !== undefined && { linkOf: first }),
        });
      }
    }
  };
  walk('');
  return tree;
}

/** Makes what is below `root` equal to the tree. What is right already is not touched. */
export function becomeTree(root: string, tree: Tree): void {
  for (const [place, item] of readTree(root)) {
    if (!isSame(item, tree.get(place)))
      rmSync(path.join(root, place), { recursive: true, force: true });
  }
  for (const [place, item] of tree) {
    const file = path.join(root, place);
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) continue;
    if (item.kind === 'directory') mkdirSync(file);
    else if (item.kind === 'symlink') symlinkSync(item.target, file);
    else if (item.linkOf !== undefined) linkSync(path.join(root, item.linkOf), file);
    else {
      writeFileSync(file, item.content);
      chmodSync(file, item.executable ? 0o755 : 0o644);
    }
  }
}

function isSame(a: Item, b: Item | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Equal to whoever looks: which names are the same file does not count. */
export function looksSame(a: Item | undefined, b: Item | undefined): boolean {
  if (a?.kind !== 'file' || b?.kind !== 'file') return JSON.stringify(a) === JSON.stringify(b);
  return a.content === b.content && a.executable === b.executable;
}

export function describeItem(item: Item | undefined): string {
  if (item === undefined) return 'nothing';
  if (item.kind === 'directory') return 'a directory';
  if (item.kind === 'symlink') return `a symlink to '${item.target}'`;
  return `${item.executable ? 'an executable' : 'a'} file with '${item.content}'`;
}
