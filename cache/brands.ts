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
