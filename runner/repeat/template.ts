import type { HitTimes } from '../report/run-details.js';
import type { Piece } from './repeat-record.js';

/**
 * Texts with marks for times, which are other ones each time. No text that is shown has a NUL.
 */
const MARK = /\0(?:(t)|([ds])(\d+))\0/;

/** Stands for the time that was saved in all, with a comma before it. */
export const totalMark = '\0t\0';

/** Stands for the times of the hit with this index. */
export const hitMarks: HitTimes = (_hit, index) => ({
  duration: `\0d${index}\0`,
  saved: `\0s${index}\0`,
});

/** A template in pieces. */
export function splitTemplate(template: string, kind: 'out' | 'details'): readonly Piece[] {
  const pieces: Piece[] = [];
  const text = (part: string): void => {
    if (part !== '') pieces.push({ kind, bytes: Buffer.from(part) });
  };
  let rest = template;
  for (let match = MARK.exec(rest); match !== null; match = MARK.exec(rest)) {
    const [mark, isTotal, time, hit] = match;
    text(rest.slice(0, match.index));
    if (isTotal !== undefined) pieces.push({ kind: 'total' });
    else pieces.push({ kind: time === 'd' ? 'duration' : 'saved', hit: Number(hit) });
    rest = rest.slice(match.index + mark.length);
  }
  text(rest);
  return pieces;
}
