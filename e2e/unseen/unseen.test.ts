import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, readFileSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { projectRoot, Workspace, type Finished } from '../harness/workspace.js';

/**
 * Real programs do the same tracked as untracked: each command is run bare and under vt in two
 * equal workspaces; output, exit code and all that is on disk afterwards are compared.
 */

interface Case {
  readonly name: string;
  readonly command: readonly string[];
  /** Files, or what prepares the workspace. */
  readonly given?: (workspace: Workspace) => void;
  /** Takes out of the output what differs from run to run anyway. */
  readonly steady?: (text: string) => string;
  /** Files whose content differs from run to run anyway. */
  readonly varying?: RegExp;
  /** What vt says that it cannot follow here. */
  readonly incomplete?: RegExp;
  readonly needs?: readonly string[];
  readonly skip?: string | false;
}

const isRoot = process.getuid?.() === 0;
const onlyRoot = isRoot ? false : 'only root may do it';
const here = path.join(projectRoot, 'e2e/unseen');
const files = { 'package.json': '{}\n', 'a.txt': 'a\n', 'dir/b.txt': 'b\n' };

function sh(name: string, script: string, more: Partial<Case> = {}): Case {
  return { name, command: ['sh', '-c', script], ...more };
}

const manyReads = 'i=0; while [ $i -lt 60 ]; do test -e x$i; i=$((i+1)); done';

/**
 * The first numbers of descriptors but for the channel's, 3, and those that this test was started with
 * and hands on to what it starts bare: a tracked task does not get them.
 */
function newDescriptors(): string {
  const isHandedOn = (n: number): boolean => {
    try {
      const info = readFileSync(`/proc/self/fdinfo/${n}`, 'utf8');
      return (parseInt(/^flags:\s+(\d+)$/m.exec(info)?.[1] ?? '0', 8) & 0o2000000) === 0;
    } catch {
      return false; // not open
    }
  };
  const numbers = Array.from({ length: 256 }, (_, n) => n);
  return numbers.filter((n) => n < 3 || (n > 3 && !isHandedOn(n))).join(' ');
}

