/** One system call as strace wrote it. */
export interface StracedCall {
  readonly pid: number;
  /** Seconds; the order of calls over all processes. */
  readonly time: number;
  readonly name: string;
  /** As written, with descriptors' paths: `AT_FDCWD</ws>`, `"a\"b"`, `O_RDONLY|O_CLOEXEC`. */
  readonly args: readonly string[];
  /** The number returned; -1 for a failure. */
  readonly result: number;
  /** `ENOENT` and the like; empty if it did not fail. */
  readonly errno: string;
}

/** Reads a file of `strace -ff -ttt -y`; lines that are no whole calls (signals, exits) are left out. */
export function parseStrace(pid: number, text: string): StracedCall[] {
  const calls: StracedCall[] = [];
  for (const line of text.split('\n')) {
    const match = /^([\d.]+) (\w+)\((.*)\) += (-?\d+|0x[\da-f]+)(?:<.*?>)?(?: (E\w+))?/.exec(line);
    if (match === null) continue;
    const [, time = '', name = '', args = '', result = '', errno = ''] = match;
    calls.push({
      pid,
      time: Number(time),
      name,
      args: splitArgs(args),
      result: Number(result),
      errno,
    });
  }
  return calls;
}

/** At commas outside strings, descriptors, structures and lists. */
function splitArgs(text: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if ('<{['.includes(char)) depth++;
    else if ('>}]'.includes(char)) depth--;
    else if (char === ',' && depth === 0) {
      args.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  args.push(text.slice(start).trim());
  return args;
}

/** The text of a quoted argument; undefined if it is none, or was cut. */
export function unquote(arg: string | undefined): string | undefined {
  if (arg === undefined || !arg.startsWith('"') || !arg.endsWith('"')) return undefined;
  return arg.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

/** The path that strace shows for a descriptor. */
export function pathOfDescriptor(arg: string | undefined): string | undefined {
  return /^(?:AT_FDCWD|\d+)<(\/.*)>$/.exec(arg ?? '')?.[1];
}
