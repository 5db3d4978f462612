import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeTools } from './describe-tools.js';
import { missing } from './programs-on-path.js';

const env = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'x',
  GIT_AUTHOR_EMAIL: 'x@example.org',
  GIT_COMMITTER_NAME: 'x',
  GIT_COMMITTER_EMAIL: 'x@example.org',
  GIT_AUTHOR_DATE: '2020-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2020-01-01T00:00:00Z',
};

/** Two commits: `other`, and `main` with a file less and another content. */
function prepare(root: string): void {
  const git = (...args: string[]): void => {
    execFileSync('git', args, { cwd: root, env: { ...process.env, ...env }, stdio: 'ignore' });
  };
  git('init', '-b', 'other');
  git('add', '-A');
  git('commit', '-m', 'one');
  git('checkout', '-b', 'main');
  git('rm', 'src/only.c');
  writeFileSync(join(root, 'src/m.c'), 'int changed;\n');
  git('commit', '-a', '-m', 'two');
  writeFileSync(join(root, 'src/new'), '');
  rmSync(join(root, '.git/hooks'), { recursive: true });
}

const common = {
  skip: missing('git'),
  env,
  prepare,
  plants: {
    a: 'text\n',
    '.gitignore': '*.o\n',
    'src/m.c': 'int m;\n',
    'src/h.h': '#define H 0\n',
    'src/only.c': 'int only;\n',
    'src/deep/er/f': 'deep\n',
    'src/out.o': 'object\n',
    l: '-> a',
  },
  // Git picks passing names at random; whether it compares contents or times is a matter of seconds.
  unstable: [/tmp_obj_\w+/g],
};

describeTools('git', [
  {
    ...common,
    name: 'status',
    argv: ['git', 'status', '--porcelain'],
    withStrace: true,
    knows: {
      '.gitignore': 'file content',
      src: 'directory listed',
      'src/.gitignore': 'absent',
      'src/m.c': 'file',
      'src/new': 'untouched',
      'src/deep/er': 'directory listed',
      '.git/index': 'file content',
      l: 'symlink',
    },
  },
  {
    ...common,
    name: 'log',
    argv: ['git', 'log', '-p', '--stat', '--all'],
    withStrace: true,
    knows: {
      '.git/HEAD': 'file content',
      '.git/refs/heads/main': 'file content',
      'src/m.c': 'untouched',
    },
  },
  {
    ...common,
    name: 'grep',
    argv: ['git', 'grep', '--threads=2', 'int'],
    withStrace: true,
    knows: {
      'src/m.c': 'file content',
      'src/h.h': 'file content',
      'src/new': 'untouched',
      'src/out.o': 'untouched',
      '.git/index': 'file content',
    },
  },
  {
    ...common,
    name: 'checkout',
    argv: ['git', 'checkout', '--quiet', 'other'],
    withStrace: true,
    knows: {
      'src/only.c': 'absent written',
      'src/m.c': 'file written',
      'src/h.h': 'file not written',
      '.git/HEAD': 'file content written',
      '.git/index': 'file content written',
    },
  },
  {
    ...common,
    name: 'add and commit',
    argv: ['sh', '-c', 'git add -A && git commit --quiet -m three'],
    knows: {
      'src/new': 'file content not written',
      'src/out.o': 'untouched',
      src: 'directory listed',
      '.git/refs/heads/main': 'file content written',
    },
  },
  {
    ...common,
    name: 'clean',
    argv: ['git', 'clean', '-fdxq'],
    knows: {
      'src/new': 'file written not content',
      'src/out.o': 'file written not content',
      'src/m.c': 'not written',
    },
  },
]);
