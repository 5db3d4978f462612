import type { LinkHistory } from './link-history.js';

/** A symlink that was walked. */
interface WalkedLink {
  readonly path: string;
  readonly target: string;
}

/** Where a path of the log led at its moment. */
export interface Resolution {
  /** Physical, absolute, clean. Below `missing`, as written. */
  readonly path: string;
  readonly links: readonly WalkedLink[];
  /**
   * Components that a `..` stands behind, in order: if one was no directory at the time, the lookup
   * failed there, and `path` is meaningless.
   */
  readonly backedOutOf?: readonly string[];
  /** Led through a symlink of /proc that means something else in every process. */
  readonly procLink?: string;
  /** A symlink on the way was removed by the task and its text with it: `path` is meaningless. */
  readonly lostLink?: string;
  /** Symlinks in a circle, or more than the system follows; `path` is the first one not followed. */
  readonly loop?: boolean;
}

/** Linux gives up with ELOOP after this many (MAXSYMLINKS). */
const MAX_LINKS = 40;

const noLinks: readonly WalkedLink[] = [];
const root: Resolution = { path: '/', links: noLinks };

/**
 * Resolves the log's unclean paths as the kernel did, after the run. Calls must come in the order
 * of their moments: what was learned of directories is kept until the next change of names.
 */
export class PathResolver {
  #directories = new Map<string, Resolution>();
  #epoch = 0;

  constructor(private readonly history: LinkHistory) {}

  /**
   * `finalIsLink`: whether the last component was seen to be a symlink at the time; undefined when
   * it was not seen.
   */
  resolve(raw: string, at: number, follow: boolean, finalIsLink: boolean | undefined): Resolution {
    while (this.#epoch < this.history.times.length && this.history.times[this.#epoch]! < at) {
      this.#epoch++;
      this.#directories.clear();
    }
    const end = trimSlashes(raw);
    const slash = raw.lastIndexOf('/', end - 1);
    const name = raw.slice(slash + 1, end);
    // A slash or dot behind a name makes the system follow it, whatever the call.
    const mustFollow = end < raw.length || name === '.' || name === '..';
    if (mustFollow) return this.#directory(raw, at, 0);
    const parent = this.#directory(raw.slice(0, slash), at, 0);
    if (isDeadEnd(parent)) return through(parent, name);
    // Nearly always the path is physical as it is: the same string is cheaper than an equal one.
    const isPhysical = end === raw.length && slash > 0 && parent.path === raw.slice(0, slash);
    const path = isPhysical ? raw : join(parent.path, name);
    if (!follow || finalIsLink === false) return reached(parent, path);
    if (isProcLink(parent.path, name)) return { ...parent, procLink: '' };
    return this.#step(parent, path, at, 0, finalIsLink);
  }

  #directory(raw: string, at: number, depth: number): Resolution {
    const end = trimSlashes(raw);
    if (end === 0) return root;
    const clean = end === raw.length ? raw : raw.slice(0, end);
    const known = this.#directories.get(clean);
    if (known !== undefined) return known;
    const slash = clean.lastIndexOf('/');
    const parent = this.#directory(clean.slice(0, slash), at, depth);
    const resolution = this.#walk(parent, clean.slice(slash + 1), at, depth);
    if (!resolution.loop) this.#directories.set(clean, resolution);
    return resolution;
  }

  #walk(base: Resolution, name: string, at: number, depth: number): Resolution {
    if (name === '' || name === '.') return base;
    if (isDeadEnd(base)) return through(base, name);
    if (name === '..') {
      if (base.path === '/') return base;
      return {
        ...base,
        path: base.path.slice(0, base.path.lastIndexOf('/')) || '/',
        backedOutOf: [...(base.backedOutOf ?? []), base.path],
      };
    }
    if (isProcLink(base.path, name)) return { ...base, procLink: '' };
    return this.#step(base, join(base.path, name), at, depth, undefined);
  }

  #step(
    base: Resolution,
    path: string,
    at: number,
    depth: number,
    isLink: boolean | undefined,
  ): Resolution {
    const state = this.history.linkAt(path, at);
    if (state.kind === 'unknown') return { ...reached(base, path), lostLink: path };
    // Seen as a symlink, and nothing tells of one: somebody else removed it.
    if (state.kind === 'none') {
      return isLink === true ? { ...reached(base, path), lostLink: path } : reached(base, path);
    }
    const links = [...base.links, { path, target: state.target }];
    // What was backed out of on the way to a loop was passed before it.
    if (depth >= MAX_LINKS || links.length > MAX_LINKS) return { ...base, path, links, loop: true };
    const text = state.target.startsWith('/') ? state.target : `${base.path}/${state.target}`;
    const target = this.#directory(text, at, depth + 1);
    const walked = target.links.length === 0 ? links : [...links, ...target.links];
    if (target.loop === true || walked.length > MAX_LINKS) {
      return { ...base, path, links: walked.slice(0, MAX_LINKS), loop: true };
    }
    return {
      ...target,
      links: walked,
      ...(base.backedOutOf !== undefined && {
        backedOutOf: [...base.backedOutOf, ...(target.backedOutOf ?? [])],
      }),
    };
  }
}

function isDeadEnd(resolution: Resolution): boolean {
  return (
    resolution.procLink !== undefined ||
    resolution.lostLink !== undefined ||
    resolution.loop === true
  );
}

function through(base: Resolution, name: string): Resolution {
  return base.procLink === undefined
    ? base
    : { ...base, procLink: base.procLink === '' ? name : `${base.procLink}/${name}` };
}

function isProcLink(directory: string, name: string): boolean {
  return directory === '/proc' && /^(?:self|thread-self|\d+)$/.test(name);
}

function reached(base: Resolution, path: string): Resolution {
  return base.backedOutOf === undefined
    ? { path, links: base.links }
    : { path, links: base.links, backedOutOf: base.backedOutOf };
}

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

function trimSlashes(path: string): number {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === 47) end--;
  return end;
}
