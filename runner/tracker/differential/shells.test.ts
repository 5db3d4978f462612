import { spawnSync } from 'node:child_process';
import { describeTools } from './describe-tools.js';
import { missing } from './programs-on-path.js';

/** A small tree with a few of everything. */
const tree = {
  a: 'text\n',
  'src/m.c': '#include "h.h"\nint main(void) { return H; }\n',
  'src/h.h': '#define H 0\n',
  'src/deep/er/f': 'deep\n',
  'src/link': '-> ../a',
  dir: '-> src/deep',
  empty: '/',
  dangling: '-> nowhere',
};

const loop =
  'for f in src/*; do test -f "$f" && cat "$f"; done >out; echo 1 >>log; [ -e none ] || echo >made; ' +
  'while read -r line; do echo "$line"; done <a >copy; cd src && . ../script; rm ../made; test ! -x ../script';

function refuses(namespaces: readonly string[]): string | false {
  const { status } = spawnSync('unshare', [...namespaces, '--fork', 'true']);
  return status !== 0 && `no unshare ${namespaces.join(' ')} here`;
}

describeTools('shells and their tools', [
  ...['bash', 'dash'].map((shell) => ({
    name: shell,
    skip: missing(shell),
    plants: { ...tree, script: 'cat deep/er/f >/dev/null\n' },
    argv: [shell, '-c', loop],
    withStrace: true,
    knows: {
      'src/m.c': 'file content not written',
      'src/link': 'symlink ->',
      a: 'file content',
      src: 'directory listed',
      'src/deep/er/f': 'file content',
      script: 'file content',
      out: 'absent written',
      log: 'absent written',
      made: 'absent written',
      none: 'absent not written',
      copy: 'absent written',
    },
  })),
  {
    name: 'find',
    plants: tree,
    argv: ['find', '-L', '.', '-name', '*.c', '-newer', 'a', '-print'],
    withStrace: true,
    knows: {
      'src/m.c': 'file probed not content',
      src: 'directory listed',
      'src/deep/er': 'directory listed',
      empty: 'directory listed',
      dir: 'symlink ->',
      nowhere: 'absent',
    },
  },
  {
    name: 'find -delete',
    plants: tree,
    argv: ['find', 'src', '-name', 'm*', '-delete'],
    knows: { src: 'directory listed', 'src/m.c': 'file written not content' },
  },
  {
    name: 'grep -r',
    plants: tree,
    argv: ['grep', '-r', 'e', '.'],
    withStrace: true,
    knows: {
      a: 'file content',
      'src/deep/er/f': 'file content',
      'src/deep': 'directory listed',
      empty: 'directory listed',
    },
  },
  {
    name: 'tar packs',
    plants: tree,
    argv: ['tar', '-cf', 'all.tar', 'src', 'dir', 'dangling'],
    withStrace: true,
    knows: {
      'all.tar': 'absent written',
      'src/m.c': 'file content',
      src: 'directory listed',
      dir: 'symlink ->',
      dangling: 'symlink ->',
      nowhere: 'untouched',
      a: 'untouched',
    },
  },
  {
    name: 'tar unpacks, onto a file too',
    plants: { ...tree, 'out/src/h.h': 'old\n' },
    argv: ['sh', '-c', 'tar -cf - src dir | tar -xf - -C out'],
    knows: {
      'out/src/m.c': 'absent written',
      'out/src/h.h': 'file written not content unknown',
      'out/dir': 'absent written',
      'out/src': 'directory',
      'src/h.h': 'file content',
    },
  },
  {
    name: 'cp -r and cp -a',
    plants: tree,
    argv: ['sh', '-c', 'cp -r src copy && cp -a src exact'],
    withStrace: true,
    knows: {
      'src/m.c': 'file content',
      src: 'directory listed',
      'copy/m.c': 'absent written',
      'copy/link': 'absent written',
      'exact/deep/er/f': 'absent written',
    },
  },
  {
    name: 'rsync -a',
    skip: missing('rsync'),
    plants: { ...tree, 'to/h.h': 'old\n', 'to/extra': 'x\n' },
    argv: ['rsync', '-a', '--delete', 'src/', 'to/'],
    unstable: [/\.[^/]*\.\w{6}$/g],
    concurrent: true,
    knows: {
      'src/m.c': 'file content',
      'src/link': 'symlink ->',
      'to/m.c': 'absent written',
      'to/h.h': 'file written',
      'to/extra': 'file written',
      to: 'directory listed',
    },
  },
  ...[['--pid'], ['--user', '--pid']].map((namespaces) => ({
    name: `find in a namespace (unshare ${namespaces.join(' ')})`,
    skip: missing('unshare') || refuses(namespaces),
    plants: tree,
    argv: [
      'bash',
      '-c',
      `for f in src/*; do test -e "$f"; done; unshare ${namespaces.join(' ')} --fork find . -newer a; true`,
    ],
    knows: { 'src/m.c': 'file inspected', 'src/deep/er': 'directory listed', a: 'file inspected' },
  })),
  {
    name: 'rm, mv, ln, mkdir, touch and chmod',
    plants: tree,
    argv: [
      'sh',
      '-c',
      'rm -r src/deep; mv src lib; ln -s a l; ln a hard; mkdir -p p/q; touch new a; chmod +x lib/m.c; rmdir empty; test ! -e gone',
    ],
    knows: {
      'src/deep/er/f': 'file written',
      'src/deep': 'directory listed written',
      'src/m.c': 'file content written',
      'lib/m.c': 'absent written',
      l: 'absent written',
      hard: 'absent written',
      'p/q': 'absent written',
      new: 'absent written',
      empty: 'directory written',
      gone: 'absent not written',
    },
  },
]);
