import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Change } from '../../../cache/explain/change.js';
import type { KeyChange } from '../../../cache/explain/key-change.js';
import type { Ignored, IgnoredBy } from '../../../cache/ignored.js';
import type { Observation } from '../../../cache/observation.js';
import type { Advice } from '../../execute/explain/advise.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import { adviceText } from './advice-text.js';
import { changeText, keyChangeText } from './change-text.js';
import { ignoredByText } from './ignored-text.js';
import { observerText } from './observer-text.js';
import {
  p,
  origin,
  configured,
  commandLine,
  processes,
  content,
  listing,
  mode,
  modified,
  added,
} from './testing/samples.js';

describe('a change, in words', () => {
  const changes: [Change, string][] = [
    [modified, "'src/a.js' modified"],
    [added, "'b.js' added in 'src'"],
    [{ kind: 'removed', name: 'x', dir: p('') }, "'x' removed from workspace root"],
    [{ kind: 'program-changed', path: '/bin/cc' }, "program '/bin/cc' changed"],
    [{ kind: 'env', name: 'A', now: 'changed' }, "env 'A' changed"],
    [{ kind: 'env', name: 'A', now: 'set' }, "env 'A' is now set"],
    [{ kind: 'env', name: 'A', now: 'unset' }, "env 'A' is now unset"],
  ];
  for (const [change, expected] of changes) {
    it(expected, () => {
      assert.equal(changeText(change), expected);
    });
  }

  const keyChanges: [KeyChange, string][] = [
    [{ kind: 'program', before: 'cc', now: 'gcc' }, "program changed: 'cc' → 'gcc'"],
    [{ kind: 'args', before: [], now: ['-O', 'a b'] }, "args changed: none → '-O a b'"],
    [{ kind: 'cwd', before: '', now: 'sub' }, "working directory changed: '.' → 'sub'"],
    [{ kind: 'env', name: 'A', now: 'unset' }, "env 'A' is now unset"],
    [
      { kind: 'untracked-env', added: ['X'], removed: ['Y'] },
      "untracked env config changed: 'X' added, 'Y' removed",
    ],
    [{ kind: 'input-config', before: 'a', now: 'b' }, 'input configuration changed: a → b'],
    [{ kind: 'output-config', before: 'a', now: 'b' }, 'output configuration changed: a → b'],
  ];
  for (const [change, expected] of keyChanges) {
    it(expected, () => {
      assert.equal(keyChangeText(change), expected);
    });
  }
});

describe('who observed, in words', () => {
  const path = p('x');
  const by = "by sh -c 'node a.js > log' > node a.js";
  const rows: [Observation, string][] = [
    [content, `read ${by}`],
    [{ kind: 'absence', observer: 1, path }, `looked for ${by}`],
    [{ kind: 'existence', observer: 1, path, entry: 'file' }, `looked at ${by}`],
    [{ kind: 'link', observer: 1, path, target: 'y' }, `followed ${by}`],
    [listing, "listed by sh -c 'node a.js > log'"],
    [
      {
        kind: 'program',
        observer: 1,
        path: '/bin/x' as AbsolutePath,
        size: 1n,
        mtime: 1n,
        names: [],
      },
      `executed ${by}`,
    ],
    [mode, `asked for ${by}`],
    [{ kind: 'env-query', observer: 1, pattern: { glob: '*' }, matches: [] }, `asked for ${by}`],
    [{ ...content, observer: -1 }, 'named by the configuration'],
    [
      { kind: 'glob', observer: -1, include: [], exclude: [], matches: [] },
      'named by the configuration',
    ],
  ];
  for (const [observation, expected] of rows) {
    it(`${observation.kind}: ${expected}`, () => {
      assert.equal(observerText(observation, processes), expected);
    });
  }
});

