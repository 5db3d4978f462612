/** A piece of a file the user wrote, kept with the text so that a diagnostic can show it. */
export interface SourceRange {
  /** Absolute path of the file. */
  readonly file: string;
  /** The whole content of the file. */
  readonly text: string;
  /** UTF-16 code units from the start of `text`. */
  readonly offset: number;
  /** UTF-16 code units; 0 marks a place between two characters. */
  readonly length: number;
}
