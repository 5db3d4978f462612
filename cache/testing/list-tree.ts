import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** All paths below a directory but node_modules, with mode and content: for comparing whole trees. */
export function listTree(root: string, under = ''): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(join(root, under)).sort()) {
    const path = under === '' ? name : `${under}/${name}`;
    if (path === 'node_modules') continue;
    const absolute = join(root, path);
    const stat = lstatSync(absolute);
    const mode = (stat.mode & 0o777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(absolute)}`);
    else if (stat.isDirectory()) lines.push(`${path}/ ${mode}`, ...listTree(root, path));
    else lines.push(`${path} ${mode} ${readFileSync(absolute, 'utf8')}`);
  }
  return lines;
}
