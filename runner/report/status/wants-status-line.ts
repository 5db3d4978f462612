/**
 * Whether a terminal is one that a person looks at, and that can take a line away: not within a task,
 * whose output is recorded, nor where output is collected for later.
 */
export function wantsStatusLine(env: Readonly<Record<string, string | undefined>>): boolean {
  const { TERM, CI, VP_RUN } = env;
  const isRecorded = VP_RUN !== undefined || (CI !== undefined && CI !== '');
  return TERM !== undefined && TERM !== 'dumb' && !isRecorded;
}
