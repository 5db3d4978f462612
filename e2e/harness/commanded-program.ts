import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { Started, Workspace } from './workspace.js';

const fileName = 'commanded.mjs';

/** Reports the signals it gets, and does what it is told, one line each. */
const program = `import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
const socket = connect(process.argv[2]);
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => socket.write(\`\${signal} \${++signals}\\n\`));
}
socket.write(\`ready \${process.pid}\\n\`);
for await (const line of createInterface(socket)) {
  const [command, argument] = line.split(/ (.*)/s);
  if (command === 'ping') socket.write(\`pong \${signals}\\n\`);
  if (command === 'print') process.stdout.write(\`\${argument}\\n\`, () => socket.write('printed\\n'));
  if (command === 'read') process.stdout.write(readFileSync(argument), () => socket.write('read\\n'));
  if (command === 'exit') { process.exitCode = Number(argument); socket.destroy(); }
}
`;

/** A program that runs inside a task and does what the test says, when the test says it. */
export class CommandedProgram {
  /** What a task runs to start it. */
  readonly command: readonly string[];
  readonly #server: Server;
  readonly #lines: string[] = [];
  #socket: Socket | undefined;
  #wake: (() => void) | undefined;

  private constructor(server: Server, address: string, file: string) {
    this.#server = server;
    this.command = [process.execPath, file, address];
  }

  /** Listens; the program connects when a task runs `command`. One `name` for each in a workspace. */
  static async listen(
    t: TestContext,
    workspace: Workspace,
    name = 'control',
  ): Promise<CommandedProgram> {
    workspace.write({ [fileName]: program });
    const address = workspace.path(`${name}.sock`);
    const server = createServer();
    const commanded = new CommandedProgram(server, address, workspace.path(fileName));
    server.on('connection', (socket) => {
      commanded.#socket = socket;
      createInterface(socket).on('line', (line) => {
        commanded.#lines.push(line);
        commanded.#wake?.();
      });
      socket.on('error', () => {}); // it was killed
    });
    server.listen(address);
    await once(server, 'listening');
    t.after(() => {
      commanded.#socket?.destroy();
      server.close();
    });
    return commanded;
  }

  /** The next line it says. Rejects when `run` ends before it has said anything. */
  async said(run?: Started): Promise<string> {
    const ended = run?.finished.then(({ all }) => {
      if (this.#lines.length === 0) throw new Error(`vt ended before the program spoke:\n${all}`);
    });
    while (this.#lines.length === 0) {
      const spoken = new Promise<void>((resolve) => (this.#wake = resolve));
      await (ended === undefined ? spoken : Promise.race([spoken, ended]));
    }
    ended?.catch(() => {}); // it spoke, and what ends later is no failure
    return this.#lines.shift() ?? '';
  }

  /** Tells it `ping`, `print TEXT`, `read FILE` (and print it) or `exit CODE`. */
  tell(command: string): void {
    if (this.#socket === undefined) throw new Error('the program has not connected');
    this.#socket.write(`${command}\n`);
  }

  /** Resolves when its connection has ended: it is gone. */
  async gone(): Promise<void> {
    const socket = this.#socket;
    if (socket !== undefined && !socket.closed) await once(socket, 'close');
    this.#server.close();
  }
}
