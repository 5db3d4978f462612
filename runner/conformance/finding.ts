/** A client does not do what the protocol demands. */
export class NonConforming extends Error {
  /** @param stderr what the driver had printed there, if it helps */
  constructor(
    message: string,
    readonly stderr = '',
  ) {
    super(message);
  }
}

/** A driver says that its language or library has no such operation. */
export class Unsupported extends Error {
  constructor(readonly operation: string) {
    super(operation);
  }
}

/** What a case cannot be tried without is missing on this machine. */
export class Untestable extends Error {}

/** What came of one case. */
export type Finding = { readonly case: string } & (
  | { readonly kind: 'conforms' }
  | { readonly kind: 'fails'; readonly detail: string; readonly stderr: string }
  | { readonly kind: 'unsupported'; readonly operation: string }
  | { readonly kind: 'untestable'; readonly detail: string }
);
