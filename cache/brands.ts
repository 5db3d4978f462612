/**
 * Strings that must not be mixed up. Each is made by one function that checks it.
 */

/** An absolute, cleaned path: starts with `/`, no `.` or `..` segments, no trailing slash (but `/`). */
export type AbsolutePath = string & { readonly __brand: 'AbsolutePath' };

/**
 * A cleaned path relative to the workspace root: no leading `/`, no `.` or `..` segments, no
 * trailing slash. The root itself is the empty string.
 */
export type WorkspacePath = string & { readonly __brand: 'WorkspacePath' };

/** SHA-256 in lower-case hexadecimal: 64 characters. */
export type Digest = string & { readonly __brand: 'Digest' };

/** Whether `text` is a cleaned workspace-relative path, so that joining it to the root stays inside. */
export function isWorkspacePath(text: string): text is WorkspacePath {
  if (text === '') return true;
  if (text.includes('\0')) return false;
  return text.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** The digest whose 32 bytes these are. Throws a RangeError for any other length. */
export function digestFromBytes(bytes: Uint8Array): Digest {
  if (bytes.length !== 32) throw new RangeError(`a digest has 32 bytes, not ${bytes.length}`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex') as Digest;
}

export function digestToBytes(digest: Digest): Uint8Array {
  return Buffer.from(digest, 'hex');
}
