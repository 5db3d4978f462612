/** What the status line is made from. */
export interface RunStatus {
  /** Commands of the plan, and of those: over, replayed, failed by themselves. */
  readonly planned: number;
  readonly over: number;
  readonly hits: number;
  readonly failed: number;
  /** Those at work, with the milliseconds since they began. */
  readonly atWork: readonly { readonly name: string; readonly elapsed: number }[];
}

/**
 * `3/12 done, 2 cache hits · app#build 12s · lib#test 3s`, in at most so many columns. Commands that find no
 * room are counted; where there is no room for a sentence, it is cut off.
 */
export function statusText(
  { planned, over, hits, failed, atWork }: RunStatus,
  width: number,
): string {
  const head = [
    `${over}/${planned} done`,
    ...(hits === 0 ? [] : [`${hits} cache hit${hits === 1 ? '' : 's'}`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(', ');
  const tasks = atWork.map(({ name, elapsed }) => `${name} ${secondsText(elapsed)}`);
  for (let shown = tasks.length; shown >= 0; shown--) {
    const others = tasks.length - shown;
    const rest = others === 0 ? [] : [shown === 0 ? `${others} at work` : `${others} more`];
    const text = [head, ...tasks.slice(0, shown), ...rest].join(' · ');
    if (widthOf(text) <= width) return text;
  }
  return cutTo(head, width);
}

/** Whole seconds: what changes once in a second. */
function secondsText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** At least as many columns as any terminal takes for it: what may be wide is taken to be. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
  return width;
}

function cutTo(text: string, width: number): string {
  let cut = text;
  while (cut !== '' && widthOf(`${cut}…`) > width) cut = cut.slice(0, -1);
  return cut === '' ? '' : `${cut}…`;
}
