// What a cache hit costs, in Node (dist/vt.cjs) and answered without it (dist/vt), in figures that a busy machine does not change much, beside those of the last
// landed state (hit-cost.json): processor time as a ratio of `node -e 0`, run in turns; system calls; the
// parts of Node that are loaded; sizes. Prints the change. Fails only when something has grown so much
// that no noise can explain it: whoever does that on purpose writes the new figures and says why.
//
//   node bench/hit-cost.mjs [--rounds N] [--write]
//
// Needs the built vt, its native part too; strace for the system calls, which are left out without it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, table } from './measure.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, '../dist');
const vt = path.join(dist, 'vt.cjs');
const front = path.join(dist, 'vt');
const landedFile = path.join(here, 'hit-cost.json');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);

/** By how much a figure may grow: processor time is noisy, the less of it the more; the others are counted. */
function allowedGrowth(name) {
  if (!name.startsWith('processor time')) return 1.25;
  return name.includes('repeated') ? 3 : 1.5;
}

const scratch = mkdtempSync(path.join(tmpdir(), 'vt-hit-cost-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
// Nothing of the machine's own: what is counted depends on the environment.
const searchPath = [path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'];
const env = { PATH: searchPath.join(':'), HOME: scratch, LANG: 'C.UTF-8' };

/** A workspace of packages with twenty sources and one output each, in which everything hits. */
function workspace(count) {
  const root = path.join(scratch, String(count));
  const write = (name, content) => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  write('package.json', { name: 'root', private: true, workspaces: ['packages/*'] });
  for (let index = 0; index < count; index++) {
    const home = `packages/p${index}`;
    const dependencies = index > 0 ? { [`p${index >> 1}`]: 'workspace:*' } : {};
    const own = index > 1 ? { dependencies } : {};
    write(`${home}/package.json`, { name: `p${index}`, version: '1.0.0', ...own });
    write(`${home}/vite-task.json`, { tasks: { build: { command: 'sh build.sh' } } });
    write(`${home}/build.sh`, 'mkdir -p dist\ncat src/*.ts > dist/bundle.js\n');
    for (let source = 0; source < 20; source++) {
      write(`${home}/src/m${source}.ts`, `export const m${source} = ${index};\n`);
    }
  }
  const hits = count === 1 ? /cache hit, replaying/ : new RegExp(`${count}/${count} cache hit`);
  for (let time = 0; time < 5; time++) {
    const text = execFileSync(process.execPath, [vt, 'run', '-r', 'build'], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    // Twice: the first hit writes down what the next one is confirmed by.
    if (hits.test(text) && time > 2) return root;
  }
  throw new Error(`no hits in a workspace of ${count}`);
}

function succeed(program, args, cwd) {
  const { status, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${status} ${stderr}`);
  return stderr;
}

/** Milliseconds of user and system time, by bash, which knows it of its children. */
function processorTime(args, cwd) {
  const script = 'TIMEFORMAT=%U+%S; time "$@" >/dev/null 2>/dev/null';
  const [user, system] = succeed('bash', ['-c', script, 'bash', process.execPath, ...args], cwd)
    .trim()
    .split('+')
    .map(Number);
  return (user + system) * 1000;
}

function processorRatio(cwd) {
  return median(
    Array.from({ length: rounds }, () => {
      const bare = processorTime(['-e', '0'], cwd);
      return processorTime([vt, 'run', '-r', 'build'], cwd) / bare;
    }),
  );
}

/** So many at once, as one takes less than the clock of processes can tell. */
const AT_ONCE = 20;

/** Repeats of an invocation, which is the same only in the same shell: it hands on variables. */
function repeatRatio(cwd) {
  const script = `
    repeat() { "$0" run -r build >/dev/null 2>/dev/null; }
    for time in {1..4}; do repeat; done
    TIMEFORMAT=%U+%S; time for time in {1..${AT_ONCE}}; do repeat; done`;
  return median(
    Array.from({ length: rounds }, () => {
      const bare = processorTime(['-e', '0'], cwd);
      const [user, system] = succeed('bash', ['-c', script, front], cwd)
        .trim()
        .split('+')
        .map(Number);
      const notes = readFileSync(path.join(cwd, 'node_modules/.cache/vt/v3/hits.log'), 'utf8');
      if (
        !notes
          .trimEnd()
          .split('\n')
          .slice(-AT_ONCE)
          .every((line) => line.startsWith('{"repeat"'))
      ) {
        throw new Error('a repeated invocation was not answered without Node');
      }
      return ((user + system) * 1000) / AT_ONCE / bare;
    }),
  );
}

function repeatCalls(cwd) {
  if (spawnSync('strace', ['-V']).error !== undefined) return undefined;
  const file = path.join(scratch, 'calls');
  for (let time = 0; time < 4; time++) {
    succeed('strace', ['-f', '-qq', '-o', file, front, 'run', '-r', 'build'], cwd);
  }
  return readFileSync(file, 'utf8').trimEnd().split('\n').length;
}

/** Of vt itself and the threads of Node, beyond those of `node -e 0`. */
function systemCalls(cwd) {
  if (spawnSync('strace', ['-V']).error !== undefined) return undefined;
  const count = (args) => {
    const file = path.join(scratch, 'calls');
    succeed('strace', ['-f', '-qq', '-o', file, process.execPath, ...args], cwd);
    // What threads wait for, and how memory is managed, differs from run to run.
    const noise =
      /(?:futex|madvise|mprotect|munmap|mmap|epoll_\w+|sched_\w+|exited|resumed|\+\+\+|---)/;
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !noise.test(line)).length;
  };
  return count([vt, 'run', '-r', 'build']) - count(['-e', '0']);
}

function loadedParts(cwd) {
  const loader = path.join(scratch, 'count.cjs');
  writeFileSync(
    loader,
    `process.on('exit', () => process.stderr.write(String(process.moduleLoadList.length)));`,
  );
  const count = (args) => Number(succeed(process.execPath, ['-r', loader, ...args], cwd).trim());
  return count([vt, 'run', '-r', 'build']) - count(['-e', '0']);
}

const one = workspace(1);
const fifty = workspace(50);
const codeCache = path.join(dist, 'code-cache');
// Of a node without flags: see runner/cli/start.ts.
const [code] = readdirSync(codeCache).filter((name) => name.endsWith('-811c9dc5-run-hr'));
const figures = {
  'processor time, 1 package, of `node -e 0`': processorRatio(one),
  'processor time, 50 packages, of `node -e 0`': processorRatio(fifty),
  'processor time, 1 package, repeated, of `node -e 0`': repeatRatio(one),
  'processor time, 50 packages, repeated, of `node -e 0`': repeatRatio(fifty),
  'system calls, 1 package, repeated': repeatCalls(one),
  'system calls, 50 packages, repeated': repeatCalls(fifty),
  'system calls, 1 package': systemCalls(one),
  'system calls, 50 packages': systemCalls(fifty),
  'parts of Node loaded': loadedParts(one),
  'kB of bundle': statSync(path.join(dist, 'vt-main.cjs')).size / 1000,
  'kB of code cache': statSync(path.join(codeCache, code ?? '')).size / 1000,
};

const landed = JSON.parse(readFileSync(landedFile, 'utf8'));
const worse = [];
const rows = Object.entries(figures).map(([name, now]) => {
  const before = landed[name];
  if (now === undefined || before === undefined) return [name, text(before), text(now), ''];
  if (now > before * allowedGrowth(name)) worse.push(name);
  const change = (now / before - 1) * 100;
  return [name, text(before), text(now), `${change >= 0 ? '+' : ''}${change.toFixed(0)} %`];
});
console.log(table(['a cache hit', 'landed', 'now', 'change'], rows));

if (options.write) {
  const rounded = Object.entries(figures).flatMap(([name, now]) =>
    now === undefined ? [] : [[name, Number(now.toFixed(2))]],
  );
  writeFileSync(landedFile, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
} else if (worse.length > 0) {
  console.error(
    `\nA hit costs far more than it did: ${worse.join('; ')}.\n` +
      'If that has to be so: node bench/hit-cost.mjs --write, and say why in the commit.',
  );
  process.exitCode = 1;
}

function text(figure) {
  return figure === undefined ? '-' : figure.toFixed(figure < 10 ? 2 : 0);
}
