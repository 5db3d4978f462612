import type { Fact } from './compare-traces.js';

/** A difference between a run with the shim and one with the filter alone that is no miss. */
interface AcceptedException {
  /** Name of the tool. */
  readonly tool: string;
  /** Of the fact that only one of the runs has. */
  readonly path: RegExp;
  readonly what: RegExp;
  readonly reason: string;
}

/** All of them. */
const acceptedExceptions: readonly AcceptedException[] = [];

export function isAccepted(tool: string, { path, what }: Fact): boolean {
  return acceptedExceptions.some(
    (exception) =>
      exception.tool === tool && exception.path.test(path) && exception.what.test(what),
  );
}
