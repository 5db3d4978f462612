// This runner against others, each as its users start it: generates workspaces, installs the others from
// npm into a scratch folder, runs each until it replays everything, and then measures all of them in
// turns with `node -e 0` (or with the bare command), so that the machine's moods meet all. Every measured
// hit is checked to be one. Prints medians of paired ratios with their quartiles, as markdown.
//
//   node bench/runners.mjs [--packages 1,50,500] [--rounds 21] [--rows hits,outputs,restore,first,processes,memory]
//                          [--runners vt,Turborepo,Vite+,Nx] [--scratch DIR] [--prepare] [--write]
//
// --scratch keeps everything for the next time, rows that were measured too; --prepare only prepares it;
// --write puts the table into README.md, between its marks. Needs the built vt, git, and npm's registry.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inTurns, median, ratioText, run, spread, table } from './measure.mjs';
import {
  environment,
  forget,
  generate,
  installRunners,
  packages as versions,
  prime,
  runIn,
  runners,
  vt,
} from './runner-workspace.mjs';

const { values: options } = parseArgs({
  options: {
    packages: { type: 'string', default: '1,50,500' },
    rounds: { type: 'string', default: '21' },
    rows: {
      type: 'string',
      default: 'hits,outputs,restore,first,processes,memory',
    },
    runners: { type: 'string', default: Object.keys(runners).join(',') },
    scratch: { type: 'string' },
    prepare: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const list = (text) => text.split(',').filter((item) => item !== '');
const sizes = list(options.packages).map(Number);
const rounds = Number(options.rounds);
const wanted = list(options.rows);
const names = list(options.runners);
const scratch = options.scratch ?? mkdtempSync(path.join(tmpdir(), 'vt-bench-runners-'));
if (options.scratch === undefined) {
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
}
process.on('exit', stopDaemons);

const tools = installRunners(scratch);

/**
 * A workspace of its own for each runner, in which it replays everything: some write into what others
 * have made. By name of the runner.
 */
function workspaces(name, { count = 1, script = 'bundle', primed = true } = {}) {
  return Object.fromEntries(
    names.map((runner) => {
      const directory = path.join(scratch, `${name}-${runner.replace(/\W/g, '')}`);
      const stampFile = `${directory}.made`;
      const stamp = JSON.stringify({ versions, count, script, vt });
      if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
        generate(directory, { count, script, tools });
        writeFileSync(stampFile, stamp);
      }
      if (primed) prime(directory, runner, count);
      return [runner, directory];
    }),
  );
}

const bareNode = (cwd) => () => run([process.execPath, '-e', '0'], { cwd, env: environment }).wall;
const hitting = (directory, runner, tasks) => () => {
  const { wall, hit, output } = runIn(directory, runner, { tasks });
  if (!hit) throw new Error(`${runner} did not hit in ${directory}:\n${output.slice(-2000)}`);
  return wall;
};
const each = (make) => Object.fromEntries(names.map((runner) => [runner, make(runner)]));

/** Large workspaces take seconds a round. */
const roundsOf = (count) => (count >= 500 ? Math.max(3, Math.round(rounds / 3)) : rounds);

function hits(count) {
  const at = workspaces(`hits-${count}`, { count });
  if (options.prepare) return [];
  const times = inTurns(
    {
      bare: bareNode(scratch),
      ...each((runner) => hitting(at[runner], runner, count)),
    },
    roundsOf(count),
  );
  const what = count === 1 ? '1 package (20 sources)' : `${count} packages (${count * 20} sources)`;
  return [[`hit, ${what}, of \`node -e 0\``, ...ratios(times)]];
}

function outputs() {
  const at = workspaces('outputs', { script: 'outputs' });
  if (options.prepare) return [];
  const times = inTurns(
    {
      bare: bareNode(scratch),
      ...each((runner) => hitting(at[runner], runner, 1)),
    },
    rounds,
  );
  return [['hit, 1,000 outputs of 100 MB in place, of `node -e 0`', ...ratios(times)]];
}

function restore() {
  const at = workspaces('outputs', { script: 'outputs' });
  if (options.prepare) return [];
  const dist = (runner) => path.join(at[runner], 'packages/p0/dist');
  const [copy, target] = ['copy', 'target'].map((name) => path.join(scratch, name));
  const remove = (directory) => rmSync(directory, { recursive: true, force: true });
  // What was made is moved away and removed at the end: for minutes after files were removed, ext4 looks
  // past the numbers of all of them for each new file, which can take longer than copying it.
  const trash = path.join(scratch, 'trash');
  let count = 0;
  const clear = (directory) => {
    if (existsSync(directory)) renameSync(directory, path.join(trash, String(count++)));
  };
  remove(trash);
  mkdirSync(trash);
  remove(copy);
  cpSync(dist(names[0]), copy, { recursive: true });
  const times = inTurns(
    {
      bare: () => {
        clear(target);
        return run(['cp', '-r', copy, target], { cwd: scratch }).wall;
      },
      ...each((runner) => () => {
        clear(dist(runner));
        const time = hitting(at[runner], runner, 1)();
        if (!existsSync(path.join(dist(runner), '999')))
          throw new Error(`${runner} restored nothing`);
        return time;
      }),
    },
    Math.max(5, Math.round(rounds / 3)),
  );
  for (const directory of [copy, target, trash]) remove(directory);
  return [['restore of these, of `cp -r`', ...ratios(times)]];
}

/** Nx starts a daemon when it is forgotten, which is another thing to measure. */
const forgettable = (runner) => runner !== 'Nx';

function cold(title, script, text, count) {
  const at = workspaces(script, { script, primed: false });
  if (options.prepare) return [];
  const home = path.join(at[names[0]], 'packages/p0');
  const first = (runner) => () => {
    if (!forgettable(runner)) return Number.NaN;
    forget(at[runner], runner);
    return runIn(at[runner], runner, { tasks: 1 }).wall;
  };
  const bare = () => run(['sh', 'build.sh'], { cwd: home }).wall;
  const times = inTurns({ bare, ...each(first) }, count);
  return [
    [
      title,
      ...names.map((runner) => (forgettable(runner) ? text(times[runner], times.bare) : '-')),
    ],
  ];
}

function memory() {
  return [1, 500]
    .filter((count) => sizes.includes(count))
    .flatMap((count) => {
      const at = workspaces(`hits-${count}`, { count });
      if (options.prepare) return [];
      const megabytes = names.map((runner) => {
        const most = Array.from(
          { length: 5 },
          () => runIn(at[runner], runner, { tasks: count, memory: true }).megabytes,
        );
        return most.includes(undefined) ? 'no GNU time' : `${median(most).toFixed(0)} MB`;
      });
      return [[`peak memory of a hit, ${count} package${count === 1 ? '' : 's'}`, ...megabytes]];
    });
}

const measures = {
  hits: () => sizes.flatMap((count) => hits(count)),
  outputs,
  restore,
  first: () => cold('first run of a short command, over the command', 'short', beyond, rounds),
  processes: () =>
    cold(
      '1,000 processes (`cat` each), tracked, of bare',
      'processes',
      ratioText,
      Math.max(3, Math.round(rounds / 4)),
    ),
  memory,
};

function ratios(times) {
  return names.map((runner) => ratioText(times[runner], times.bare));
}

function beyond(times, floor) {
  const { median: middle, low, high } = spread(times.map((time, round) => time - floor[round]));
  return `+${middle.toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;
}

function stopDaemons() {
  for (const size of sizes) {
    const directory = path.join(scratch, `hits-${size}-Nx`);
    const nx = path.join(directory, 'node_modules/.bin/nx');
    if (existsSync(nx)) {
      try {
        run([nx, 'daemon', '--stop'], { cwd: directory });
      } catch {
        // It is not running.
      }
    }
  }
}

/** Rows by their title, with those of other times in the same scratch folder. */
const rowsFile = path.join(scratch, 'rows.json');
const known = existsSync(rowsFile) ? JSON.parse(readFileSync(rowsFile, 'utf8')) : {};
const same = JSON.stringify([names, versions]);
const cells = known.same === same ? known.cells : {};
for (const name of wanted) {
  for (const [title, ...row] of measures[name]()) {
    cells[title] = row;
    console.error([title, ...row].join(' | '));
    writeFileSync(rowsFile, JSON.stringify({ same, cells }));
  }
}
const rows = Object.entries(cells).map(([title, row]) => [title, ...row]);
const heads = names.map((name) => {
  const version = {
    Turborepo: versions.turbo,
    'Vite+': versions['vite-plus'],
    Nx: versions.nx,
  }[name];
  return version === undefined ? name : `${name} ${version}`;
});
const text = [
  table(['', ...heads], rows),
  '',
  `Medians of at most ${rounds} rounds, with quartiles, on ${cpus().length} cores, Node ${process.version}.`,
].join('\n');
console.log(text);

if (options.write) {
  const readme = path.join(path.dirname(fileURLToPath(import.meta.url)), '../README.md');
  const [begin, end] = ['<!-- node bench/runners.mjs --write -->', '<!-- end -->'];
  const old = readFileSync(readme, 'utf8');
  const [before, rest] = old.split(begin);
  if (rest === undefined) throw new Error(`no ${begin} in README.md`);
  writeFileSync(readme, `${before}${begin}\n\n${text}\n\n${rest.slice(rest.indexOf(end))}`);
}
