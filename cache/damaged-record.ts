/** A stored record that cannot have been written as it is now. Caught inside the cache. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';

  /** `detail` names the record, for people: `blob 3f… is missing`. */
  constructor(
    readonly detail: string,
    options?: { cause: unknown },
  ) {
    super(detail, options);
  }
}

/** Runs a decoder; whatever it throws means that the bytes are damaged. */
export function decodeRecord<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DamagedRecord) throw error;
    throw new DamagedRecord(`${name} cannot be decoded`, { cause: error });
  }
}
