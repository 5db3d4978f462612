const NAME = /^journal-([0-9a-f-]+)$/;

/** Whether a name in the temporary folder is that of a journal (restore-journal.ts). */
export function isJournalName(name: string): boolean {
  return NAME.test(name);
}

/** The token in the name of a journal; undefined for any other name. */
export function tokenOf(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}
