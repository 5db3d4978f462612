/** What a terminal sends for a key. */
const sequences: Readonly<Record<string, string>> = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  space: ' ',
  backspace: '\x7f',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  'page-up': '\x1b[5~',
  'page-down': '\x1b[6~',
};

/** `enter`, `down`, `ctrl-c` … as bytes. */
export function keySequence(key: string): string {
  const [, letter] = /^ctrl-([a-z])$/.exec(key) ?? [];
  if (letter !== undefined) return String.fromCharCode(letter.charCodeAt(0) - 0x60);
  const sequence = sequences[key];
  if (sequence === undefined) throw new Error(`no key is called "${key}"`);
  return sequence;
}
