import fs from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import path from 'node:path';
import type { Look, LookKind } from './look.js';
import { LookTable } from './look-table.js';

type Call = (...args: readonly unknown[]) => unknown;
type Calls = Record<string, Call>;

/** They are about a descriptor, and what was opened is known. */
const ABOUT_DESCRIPTORS = [
  'closeSync',
  'fstatSync',
  'readSync',
  'writeSync',
  'futimesSync',
  'read',
];

/** By function, the arguments that name what is changed. */
const CHANGES: Readonly<Record<string, readonly number[]>> = {
  appendFileSync: [0],
  chmodSync: [0],
  mkdirSync: [0],
  renameSync: [0, 1],
  rmSync: [0],
  utimesSync: [0],
  writeFileSync: [0],
};

const { O_WRONLY, O_RDWR, O_NOFOLLOW } = fs.constants;

/**
 * Knows of everything that this process looks at through node:fs, what was found there. Taken before the look itself
 * or with it: what is changed later differs from what is known.
 *
 * The functions of node:fs are replaced while it works. Those that it does not know, and errors that say neither that
 * something is there nor that nothing is, make it give up: it says so, and nothing else changes.
 */
export class LookRecorder {
  readonly #looks = new LookTable();
  readonly #changed = new Set<string>();
  readonly #replaced = new Map<Calls, Map<string, Call>>();
  readonly #resolved = new Set<string>();
  readonly #existsSync = fs.existsSync;
  readonly #lstat = fs.lstatSync;
  readonly #stat = fs.statSync;
  readonly #readlink = fs.readlinkSync;
  #gaveUp: string | undefined;

  /** Why there is no saying what was looked at; undefined when all of it is known. */
  get gaveUp(): string | undefined {
    return this.#gaveUp;
  }

  /** All looks but those at these paths. */
  looks(but: ReadonlySet<string>): readonly Look[] {
    return this.#looks.list(but);
  }

  /** Paths that were, or may have been, changed by this process. */
  get changed(): ReadonlySet<string> {
    return this.#changed;
  }

  start(): void {
    const sync = fs as unknown as Calls;
    this.#replace(sync, (name, call) => this.#replacement(name, call));
    const later = fs.promises as unknown as Calls;
    this.#replace(later, (name, call) => this.#replacement(`promises.${name}`, call));
  }

  /** Puts the functions back. */
  stop(): void {
    for (const [target, calls] of this.#replaced) {
      for (const [name, call] of calls) target[name] = call;
    }
  }

  giveUp(reason: string): void {
    this.#gaveUp ??= reason;
  }

  /** Looks at a path for its content, as if somebody had read it. */
  add(file: string): void {
    this.#know(file, true);
  }

