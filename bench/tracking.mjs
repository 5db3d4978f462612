// What tracking costs: whole commands, bare against tracked by the filter alone and by filter and
// shim together, run in turns so that the machine's moods meet all three. Prints a markdown table
// of the medians of paired ratios (and milliseconds per process where that is what matters), in
// brackets the same of processor time, and behind it what a million paths take of memory and disk.
//
//   node bench/tracking.mjs [--rounds N] [--row TEXT]
//
// Needs the built native part (dist/native). Rows whose program is missing are named and left out.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const launcher = path.join(root, 'dist/native/vt-launch');
const shim = path.join(root, 'dist/native/libvt-shim.so');
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, row: { type: 'string', default: '' } },
});
const rounds = Number(options.rounds);
const scratch = mkdtempSync(path.join(tmpdir(), 'vt-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

function write(file, text) {
  const target = path.join(scratch, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}

/** `count` files, a hundred to a directory, below `name`. */
function makeTree(name, count) {
  for (let i = 0; i < count; i++) write(`${name}/d${Math.floor(i / 100)}/f${i}.txt`, `text ${i}\n`);
}

/** Milliseconds of time and of processor time: the latter holds on a busy machine too. */
function run(command, args, cwd) {
  const started = process.hrtime.bigint();
  // The shell knows what its child, and all that this waited for, used of the processor.
  const timing = 'TIMEFORMAT=%U+%S; time "$@" 2>/dev/null 3>/dev/null';
  const { status, error, signal, stderr } = spawnSync(
    'bash',
    ['-c', timing, 'bash', command, ...args],
    { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? signal ?? status}`);
  const [user, system] = stderr.trim().split('+').map(Number);
  return {
    wall: Number(process.hrtime.bigint() - started) / 1e6,
    cpu: Math.max(1, (user + system) * 1000),
  };
}

const ways = {
  bare: ([command, ...args], cwd) => run(command, args, cwd),
  filter: (argv, cwd) => launch([], argv, cwd),
  both: (argv, cwd) => launch(['--shim', shim], argv, cwd),
};

function launch(more, argv, cwd) {
  const trace = path.join(scratch, 'trace');
  const took = run(launcher, ['--control', '3', '--trace', trace, ...more, '--', ...argv], cwd);
  rmSync(trace);
  return took;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const has = (program) => spawnSync(program, ['--version']).error === undefined;
const tool = (name) => path.join(root, 'node_modules/.bin', name);

/** name, bar (text), what must be there, setup -> argv and cwd, processes for ms per process */
const rows = [
  {
    name: 'find + cat, 5,000 files',
    bar: '1.15',
    setup() {
      makeTree('find', 5000);
      return [['sh', '-c', 'find . -type f -exec cat {} +'], 'find'];
    },
  },
  {
    name: 'node, 20,000 statSync',
    bar: '1.15',
    setup() {
      makeTree('stat', 1000);
      const script = `const fs = require('node:fs');
        for (let i = 0; i < 20000; i++) fs.statSync('d' + (i % 10) + '/f' + ((i % 10) * 100 + i % 100) + '.txt');`;
      return [[process.execPath, '-e', script], 'stat'];
    },
  },
  {
    name: 'git status, 10,000 files',
    bar: '1.35',
    needs: () => has('git') || 'git',
    setup() {
      makeTree('git', 10000);
      const cwd = path.join(scratch, 'git');
      run('git', ['init', '-q'], cwd);
      run('git', ['add', '-A'], cwd);
      const who = ['-c', 'user.name=x', '-c', 'user.email=x@y.z', '-c', 'commit.gpgsign=false'];
      run('git', [...who, 'commit', '-qm', 'x'], cwd);
      return [['git', 'status', '--porcelain'], 'git'];
    },
  },
  {
    name: '200 x /bin/true',
    bar: '+0.4 ms',
    processes: 200,
    setup: () => [['sh', '-c', 'i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done'], '.'],
  },
  {
    name: '300 x cat',
    bar: '+0.4 ms',
    processes: 300,
    setup() {
      write('cat/f', 'x\n');
      return [['sh', '-c', 'i=0; while [ $i -lt 300 ]; do cat f; i=$((i+1)); done'], 'cat'];
    },
  },
  {
    name: 'gcc -c x 50',
    bar: '1.08',
    needs: () => has('gcc') || 'gcc',
    setup() {
      for (let i = 0; i < 50; i++)
        write(
          `gcc/m${i}.c`,
          `#include <stdio.h>\n#include <stdlib.h>\nint f${i}(void) { return ${i}; }\n`,
        );
      return [['sh', '-c', 'for f in *.c; do gcc -c $f || exit 1; done'], 'gcc'];
    },
  },
  {
    name: 'tsc -p, 400 files',
    bar: '1.03',
    needs: () => existsSync(tool('tsc')) || 'tsc',
    setup() {
      for (let i = 0; i < 400; i++)
        write(
          `tsc/src/m${i}.ts`,
          `${i ? `import { v${i - 1} } from './m${i - 1}.js';\n` : ''}export const v${i} = ${i ? `v${i - 1} + 1` : 0};\n`,
        );
      const compilerOptions = {
        module: 'nodenext',
        strict: true,
        types: [],
        rootDir: 'src',
        outDir: 'out',
      };
      write('tsc/tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
      return [[process.execPath, tool('tsc'), '-p', '.'], 'tsc'];
    },
  },
  {
    name: 'vite build, 600 modules',
    bar: '1.15',
    needs: () => existsSync(tool('vite')) || 'vite',
    setup() {
      const modules = Array.from({ length: 600 }, (_, i) => i);
      for (const i of modules) write(`vite/src/m${i}.ts`, `export const v${i} = ${i};\n`);
      const imports = modules.map((i) => `import { v${i} } from './m${i}';`).join('\n');
      write(
        'vite/src/main.ts',
        `${imports}\nconsole.log(${modules.map((i) => `v${i}`).join('+')});\n`,
      );
      write('vite/index.html', '<script type="module" src="/src/main.ts"></script>\n');
      write('vite/package.json', '{"type":"module"}\n');
      symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'vite/node_modules'));
      return [[process.execPath, tool('vite'), 'build', '--logLevel', 'silent'], 'vite'];
    },
  },
  {
    name: 'esbuild --bundle, 600 modules',
    bar: '1.5',
    needs: () => existsSync(tool('esbuild')) || 'esbuild',
    setup() {
      const modules = Array.from({ length: 600 }, (_, i) => i);
      for (const i of modules) write(`esbuild/m${i}.ts`, `export const v${i} = ${i};\n`);
      write('esbuild/main.ts', modules.map((i) => `export * from './m${i}';`).join('\n'));
      return [
        [tool('esbuild'), '--bundle', 'main.ts', '--outfile=out.js', '--log-level=error'],
        'esbuild',
      ];
    },
  },
];

