import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why a tool made of these programs cannot be run, or false. For `skip`. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => !isOnPath(program));
  return absent.length > 0 && `no ${absent.join(', ')}`;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