  #replace(target: Calls, replacement: (name: string, call: Call) => Call): void {
    const calls = new Map<string, Call>();
    for (const [name, call] of Object.entries(target)) {
      // What begins with a capital letter is a class.
      if (typeof call !== 'function' || /^[A-Z_]/.test(name)) continue;
      calls.set(name, call);
      target[name] = replacement(name, call);
    }
    this.#replaced.set(target, calls);
  }

  #replacement(name: string, call: Call): Call {
    if (ABOUT_DESCRIPTORS.includes(name)) return call;
    const named = CHANGES[name];
    if (named !== undefined) return this.#changing(name, call, named);
    switch (name) {
      case 'statSync':
        return this.#taking(call, true);
      case 'lstatSync':
        return this.#taking(call, false);
      case 'existsSync':
        return (file) => this.#exists(file) ?? call(file);
      case 'readdirSync':
        return this.#listing(call);
      case 'accessSync':
      case 'promises.readFile':
        return this.#reading(call, true);
      case 'readlinkSync':
        return this.#reading(call, false);
      case 'readFileSync':
        return this.#readingFile(call);
      case 'openSync':
        return this.#opening(call);
      case 'realpathSync': {
        const { native } = call as unknown as { native: Call };
        return Object.assign(this.#resolving(call), { native: this.#resolving(native) });
      }
      default:
        return (...args) => {
          this.giveUp(`fs.${name}`);
          return call(...args);
        };
    }
  }

  /** stat and lstat: what they give is what is to be known. */
  #taking(call: Call, follows: boolean): Call {
    return (file, ...rest) => {
      try {
        const stat = call(file, ...rest) as Stats | BigIntStats | undefined;
        this.#note(file, follows, stat);
        return stat;
      } catch (error) {
        this.#noteError(file, follows, error);
        throw error;
      }
    };
  }

  #exists(file: unknown): boolean | undefined {
    if (typeof file !== 'string') {
      this.giveUp('a path in bytes');
      return undefined;
    }
    if (this.#existsSync(file)) {
      this.#add('there', true, file);
      return true;
    }
    try {
      // It says no also where it cannot tell.
      if (this.#stat(file, { throwIfNoEntry: false }) === undefined)
        this.#add('absent', true, file);
      else this.giveUp('a file that comes and goes');
    } catch (error) {
      this.#noteError(file, true, error);
    }
    return false;
  }

  #reading(call: Call, follows: boolean): Call {
    return (file, ...rest) => {
      this.#know(file, follows);
      return call(file, ...rest);
    };
  }

  /** Node lists what is below with calls of its own. */
  #listing(call: Call): Call {
    const reading = this.#reading(call, true);
    return (directory, options, ...rest) => {
      const { recursive } = Object(options) as { readonly recursive?: unknown };
      if (recursive === true) this.giveUp('a listing of a whole tree');
      return reading(directory, options, ...rest);
    };
  }

  #readingFile(call: Call): Call {
    return (file, ...rest) => {
      if (typeof file !== 'number') this.#know(file, true);
      return call(file, ...rest);
    };
  }

  #opening(call: Call): Call {
    return (file, flags = 'r', ...rest) => {
      const reads = typeof flags === 'number' ? (flags & (O_WRONLY | O_RDWR)) === 0 : flags === 'r';
      if (!reads) this.#change(file);
      else this.#know(file, typeof flags !== 'number' || (flags & O_NOFOLLOW) === 0);
      return call(file, flags, ...rest);
    };
  }

  #resolving(call: Call): Call {
    return (file, ...rest) => {
      this.#knowWay(file);
      return call(file, ...rest);
    };
  }

  #changing(name: string, call: Call, named: readonly number[]): Call {
    return (...args) => {
      try {
        const result = call(...args);
        for (const index of named) this.#change(args[index]);
        return result;
      } catch (error) {
        // A directory that is there already stays as it is.
        const isThere = name === 'mkdirSync' && (error as NodeJS.ErrnoException).code === 'EEXIST';
        if (!isThere) for (const index of named) this.#change(args[index]);
        throw error;
      }
    };
  }

  #change(file: unknown): void {
    if (typeof file === 'string') this.#changed.add(path.resolve(file));
    else this.giveUp('a path in bytes');
  }

  /** Before something is read: what is there is known by its stamp. Entries of a directory, too. */
  #know(file: unknown, follows: boolean): void {
    if (typeof file !== 'string') {
      this.giveUp('a path in bytes');
      return;
    }
    try {
      const look = follows ? this.#stat : this.#lstat;
      const stat = look(file, { throwIfNoEntry: false });
      if (stat === undefined) this.#add('absent', follows, file);
      else this.#add('stamp', follows, file, stat);
    } catch (error) {
      this.#noteError(file, follows, error);
    }
  }

  /** All that decides where a path leads: that what is above is no link, or which one it is. */
  #knowWay(file: unknown): void {
    if (typeof file !== 'string' || !path.isAbsolute(file)) {
      this.giveUp('a path in bytes, or a relative one');
      return;
    }
    // As many as the kernel follows.
    let links = 40;
    const steps = file.split('/').reverse();
    let at = '';
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if (step === '' || step === '.') continue;
      if (step === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
        continue;
      }
      const next = `${at}/${step}`;
      if (this.#resolved.has(next)) {
        at = next;
        continue;
      }
      try {
        const stat = this.#lstat(next, { throwIfNoEntry: false });
        if (stat === undefined) {
          this.#add('absent', false, next);
          return;
        }
        if (stat.isSymbolicLink()) {
          this.#add('stamp', false, next, stat);
          const target = this.#readlink(next);
          if (--links < 0) throw new Error('too many links');
          if (target.startsWith('/')) at = '';
          steps.push(...target.split('/').reverse());
          continue;
        }
        if (stat.isDirectory()) this.#add('directory', false, next);
        else this.#add('stamp', false, next, stat);
        this.#resolved.add(next);
        at = next;
      } catch (error) {
        this.#noteError(next, false, error);
        return;
      }
    }
  }

  #note(file: unknown, follows: boolean, stat: Stats | BigIntStats | undefined): void {
    if (typeof file !== 'string') {
      this.giveUp('a path in bytes');
    } else if (stat === undefined) {
      this.#add('absent', follows, file);
    } else {
      this.#add(stat.isDirectory() ? 'place' : 'stamp', follows, file, stat);
    }
  }

  #noteError(file: unknown, follows: boolean, error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof file === 'string' && (code === 'ENOENT' || code === 'ENOTDIR')) {
      this.#add('absent', follows, file);
    } else {
      this.giveUp(`${code ?? 'an error'} of a look`);
    }
  }

  #add(kind: LookKind, follows: boolean, file: string, stat?: Stats | BigIntStats): void {
    // Then nobody will ask for them.
    if (this.#gaveUp !== undefined) return;
    this.#looks.add(kind, follows, file.startsWith('/') ? file : path.resolve(file), stat);
  }
}
