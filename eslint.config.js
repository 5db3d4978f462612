import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The arrows of ARCHITECTURE.md, mechanically: `files` may import none of `forbidden`.
 * Type-only imports count: a type is knowledge too.
 */
function layer(files, forbidden, message) {
  return {
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: `^\\.{1,2}/(?:.*/)?(?:${forbidden.join('|')})/`, message }] },
      ],
    },
  };
}

const stages = ['config', 'workspace', 'plan', 'execute', 'conformance', 'report', 'repeat', 'cli'];

export default tseslint.config(
  {
    ignores: [
      'build',
      'dist',
      '**/dist',
      '**/node_modules',
      'proto/generated',
      '**/fixtures',
      'examples',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        // node:test's functions return promises that the runner itself awaits.
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      'no-restricted-syntax': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        Buffer: 'readonly',
        __dirname: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
      },
    },
  },
  layer(
    ['proto/**/*.ts'],
    ['client', 'cache', 'runner', 'e2e'],
    'proto is bytes in, messages out: it imports nothing of ours (ARCHITECTURE.md, Layers).',
  ),
  layer(
    ['client/**/*.ts'],
    ['cache', 'runner', 'e2e'],
    'A client imports proto only: it runs inside other people’s tools (ARCHITECTURE.md, Layers).',
  ),
  layer(
    ['cache/**/*.ts'],
    ['client', 'runner', 'e2e'],
    'cache knows keys and observations, not tasks: it imports proto only (ARCHITECTURE.md, Layers).',
  ),
  ...stages.map((stage, index) =>
    layer(
      [`runner/${stage}/**/*.ts`],
      ['client', 'e2e', ...stages.slice(index + 1)],
      `runner/${stage} may import only earlier stages (${stages.slice(0, index).join(', ') || 'none'}), tracker’s loader, cache and proto; the runner never imports a client (ARCHITECTURE.md, Layers).`,
    ),
  ),
  layer(
    ['runner/tracker/**/*.ts'],
    ['client', 'e2e', ...stages],
    'runner/tracker stands alone behind its loader: it imports only the cache’s contract types (ARCHITECTURE.md, Layers).',
  ),
  layer(
    ['e2e/**/*.ts'],
    ['client', 'cache', 'runner', 'proto'],
    'e2e drives the built vt as a user would, through its command line (ARCHITECTURE.md, Layers).',
  ),
);
