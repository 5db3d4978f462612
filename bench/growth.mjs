// How the cost of a hit grows with what a result depends on, and that of storing and restoring with what
// it holds: a workspace for each size, measured and drawn, both axes logarithmic, so that a cost that is
// proportional to the size is a line that rises by one decade in a decade.
//
//   node bench/growth.mjs [--files 10,100,1000,10000,100000] [--megabytes 1,4,16,64,256,1024,2048]
//                         [--rounds 5] [--svg docs/growth.svg]
//
// Needs the built vt, and three times the largest size on the disk.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { growthChart } from './growth-chart.mjs';
import { median, run, table } from './measure.mjs';
import { environment, vt } from './runner-workspace.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
/** vt in Node, whatever an invocation before was. */
const vtInNode = [process.execPath, path.join(root, 'dist/vt.cjs')];
const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: '10,100,1000,10000,100000' },
    megabytes: { type: 'string', default: '1,4,16,64,256,1024,2048' },
    rounds: { type: 'string', default: '5' },
    svg: { type: 'string' },
  },
});
const list = (text) => text.split(',').filter(Boolean).map(Number);
const rounds = Number(options.rounds);

/** A directory for one measurement, gone afterwards. */
function within(work) {
  const directory = mkdtempSync(path.join(tmpdir(), 'vt-bench-growth-'));
  try {
    writeFileSync(path.join(directory, 'package.json'), '{"name":"growth","private":true}');
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function exec(directory, command, expectHit, program = vtInNode) {
  const argv = [...program, 'exec', '--', 'sh', '-c', command];
  const { wall, output } = run(argv, { cwd: directory, env: environment });
  const isHit = output.includes('cache hit, replaying');
  if (expectHit !== undefined && isHit !== expectHit) {
    throw new Error(`${command}: ${expectHit ? 'no hit' : 'a hit'}\n${output.slice(-1000)}`);
  }
  return { wall, isHit };
}

/** Runs it until it hits, and once more, so that the next hit is one like all later ones. */
function prime(directory, command, program = vtInNode) {
  for (let time = 0; time < 4; time++) {
    if (exec(directory, command, undefined, program).isHit) {
      exec(directory, command, true, program);
      return;
    }
  }
  throw new Error(`${command} does not hit`);
}

const measured = (times) => median(times);
const repeat = (measure) => measured(Array.from({ length: rounds }, measure));

/** Milliseconds of hits: repeated without Node, confirmed, and with the index because nothing is left to confirm by. */
function observing(count) {
  return within((directory) => {
    for (let file = 0; file < count; file++) {
      const folder = path.join(directory, 'src', String(Math.floor(file / 100)));
      if (file % 100 === 0) mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `${file}.txt`), `file ${file}\n`);
    }
    const command = 'find src -type f -exec cat {} + | cksum';
    prime(directory, command, [vt]);
    const store = path.join(directory, 'node_modules/.cache/vt/v3');
    const confirmed = path.join(store, 'confirmed');
    const repeated = repeat(() => exec(directory, command, true, [vt]).wall);
    const [last = ''] = readFileSync(path.join(store, 'hits.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-1);
    if (!last.includes('"repeat"')) throw new Error(`not answered without Node: ${last}`);
    return {
      repeated,
      confirmed: repeat(() => exec(directory, command, true).wall),
      indexed: repeat(() => {
        rmSync(confirmed, { recursive: true, force: true });
        return exec(directory, command, true).wall;
      }),
    };
  });
}

/** Milliseconds that storing adds to a command that writes so much, and that restoring takes. */
function holding(megabytes) {
  return within((directory) => {
    // One file a megabyte, each with other bytes.
    writeFileSync(
      path.join(directory, 'write.mjs'),
      `import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
       rmSync('out', { recursive: true, force: true });
       mkdirSync('out');
       const piece = Buffer.alloc(1 << 20);
       for (let file = 0; file < ${megabytes}; file++) {
         piece.writeUInt32LE(file, 0);
         piece.write(process.argv[2], 8);
         writeFileSync('out/' + file, piece);
       }`,
    );
    const times = { store: [], restore: [], copy: [] };
    const count = megabytes > 256 ? 1 : Math.min(rounds, 3);
    for (let round = 0; round < count; round++) {
      const out = path.join(directory, 'out');
      const script = `node write.mjs round-${round}`;
      rmSync(out, { recursive: true, force: true });
      const bare = run(['sh', '-c', script], { cwd: directory, env: environment }).wall;
      rmSync(out, { recursive: true, force: true });
      const stored = exec(directory, script, false).wall;
      times.store.push(Math.max(1, stored - bare));
      const copy = path.join(directory, 'copy');
      times.copy.push(run(['cp', '-r', out, copy], { cwd: directory }).wall);
      rmSync(copy, { recursive: true, force: true });
      rmSync(out, { recursive: true, force: true });
      times.restore.push(exec(directory, script, true).wall);
    }
    return Object.fromEntries(Object.entries(times).map(([name, of]) => [name, measured(of)]));
  });
}

const floor = repeat(
  () => run([process.execPath, '-e', '0'], { cwd: tmpdir(), env: environment }).wall,
);
const hits = [];
for (const count of list(options.files)) {
  hits.push({ size: count, ...observing(count) });
  console.error(JSON.stringify(hits.at(-1)));
}
const volumes = [];
for (const megabytes of list(options.megabytes)) {
  volumes.push({ size: megabytes, ...holding(megabytes) });
  console.error(JSON.stringify(volumes.at(-1)));
}

const ms = (time) => `${time.toFixed(0)} ms`;
console.log(`node -e 0: ${ms(floor)}\n`);
console.log(
  table(
    ['observed files', 'hit, repeated', 'hit in Node', 'hit by the index'],
    hits.map(({ size, repeated, confirmed, indexed }) => [
      size.toLocaleString('en'),
      ms(repeated),
      ms(confirmed),
      ms(indexed),
    ]),
  ),
);
console.log();
console.log(
  table(
    ['outputs', 'storing adds', 'restore', 'cp -r'],
    volumes.map(({ size, store, restore, copy }) => [
      `${size} MB`,
      ms(store),
      ms(restore),
      ms(copy),
    ]),
  ),
);
if (options.svg !== undefined) {
  const series = (points, name) => points.map((point) => [point.size, point[name]]);
  const chart = growthChart([
    {
      title: 'A hit, by observed files',
      unit: (size) => size.toLocaleString('en'),
      lines: [
        { name: 'repeated, without Node', points: series(hits, 'repeated') },
        { name: 'confirmed', points: series(hits, 'confirmed') },
        { name: 'by the index', points: series(hits, 'indexed') },
        { name: 'node -e 0', points: hits.map(({ size }) => [size, floor]) },
      ],
    },
    {
      title: 'Outputs, by size',
      unit: (size) => (size < 1024 ? `${size} MB` : `${size / 1024} GB`),
      lines: [
        { name: 'storing adds', points: series(volumes, 'store') },
        { name: 'restore', points: series(volumes, 'restore') },
        { name: 'cp -r', points: series(volumes, 'copy') },
      ],
    },
  ]);
  writeFileSync(path.resolve(root, options.svg), chart);
}
