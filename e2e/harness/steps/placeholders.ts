/** Where things are that differ from run to run. */
export interface Places {
  /** Root of the step file's own workspace. */
  readonly workspace: string;
  readonly home: string;
  /** Directory of the built vt, and the one in PATH with a link to it. */
  readonly dist: string;
  readonly bin: string;
}

/**
 * Puts names in place of what differs from run to run: `<time>`, `<pid>`, `<workspace>` … Only where vt
 * itself says such a thing; what a task prints is compared as it is.
 */
export function withPlaceholders(text: string, places: Places): string {
  return (
    text
      .replaceAll(places.workspace, '<workspace>')
      .replaceAll(places.home, '<home>')
      .replaceAll(places.dist, '<dist>')
      .replaceAll(places.bin, '<bin>')
      .replaceAll(process.execPath, '<node>')
      .replace(/\bpid \d+/g, 'pid <pid>')
      // Names of stored results, in lists and in sentences; a blob is named in the reason of a miss.
      .replace(/^[0-9a-f]{12}(?= )|\b[0-9a-f]{12}(?=, stored )/gm, '<entry>')
      .replace(/^(entry: +)[0-9a-f]{32}$/gm, '$1<entry>')
      .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '<date>')
      .replace(/^( *took:? +)(?:\d+m )?[\d.]+m?s(?=;|$)/gm, '$1<time>')
      .replace(/\bblob [0-9a-f]{64}/g, 'blob <digest>')
      .replace(/^(index: +)[\d.]+ \w+$/gm, '$1<size>')
      // Nothing is said of what is too little to be measured.
      .replace(
        /(cache hit|successful)(?:, (?:\d+m )?[\d.]+m?s saved)?\.( |$)/gm,
        '$1<, time saved>.$2',
      )
      .replace(/(succeeded|exited with \d+|ended by \w+) in (?:\d+m )?[\d.]+m?s/g, '$1 in <time>')
      // They come in the order of paths that differ from one machine to the next.
      .replace(/(?:^ +program '.*'\n){2,}/gm, inOrder)
      .replace(/^( *time: )(?:\d+m )?[\d.]+m?s(?:, (?:\d+m )?[\d.]+m?s saved)?$/gm, '$1<time>')
  );
}

function inOrder(lines: string): string {
  return lines
    .split(/(?<=\n)/)
    .sort()
    .join('');
}
