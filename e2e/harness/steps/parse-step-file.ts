import type { Expectation, Instruction, Size, StepFile } from './step-file.js';

/** Lines of this kind are results; all others are the author's. */
const result = /^(?:[|!](?: |$)|exit |\\ no newline$)/;

/** @throws an error that names the line, when the text is no step file. */
export function parseStepFile(text: string): StepFile {
  const lines = text.replace(/\n$/, '').split('\n');
  const instructions: Instruction[] = [];
  const pieces: (string | Expectation)[] = [];
  let shows: readonly string[] | undefined;
  /** A command that is not known to have ended. */
  let running: { command: string; line: number } | undefined;
  let at = 0;

  const mistake = (message: string): Error => new Error(`line ${at + 1}: ${message}`);
  const take = (): string => {
    const line = lines[at++] ?? '';
    pieces.push(line);
    return line;
  };
  const expectation = (): Expectation => {
    const found: string[] = [];
    while (result.test(lines[at] ?? '')) found.push(lines[at++] ?? '');
    const slot = { lines: found };
    pieces.push(slot);
    return slot;
  };
  /** Whether the lines after a command, but for remarks, say what to do while it runs. */
  const isAttended = (): boolean => {
    for (let next = at; next < lines.length; next++) {
      const line = lines[next] ?? '';
      if (/^(?:wait|press|type|resize) |^(?:screen|end)$/.test(line)) return true;
      if (line !== '' && !line.startsWith('#')) return false;
    }
    return false;
  };

  if (!/^# \S/.test(lines[0] ?? '')) throw mistake('a step file begins with `# ` and its title');
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const place = { line: at + 1 };
    const [word = '', rest = ''] = line.split(/ (.*)/s);
    const whileRunning = (): void => {
      if (running === undefined) throw mistake(`no command is running that "${word}" could be for`);
    };
    const notRunning = (): void => {
      if (running === undefined) return;
      throw mistake(`"${running.command}" (line ${running.line}) has not come to its "end"`);
    };
    switch (word) {
      case '':
      case '#':
        take();
        break;
      case 'shows:':
        if (shows !== undefined) throw mistake('"shows:" stands here twice');
        shows = rest.split(/,\s*/).filter((name) => name !== '');
        take();
        break;
      case '---': {
        const [, name = '', executable] = /^(\S+)( executable)?$/.exec(rest) ?? [];
        if (name === '') throw mistake('`--- NAME` or `--- NAME executable`');
        take();
        const content: string[] = [];
        while (lines[at] !== '---') {
          if (at >= lines.length) throw mistake(`${name} is not ended by a line \`---\``);
          content.push(take());
        }
        take();
        instructions.push({
          ...place,
          kind: 'file',
          name,
          content: content.map((one) => `${one}\n`).join(''),
          executable: executable !== undefined,
        });
        break;
      }
      case 'pipes':
        notRunning();
        take();
        instructions.push({ ...place, kind: 'terminal', size: undefined, raw: false });
        break;
      case 'terminal': {
        notRunning();
        const [size = '', mode] = rest.split(' ');
        if (mode !== undefined && mode !== 'raw') throw mistake('`terminal 80x24` or `… raw`');
        const parsed = sizeOf(size, mistake);
        take();
        instructions.push({ ...place, kind: 'terminal', size: parsed, raw: mode === 'raw' });
        break;
      }
      case '$':
        notRunning();
        take();
        if (isAttended()) {
          running = { command: rest, line: place.line };
          instructions.push({ ...place, kind: 'start', command: rest, ending: undefined });
        } else {
          instructions.push({ ...place, kind: 'start', command: rest, ending: expectation() });
        }
        break;
      case 'wait':
      case 'type':
        whileRunning();
        take();
        instructions.push({ ...place, kind: word, text: rest });
        break;
      case 'press':
        whileRunning();
        take();
        instructions.push({ ...place, kind: 'press', keys: rest.split(' ') });
        break;
      case 'resize': {
        whileRunning();
        const size = sizeOf(rest, mistake);
        take();
        instructions.push({ ...place, kind: 'resize', size });
        break;
      }
      case 'screen':
        whileRunning();
        take();
        instructions.push({ ...place, kind: 'screen', expectation: expectation() });
        break;
      case 'end':
        whileRunning();
        take();
        instructions.push({ ...place, kind: 'end', ending: expectation() });
        running = undefined;
        break;
      default:
        throw mistake(`"${line}" means nothing in a step file`);
    }
  }
  if (running !== undefined) throw mistake(`"${running.command}" never comes to its "end"`);
  if (shows === undefined) throw mistake('a step file says what it "shows:"');
  return { title: (lines[0] ?? '').replace(/^# /, ''), shows, instructions, pieces };
}

function sizeOf(text: string, mistake: (message: string) => Error): Size {
  const [, columns, rows] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (columns === undefined) throw mistake(`"${text}" is no size, like 80x24`);
  return { columns: Number(columns), rows: Number(rows) };
}

/** The text of a step file, with other results where `results` has some. */
export function printStepFile(
  { pieces }: Pick<StepFile, 'pieces'>,
  results: ReadonlyMap<Expectation, readonly string[]> = new Map(),
): string {
  return pieces
    .flatMap((piece) => (typeof piece === 'string' ? [piece] : (results.get(piece) ?? piece.lines)))
    .map((line) => `${line}\n`)
    .join('');
}
