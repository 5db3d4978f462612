import type { MissReason } from '../../cache/miss-reason.js';

/** Why nothing stored could be used, as it stands after `cache miss: `. */
export function missReasonText(reason: MissReason): string {
  switch (reason.kind) {
    case 'env-changed': {
      const names = reason.names.map((name) => `'${name}'`).join(', ');
      return `${reason.names.length === 1 ? 'env' : 'envs'} ${names} changed`;
    }
    case 'untracked-env-changed':
      return 'untracked env config changed';
    case 'program-changed':
      return reason.path === undefined ? 'program changed' : `program '${reason.path}' changed`;
    case 'root-changed':
      return `the stored result names '${reason.path}'`;
    case 'args-changed':
      return 'args changed';
    case 'cwd-changed':
      return 'working directory changed';
    case 'input-config-changed':
      return 'input configuration changed';
    case 'output-config-changed':
      return 'output configuration changed';
    case 'modified':
      return `'${reason.path}' modified`;
    case 'value-changed':
      return reason.pointer === ''
        ? `the JSON of '${reason.path}' changed`
        : `'${reason.pointer}' of '${reason.path}' changed`;
    case 'added':
      return `'${reason.name}' added in ${directory(reason.dir)}`;
    case 'removed':
      return `'${reason.name}' removed from ${directory(reason.dir)}`;
    case 'entry-damaged':
      return `the stored result was damaged (${reason.detail})`;
    case 'evicted':
      return 'the stored result has just been removed';
    case 'restore-blocked':
      return `'${reason.path}' could not be restored (${reason.obstacle})`;
  }
}

function directory(dir: string): string {
  return dir === '' ? 'workspace root' : `'${dir}'`;
}