describe('who said that something does not count, in words', () => {
  const ignored = (by: IgnoredBy, part: Ignored['part'] = 'reads'): Ignored => ({
    part,
    by,
    paths: [],
    more: 0,
  });
  const path = p('node_modules/.vite');
  const chain = "sh -c 'node a.js > log' > node a.js";
  const rows: [Ignored, ExecutionOrigin | undefined, string][] = [
    [
      ignored({ kind: 'report', path, speaker: 1, label: 'vite' }),
      origin,
      `ignoreInput 'node_modules/.vite' of 'vite', ${chain}`,
    ],
    [
      ignored({ kind: 'report', path: p(''), speaker: 1 }, 'writes'),
      origin,
      `ignoreOutput the workspace root of ${chain}`,
    ],
    [
      ignored({ kind: 'excluded', glob: 'logs/**' }),
      configured,
      '"!logs/**" in "input" (vite-task.json:3:26)',
    ],
    [ignored({ kind: 'excluded', glob: 'logs/**' }), commandLine, "--input '!logs/'"],
    [ignored({ kind: 'excluded', glob: 'logs/**' }), undefined, '"!logs/**" in "input"'],
    [ignored({ kind: 'excluded', glob: 'x' }, 'writes'), configured, '"!x" in "output"'],
    [
      ignored({ kind: 'not-named' }),
      configured,
      '"input" (vite-task.json:3:26) names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'not-named' }, 'writes'),
      configured,
      '"output" (vite-task.json:3:5) names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'not-named' }),
      undefined,
      '"input" names what counts, without { "auto": true }',
    ],
    [
      ignored({ kind: 'version-control', path: p('.git') }),
      origin,
      "built in: '.git' is the state of the repository",
    ],
    [
      ignored({ kind: 'cache-tag', path: p('target') }),
      origin,
      "built in: 'target' has a CACHEDIR.TAG",
    ],
    [ignored({ kind: 'own-cache', path }), origin, `built in: '${path}' is vt's own cache`],
    [
      ignored({ kind: 'package-manager' }, 'contents'),
      origin,
      'built in: package managers rewrite it at every install, only that it exists counts',
    ],
  ];
  for (const [one, from, expected] of rows) {
    it(expected, () => {
      assert.equal(ignoredByText(one, processes, { origin: from, cwd: '/w/app' }), expected);
    });
  }
});

describe('advice, in words', () => {
  const glob = { pattern: 'logs/**', base: 'package' } as const;
  const rows: [Advice, ExecutionOrigin, string][] = [
    [
      { kind: 'exclude-input', glob, paths: ['logs/a', 'logs/b'] },
      origin,
      'if \'logs/a\' and 1 more does not matter: [{ "auto": true }, "!logs/**"] for "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob, paths: ['logs/a'] },
      configured,
      'if \'logs/a\' does not matter: "!logs/**" in "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob: { pattern: 'logs/**', base: 'workspace' }, paths: ['logs/a'] },
      configured,
      'if \'logs/a\' does not matter: { "pattern": "!logs/**", "base": "workspace" } in "input" (vite-task.json:3:5)',
    ],
    [
      { kind: 'exclude-input', glob, paths: ['logs/a'] },
      commandLine,
      "if 'logs/a' does not matter: --input '!logs/**'",
    ],
    [
      {
        kind: 'keep-private',
        place: p('.tool'),
        glob: { pattern: '.tool/**', base: 'package' },
        paths: ['.tool/x'],
      },
      origin,
      'if \'.tool/x\' is a tool\'s own business: let it call ignoreInput and ignoreOutput (\'.tool\'), or [{ "auto": true }, "!.tool/**"] for "input" and "output" (vite-task.json:3:5)',
    ],
    [
      {
        kind: 'keep-private',
        place: p('.tool'),
        glob: { pattern: '.tool/**', base: 'package' },
        paths: ['.tool/x'],
      },
      commandLine,
      "if '.tool/x' is a tool's own business: let it call ignoreInput and ignoreOutput ('.tool'), or --input '!.tool/**' --output '!.tool/**'",
    ],
    [
      { kind: 'untrack-env', names: ['A', 'B'], declared: false },
      origin,
      'if the result does not depend on \'A\' and 1 more: "untrackedEnv": ["A", "B"] (vite-task.json:3:5)',
    ],
    [
      { kind: 'untrack-env', names: ['A'], declared: true },
      origin,
      'if the result does not depend on \'A\': move "A" from "env" to "untrackedEnv" (vite-task.json:3:5)',
    ],
    [
      { kind: 'untrack-env', names: ['A', 'B'], declared: false },
      commandLine,
      "if the result does not depend on 'A' and 1 more: --untracked-env A --untracked-env B",
    ],
    [
      { kind: 'keep-elsewhere', directory: p('src'), paths: ['src/.a.swp'] },
      origin,
      "'src/.a.swp' counts because 'src' is listed: let what makes such files keep them elsewhere",
    ],
    [
      { kind: 'keep-elsewhere', directory: p(''), paths: ['a~', 'b~'] },
      origin,
      "'a~' and 1 more counts because the workspace root is listed: let what makes such files keep them elsewhere",
    ],
    [
      { kind: 'run-before', task: 'app#gen', paths: ['gen/x'] },
      origin,
      '\'gen/x\' is written by app#gen: with it in "dependsOn" (vite-task.json:3:5) it is written first',
    ],
  ];
  for (const [advice, from, expected] of rows) {
    it(expected, () => {
      assert.equal(adviceText(advice, from, '/w/app'), expected);
    });
  }
});