if (!existsSync(launcher))
  throw new Error('dist/native is not built: node scripts/build-native.mjs');
console.log('| Workload | bare, ms | filter only | filter and shim | bar |\n|---|---|---|---|---|');
for (const row of rows.filter(({ name }) => name.includes(options.row))) {
  const needed = row.needs?.() ?? true;
  if (needed !== true) {
    console.log(`| ${row.name} | no ${needed} here | | | ${row.bar} |`);
    continue;
  }
  const [argv, directory] = row.setup();
  const cwd = path.join(scratch, directory);
  for (const way of Object.values(ways)) way(argv, cwd); // fills the caches of disk and kernel
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const time = {};
    const order = Object.keys(ways);
    for (let i = 0; i < round % order.length; i++) order.push(order.shift());
    for (const way of order) time[way] = ways[way](argv, cwd);
    times.push(time);
  }
  const cell = (way) => {
    const ratio = (of) => median(times.map((time) => time[way][of] / time.bare[of])).toFixed(2);
    const both = `${ratio('wall')} (${ratio('cpu')})`;
    if (row.processes === undefined) return both;
    const more = (of) =>
      median(times.map((time) => (time[way][of] - time.bare[of]) / row.processes)).toFixed(2);
    return `${both}, +${more('wall')} (+${more('cpu')}) ms each`;
  };
  const bare = median(times.map((time) => time.bare.wall)).toFixed(0);
  console.log(`| ${row.name} | ${bare} | ${cell('filter')} | ${cell('both')} | ${row.bar} |`);
}

const memory = 'a million paths';
if (memory.includes(options.row)) {
  mkdirSync(path.join(scratch, 'memory'));
  const cwd = path.join(scratch, 'memory');
  // The parent of the task's main process is the supervisor.
  const script = `const fs = require('node:fs');
    for (let i = 0; i < 1e6; i++) fs.existsSync('packages/some-package/src/module-' + i + '.ts');
    fs.writeFileSync('peak', /VmHWM:\\s*(\\d+)/.exec(fs.readFileSync('/proc/' + process.ppid + '/status'))[1]);`;
  for (const [way, more] of [
    ['filter only', []],
    ['filter and shim', ['--shim', shim]],
  ]) {
    const trace = path.join(scratch, 'trace');
    run(
      launcher,
      ['--control', '3', '--trace', trace, ...more, '--', process.execPath, '-e', script],
      cwd,
    );
    const peak = Number(readFileSync(path.join(cwd, 'peak'), 'utf8')) / 1024;
    const disk = (statSync(trace).blocks * 512) / 2 ** 20;
    console.log(
      `${memory}, ${way}: supervisor ${peak.toFixed(0)} MiB at most, log ${disk.toFixed(0)} MiB`,
    );
    rmSync(trace);
  }
}