const cases: readonly Case[] = [
  {
    name: 'the file system calls of node',
    command: ['node', 'fs-calls.mjs'],
    given: (w) => {
      w.copyIn(path.join(here, 'fs-calls.mjs'), 'fs-calls.mjs');
    },
  },
  {
    name: 'fifty commands of git',
    command: ['sh', 'git-commands.sh'],
    needs: ['git'],
    given: (w) => {
      w.copyIn(path.join(here, 'git-commands.sh'), 'git-commands.sh');
    },
    varying: /\.git\b/,
  },
  {
    name: 'npm install of local packages',
    command: ['npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error'],
    needs: ['npm', 'tar'],
    given: (w) => {
      const dependencies: Record<string, string> = {};
      for (const name of ['one', 'two', 'three']) {
        w.write({
          'package/package.json': JSON.stringify({ name, version: '1.0.0', bin: 'cli.js' }),
          'package/cli.js': `#!/usr/bin/env node\nconsole.log('${name}');\n`,
        });
        execFileSync('tar', ['-czf', `${name}.tgz`, '--mtime=@1', 'package'], { cwd: w.root });
        dependencies[name] = `file:${name}.tgz`;
      }
      w.write({ 'package.json': JSON.stringify({ name: 'app', version: '1.0.0', dependencies }) });
    },
    steady: (text) => text.replace(/ in \d+m?s/, ''),
    varying: /\.tgz$|package-lock\.json$/, // gzip keeps the time, npm keeps gzip's digest
  },
  {
    name: 'a run of vitest',
    command: ['node', 'node_modules/vitest/vitest.mjs', 'run', '--no-color', '--reporter=verbose'],
    given: (w) => {
      symlinkSync(path.join(projectRoot, 'node_modules'), w.path('node_modules'));
      w.write({
        'vitest.config.mjs': `export default { cacheDir: '.cache', test: { cache: false } };\n`,
        'src/sum.ts': 'export const sum = (a: number, b: number): number => a + b;\n',
        'test/sum.test.ts': `import { expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { sum } from '../src/sum.js';
it('adds', () => expect(sum(1, 2)).toBe(3));
it('reads', () => expect(readFileSync('a.txt', 'utf8')).toBe('a\\n'));
it('snapshots', () => expect({ a: 1 }).toMatchSnapshot());
it('fails', () => expect(sum(1, 2)).toBe(4));
`,
      });
    },
    steady: (text) => text.replace(/^ *(?:Start at|Duration) .*$/gm, '').replace(/ \d+m?s\b/g, ''),
    varying: /^\.cache|^node_modules/,
  },
  {
    name: 'make -j2 of a C project',
    command: ['sh', '-c', 'make -j2 -Otarget 2>&1 | sort && ./program && make'],
    needs: ['make', 'gcc', 'ar'],
    given: (w) => {
      const names = ['one', 'two', 'three', 'four'];
      for (const name of names) {
        w.write({ [`src/${name}.c`]: `#include "all.h"\nint ${name}(void) { return LENGTH; }\n` });
      }
      w.write({
        'src/all.h': `#define LENGTH 7\n${names.map((n) => `int ${n}(void);\n`).join('')}`,
        'src/main.c': `#include <stdio.h>\n#include "all.h"\nint main(void) { printf("%d\\n", ${names.map((n) => `${n}()`).join(' + ')}); }\n`,
        Makefile: `objects = ${names.map((n) => `src/${n}.o`).join(' ')}
program: src/main.o liball.a
	gcc -o $@ src/main.o liball.a
liball.a: $(objects)
	ar rcsD $@ $(objects)
src/%.o: src/%.c src/all.h
	gcc -Isrc -c -o $@ $<
`,
      });
    },
  },
  {
    name: "python's own test_os",
    command: [
      'sh',
      '-c',
      `python3 -m unittest -v $(for c in ${'FileTests StatAttributeTests UtimeTests EnvironTests WalkTests FwalkTests MakedirTests RemoveDirsTests PosixUidGidTests TestScandir ExtendedAttributeTests PidTests SpawnTests'.replaceAll(' ', ' ')}; do echo test.test_os.$c; done) 2>&1 | grep -E ' \\.\\.\\. |^Ran|^OK|^FAILED' | sed 's/ in [0-9.]*s//' | sort`,
    ],
    // Links in directories that are gone at the end, which were looked through meanwhile.
    incomplete: /was a symbolic link\)/,
    skip:
      spawnSync('python3', ['-c', 'import test.test_os']).status === 0 ? false : 'no test.test_os',
  },
  sh('fakeroot', "fakeroot sh -c 'touch f; chown 1:2 f; stat -c %u:%g f a.txt; id -u; cat a.txt'", {
    needs: ['fakeroot'],
  }),
  sh('strace', 'strace -f -o /dev/null sh -c "cat a.txt; test -e none; exit 4"; echo $?', {
    needs: ['strace'],
  }),
  sh('strace of one call', 'strace -e trace=openat -o log cat a.txt; grep -c a.txt log; rm log', {
    needs: ['strace'],
  }),
  sh(
    'gdb',
    'gdb -batch -ex run -ex "p 1+1" --args cat a.txt 2>&1 | grep -E "^a$|= 2|exited" | sed s/process.[0-9]*/process/',
    {
      needs: ['gdb'],
    },
  ),
  sh('a program with a sandbox of its own', 'file a.txt dir; file -z a.txt', { needs: ['file'] }),
  sh('env -i', 'env -i /bin/sh -c "cat a.txt; /usr/bin/env | sort; echo x >new"'),
  sh('su', "su nobody -s /bin/sh -c 'id -u; cat /etc/hostname; cat none; echo $?'", {
    needs: ['su'],
    skip: onlyRoot,
  }),
  sh('a set-user-id program', 'cp $(command -v id) i; chown 65534 i; chmod u+s i; ./i -u; rm i', {
    skip: onlyRoot,
  }),
  sh('setsid', 'setsid -w sh -c "cat a.txt; exit 5"; echo $?', { needs: ['setsid'] }),
  sh('timeout', 'timeout 0.2 sleep 60; echo $?; timeout -s KILL 0.2 sleep 60; echo $?'),
  sh('nohup and nice', 'nohup nice -n 3 cat a.txt 2>&1; nice'),
  sh(
    'a daemon that is stopped',
    'mkfifo up; (setsid sh -c "echo >up; exec sleep 100" & echo $! >pid); read x <up; kill $(cat pid); rm up pid',
  ),
  sh('limits', `ulimit -n 20; ulimit -c; ulimit -n; ${manyReads}; cat a.txt`),
  sh(
    'a limit on the size of files',
    `ulimit -f 1; ${manyReads}; ${manyReads}; cat a.txt dir/b.txt; head -c 5000 /dev/zero >big; echo $?`,
  ),
  {
    name: 'a limit on the size of files, in one process',
    command: [
      'bash',
      '-c',
      `ulimit -f 1; for i in {1..400}; do [ -e "x$i$(printf %0200d 0)" ]; done; echo done; read x <a.txt; echo $x`,
    ],
    needs: ['bash'],
  },
  {
    name: 'a limit on memory',
    command: ['bash', '-c', 'ulimit -v 60000; for i in {1..100}; do [ -e x$i ]; done; cat a.txt'],
    needs: ['bash'],
  },
  {
    name: 'what only bash can',
    command: [
      'bash',
      '-c',
      'cat <(cat a.txt) <(echo 2) | tee >(wc -c >count); coproc cat; echo hi >&"${COPROC[1]}"; read -u "${COPROC[0]}" x; echo $x; exec 9<>both; echo w >&9; cat both; shopt -s globstar; echo **; trap "echo bye" EXIT; kill -USR1 $BASHPID; echo never',
    ],
    needs: ['bash'],
  },
  sh(
    'descriptors',
    `for n in ${newDescriptors()}; do [ ! -h /proc/$$/fd/$n ] || echo $n; done; exec 5<a.txt; cat <&5; readlink /proc/$$/fd/5 | grep -c a.txt`,
  ),
  sh('the user’s own preload', 'LD_PRELOAD=/no/such.so cat a.txt', {
    steady: (text) => text.replace(/^ERROR: ld\.so.*\n/gm, 'ERROR: ld.so\n'),
  }),
];

