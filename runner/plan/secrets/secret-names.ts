/**
 * Whether a variable's name says that its value is a secret: `*_TOKEN`, `*_KEY`, `*_SECRET` and
 * `*PASSWORD*`, in upper or lower case.
 */
export function isSecretName(name: string): boolean {
  return /(?:_TOKEN|_KEY|_SECRET)$|PASSWORD/i.test(name);
}
