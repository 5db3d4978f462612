const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, which a synchronous client cannot avoid, for so many milliseconds. */
export function pause(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
