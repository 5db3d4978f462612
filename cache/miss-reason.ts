import type { WorkspacePath } from './brands.js';

/** Why no stored result could be used. Rendered in one place, runner/report. */
export type MissReason =
  /** Names whose value, presence or absence differs; one or more, sorted. */
  | { readonly kind: 'env-changed'; readonly names: readonly string[] }
  | { readonly kind: 'untracked-env-changed' }
  | { readonly kind: 'program-changed'; readonly path?: string }
  /** The result names the workspace by an absolute path, which was this one. */
  | { readonly kind: 'root-changed'; readonly path: string }
  | { readonly kind: 'args-changed' }
  | { readonly kind: 'cwd-changed' }
  | { readonly kind: 'input-config-changed' }
  | { readonly kind: 'output-config-changed' }
  /** Content, executable bit, kind or link target of an existing path differs. */
  | { readonly kind: 'modified'; readonly path: WorkspacePath }
  /** The value at `pointer` (RFC 6901) in a JSON file differs, or came, or went. */
  | { readonly kind: 'value-changed'; readonly path: WorkspacePath; readonly pointer: string }
  /** `dir` is '' for the workspace root. */
  | { readonly kind: 'added'; readonly name: string; readonly dir: WorkspacePath }
  | { readonly kind: 'removed'; readonly name: string; readonly dir: WorkspacePath }
  /** The stored result was found damaged and has been dropped. */
  | { readonly kind: 'entry-damaged'; readonly detail: string }
  /** Another process removed the stored result, to keep the cache small, after it was found. */
  | { readonly kind: 'evicted' }
  /**
   * The stored outputs could not be put in place, and nothing was changed. `obstacle`: a symlink or
   * a file stands where a directory is needed, a directory with other people's files where a file
   * is needed, or an errno name.
   */
  | { readonly kind: 'restore-blocked'; readonly path: WorkspacePath; readonly obstacle: string };
