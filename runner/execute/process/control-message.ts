/** What the native launcher says on its control descriptor, a JSON line each (tracker/native/control.h). */
export type ControlMessage =
  | { readonly kind: 'started'; readonly pid: number; readonly supervisor: number }
  | { readonly kind: 'supervisor'; readonly pid: number }
  | { readonly kind: 'not-started'; readonly errno: string; readonly path: string }
  | { readonly kind: 'untracked'; readonly reason: string }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'survivors'; readonly pids: readonly number[] };

/** Undefined for a line that is none of the messages. */
export function parseControlMessage(line: string): ControlMessage | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const message = fields(json);
  const { started, supervisor } = message;
  if (typeof supervisor === 'number') {
    if (typeof started === 'number') return { kind: 'started', pid: started, supervisor };
    if (started === undefined) return { kind: 'supervisor', pid: supervisor };
  }
  if (typeof message['untracked'] === 'string') {
    return { kind: 'untracked', reason: message['untracked'] };
  }
  if (message['quiet'] === true) return { kind: 'quiet' };
  if (Array.isArray(message['survivors'])) {
    const pids = message['survivors'].filter((pid): pid is number => typeof pid === 'number');
    return { kind: 'survivors', pids };
  }
  const { errno, path } = fields(message['notStarted']);
  if (typeof errno === 'string' && typeof path === 'string')
    return { kind: 'not-started', errno, path };
  const { code, signal } = fields(message['exited']);
  if (typeof code === 'number') return { kind: 'exited', code };
  if (typeof signal === 'number') return { kind: 'killed', signal };
  return undefined;
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