const missing = (programs: readonly string[] = []): string | false => {
  const absent = programs.find(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  );
  return absent === undefined ? false : `no ${absent}`;
};

/** Every path with its kind, mode, and content or target. */
function treeOf(workspace: Workspace, varying: RegExp): string[] {
  const lines: string[] = [];
  const visit = (below: string): void => {
    for (const name of readdirSync(workspace.path(below)).sort()) {
      const file = path.join(below, name);
      const stat = lstatSync(workspace.path(file));
      const mode = stat.mode.toString(8);
      if (stat.isSymbolicLink()) lines.push(`${file} -> ${readlinkSync(workspace.path(file))}`);
      else if (varying.test(file)) lines.push(file);
      else if (stat.isFile()) {
        const bytes = readFileSync(workspace.path(file), 'latin1');
        lines.push(`${file} ${mode} ${bytes.replaceAll(workspace.root, 'ROOT')}`);
      } else lines.push(`${file} ${mode}`);
      if (stat.isDirectory()) visit(file);
    }
  };
  visit('');
  return lines;
}

function prepared(t: TestContext, { given }: Case): Workspace {
  const workspace = new Workspace(t, files);
  given?.(workspace);
  return workspace;
}

describe('tracked and untracked the same', () => {
  for (const one of cases) {
    it(one.name, { skip: one.skip ?? missing(one.needs) }, async (t) => {
      const [bare, tracked] = [prepared(t, one), prepared(t, one)];
      const steady = (
        workspace: Workspace,
        { code, signal, stdout, stderr }: Finished,
      ): unknown => {
        const text = (output: string): string =>
          (one.steady ?? ((same) => same))(output.replaceAll(workspace.root, 'ROOT'));
        return { code, signal, stdout: text(stdout), stderr: text(stderr) };
      };
      const expected = await bare.run(one.command);
      // A cache elsewhere: its directory is the one thing that vt makes in a workspace.
      const env = { VT_CACHE_DIR: new Workspace(t).path('cache') };
      const run = await tracked.vt(['exec', '--', ...one.command], { env });
      const notice = /vt: not cached: (.*)\n$/.exec(run.stderr);
      const stderr = run.stderr.slice(0, notice?.index ?? Infinity);
      assert.deepEqual(steady(tracked, { ...run, stderr }), steady(bare, expected));
      const told = notice?.[1] ?? '';
      if (one.incomplete === undefined) assert.doesNotMatch(told, /incomplete|failed/);
      else assert.match(told, one.incomplete);
      const varying = one.varying ?? /(?!)/;
      assert.deepEqual(treeOf(tracked, varying), treeOf(bare, varying));
    });
  }
});
