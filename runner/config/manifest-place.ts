import { parseTree } from 'jsonc-parser';
import { fieldsOf } from './json-document.js';
import type { SourceRange } from './source-range.js';

/**
 * A place in a package.json that is looked for when somebody wants to see it: nobody does, as long
 * as nothing is wrong.
 */
export class ManifestPlace implements SourceRange {
  #found: { readonly offset: number; readonly length: number } | undefined;

  /**
   * @param path names of fields from the root on.
   * @param part what is shown of the last field: its name or its value.
   */
  constructor(
    readonly file: string,
    readonly text: string,
    private readonly path: readonly string[],
    private readonly part: 'key' | 'value',
  ) {}

  get offset(): number {
    return this.#find().offset;
  }

  get length(): number {
    return this.#find().length;
  }

  /** The start of the file when there is no such field. */
  #find(): { readonly offset: number; readonly length: number } {
    this.#found ??= this.#search();
    return this.#found;
  }

  #search(): { readonly offset: number; readonly length: number } {
    let node = parseTree(this.text.replace(/^\ufeff/, ' '), [], { allowTrailingComma: true });
    let found = { offset: 0, length: 0 };
    for (const name of this.path) {
      // Readers take the last of two equal names.
      const field =
        node === undefined ? undefined : fieldsOf(node).findLast((f) => f.name === name);
      if (field === undefined) return { offset: 0, length: 0 };
      const { offset, length } = field[this.part];
      found = { offset, length };
      node = field.value;
    }
    return found;
  }
}
