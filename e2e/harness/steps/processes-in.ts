import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that works below a directory. */
interface LocalProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** The processes whose working directory is `directory` or below it. */
export function processesIn(directory: string): readonly LocalProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const cwd = readlinkSync(`/proc/${name}/cwd`);
        if (cwd !== directory && !cwd.startsWith(`${directory}/`)) return [];
        const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), commandLine: commandLine.trim() }];
      } catch {
        return []; // it has just ended, or is somebody else's
      }
    });
}

/** Kills them; returns what there was to kill, one line each. */
export function killProcessesIn(directory: string): readonly string[] {
  return processesIn(directory).map(({ pid, commandLine }) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has just ended
    }
    return `${commandLine} (pid ${pid})`;
  });
}
