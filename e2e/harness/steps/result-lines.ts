/** How a step ended, as far as a user sees it. */
export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or the name of a signal. */
  readonly exit: number | NodeJS.Signals;
}

/** The lines that stand for it in a step file. */
export function endingLines({ stdout, stderr, exit }: Ending): readonly string[] {
  return [
    ...streamLines('|', stdout),
    ...streamLines('!', stderr),
    ...(exit === 0 ? [] : [`exit ${exit}`]),
  ];
}

/** Lines that stand for what a stream said, or a screen shows. */
export function streamLines(prefix: '|' | '!', text: string): readonly string[] {
  if (text === '') return [];
  const isWhole = text.endsWith('\n');
  const lines = (isWhole ? text.slice(0, -1) : text).split('\n');
  return [
    ...lines.map((line) => (line === '' ? prefix : `${prefix} ${visible(line)}`)),
    ...(isWhole ? [] : ['\\ no newline']),
  ];
}

/** Control characters, and a space that nobody sees, as the pictures that Unicode has for them. */
function visible(line: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return line.replace(/[\x00-\x08\x0b-\x1f]| $/g, (character) =>
    String.fromCodePoint(0x2400 + (character.codePointAt(0) ?? 0)),
  );
}
