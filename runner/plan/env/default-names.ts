import { nameListMatcher } from '../../workspace/glob/glob-matcher.js';
import type { Matcher } from '../../workspace/glob/glob-matcher.js';

/**
 * Variables every cached task gets, with no effect on its key: where things are on this machine,
 * who runs it, which service it runs in. Listed in docs/configuration.md.
 */
export const defaultNames: readonly string[] = [
  ...['HOME', 'USER', 'TZ', 'LANG', 'SHELL', 'PWD', 'PATH', 'TMP', 'TEMP', 'TMPDIR'],
  ...['XDG_RUNTIME_DIR', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'CI'],
  ...['NODE_OPTIONS', 'COREPACK_*', 'NPM_CONFIG_STORE_DIR', 'PNPM_HOME'],
  ...['LD_LIBRARY_PATH', 'LD_PRELOAD', 'DYLD_FALLBACK_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES'],
  ...['LIBPATH', 'VERCEL', 'VERCEL_*', 'NEXT_*', 'USE_OUTPUT_FOR_EDGE_FUNCTIONS', 'NOW_BUILDER'],
  ...['VC_MICROFRONTENDS_CONFIG_FILE_NAME', 'GITHUB_*', 'RUNNER_*'],
  ...['ACTIONS_ID_TOKEN_REQUEST_URL', 'APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA', 'SYSTEMROOT'],
  ...['SYSTEMDRIVE', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'WINDIR', 'PATHEXT', 'ProgramFiles'],
  ...['ProgramFiles(x86)', 'ELECTRON_RUN_AS_NODE', 'JB_INTERPRETER'],
  ...['_JETBRAINS_TEST_RUNNER_RUN_SCOPE_TYPE', 'JB_IDE_*', 'VSCODE_*', 'DOCKER_*', 'BUILDKIT_*'],
  ...['COMPOSE_*', 'PLAYWRIGHT_*', 'VP_*', '*_TOKEN'],
];

let matcher: Matcher | undefined;

/** Whether a variable is passed to every cached task without being tracked. */
export function isDefaultName(name: string): boolean {
  matcher ??= nameListMatcher(defaultNames);
  return matcher(name);
}

/**
 * Whether a variable steers the runner itself. Such are never matched by a pattern, never served
 * over the channel and never part of a key; the runner sets its own for each task.
 */
export function isControlName(name: string): boolean {
  return name.startsWith('VT_') || name === 'VP_RUN' || name.startsWith('VP_RUN_');
}
