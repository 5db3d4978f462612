import type { Digest, WorkspacePath } from '../../../../cache/brands.js';
import type { Change } from '../../../../cache/explain/change.js';
import type { Compared } from '../../../../cache/explain/explainer.js';
import type { StoredResult } from '../../../../cache/explain/stored-result.js';
import type { KeyParts } from '../../../../cache/key.js';
import type { Observation } from '../../../../cache/observation.js';
import type { ExecutionOrigin } from '../../../plan/execution-origin.js';

/** For tests of texts: a result of `sh -c 'node a.js > log'`, and a configuration. */
export const p = (text: string): WorkspacePath => text as WorkspacePath;
export const digest = 'ab'.repeat(32) as Digest;
export const moment = Date.UTC(2026, 10, 24, 3, 10, 5);

const text = '{\n  "tasks": {\n    "build": { "input": ["!logs/**"] }\n  }\n}\n';
const range = (found: string) => ({
  file: '/w/app/vite-task.json',
  text,
  offset: text.indexOf(found),
  length: found.length,
});
export const origin: ExecutionOrigin = {
  task: range('"build"'),
  globBase: p(''),
  globs: [],
  env: [],
  untrackedEnv: [],
};
export const configured: ExecutionOrigin = {
  ...origin,
  globs: [
    {
      field: 'input',
      written: '!logs/**',
      resolved: 'logs/**',
      excludes: true,
      at: range('"!logs/**"'),
    },
  ],
};
export const commandLine: ExecutionOrigin = {
  ...origin,
  task: undefined,
  globs: [
    { field: 'input', written: '!logs/', resolved: 'logs/**', excludes: true, at: undefined },
  ],
};

export const processes = [
  { pid: 1, parent: -1, exe: '/bin/sh', argv: ['sh', '-c', 'node a.js > log'] },
  { pid: 2, parent: 0, exe: '/bin/node', argv: ['node', 'a.js'] },
];
export const content: Observation = {
  kind: 'content',
  observer: 1,
  path: p('src/a.js'),
  digest,
  executable: false,
};
export const listing = {
  kind: 'listing',
  observer: 0,
  path: p('src'),
  names: ['a.js'],
} as const satisfies Observation;
export const mode: Observation = { kind: 'env', observer: 1, name: 'MODE', valueDigest: digest };

export function result(changes: Partial<StoredResult> = {}): StoredResult {
  return {
    name: '3fa2c1d2e3f4a5b6c7d8e9f0a1b2c3d4',
    stored: moment,
    task: 'app#build',
    key: {} as KeyParts,
    duration: 1200,
    processes,
    observations: [content, listing, mode],
    outputs: [
      { path: p('dist'), kind: 'directory', mode: 0o755 },
      { path: p('dist/l'), kind: 'symlink', target: 'o' },
      { path: p('dist/o'), kind: 'file', digest, size: 1n, mode: 0o644 },
      { path: p('old'), kind: 'deletion' },
    ],
    writers: [0, 1, 1, -1],
    transcript: digest,
    ignored: [],
    withheld: [],
    ...changes,
  };
}

export const modified: Change = { kind: 'modified', path: p('src/a.js') };
export const added: Change = { kind: 'added', name: 'b.js', dir: p('src') };
export const compared: Compared = {
  result: result({ name: '81bc0a9d8c7b00000000000000000000', stored: moment - 60_000 }),
  changes: [
    { observation: content, changes: [modified] },
    { observation: listing, changes: [added, { kind: 'removed', name: 'c.js', dir: p('src') }] },
  ],
};
