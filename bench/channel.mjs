// The channel in the real runner: reports a client gets rid of in a second, the round trip of a question,
// and what the runner uses of the processor while a task does nothing. Each in turns with the floor of
// it: two Node processes that carry as many bytes through FIFOs and do nothing with them.
//
//   node bench/channel.mjs [--rounds N] [--reports N] [--questions N] [--idle SECONDS] [--write]
//
// A processor that has nothing to do sleeps, and in a virtual machine takes tens of microseconds to
// wake up: longer than all the rest of a round trip. So everything is measured a second time with a
// process on each processor that runs when no other wants to (SCHED_IDLE), which keeps it awake.
//
// --write puts the table into docs/performance.md, between its marks. Needs the built vt, Linux,
// mkfifo and chrt.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ratioText, spread, table } from './measure.mjs';

const bench = path.dirname(fileURLToPath(import.meta.url));
const vt = path.join(bench, '../dist/vt.cjs');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    reports: { type: 'string', default: '500000' },
    questions: { type: 'string', default: '20000' },
    idle: { type: 'string', default: '10' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const reports = Number(options.reports);
const questions = Number(options.questions);
const scratch = mkdtempSync(path.join(tmpdir(), 'vt-bench-channel-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const client = `const { load } = require(process.env.VP_RUN_NODE_CLIENT_PATH); const client = load();
client.disableCache();
const now = () => Number(process.hrtime.bigint()) / 1e3;`;

/** Starts `vt exec -- node -e script` in a workspace of its own. */
function start(script) {
  return spawn(
    process.execPath,
    [vt, 'exec', '-q', '--', process.execPath, '-e', client + script],
    {
      cwd: scratch,
      env: { ...process.env, KNOWN: 'value', VT_CACHE_DIR: path.join(scratch, 'cache') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

async function printed(child) {
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text);
}

/** Reports a second, of one client, all of them read by the runner; and microseconds of processor time
 * that one took of both. */
async function reportRate() {
  const child = start(`console.log('begin');
    const began = now();
    const used = process.cpuUsage();
    for (let n = 0; n < ${reports}; n++) client.ignoreInput('/somewhere/else/' + (n & 1023));
    const { user, system } = process.cpuUsage(used);
    // Answered after all of them were read: those that are still in the pipe count.
    client.getEnv('KNOWN');
    console.log(JSON.stringify([${reports} / ((now() - began) / 1e6), (user + system) / ${reports}]));`);
  let text = '';
  let before;
  for await (const chunk of child.stdout) {
    before ??= processorTime(child.pid);
    text += chunk;
    if (text.split('\n').length === 3) break;
  }
  const runner = (processorTime(child.pid) - before) / reports;
  await new Promise((resolve) => child.once('close', resolve));
  const [rate, client] = JSON.parse(text.split('\n')[1]);
  return { rate, client, runner };
}

/** Microseconds, in steps of a hundredth of a second. */
function processorTime(pid) {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) * 1e4;
}

/** Microseconds of each round trip. */
async function questionTimes() {
  const child = start(`const times = [];
    for (let n = 0; n < ${questions}; n++) {
      const began = now();
      if (client.getEnv('KNOWN') !== 'value') throw new Error('no answer');
      times.push(now() - began);
    }
    console.log(JSON.stringify(times));`);
  return printed(child);
}

/** The same of two processes that do nothing else. */
async function floorOf(what, count) {
  const directory = mkdtempSync(path.join(scratch, 'floor-'));
  execFileSync('mkfifo', [path.join(directory, 'requests'), path.join(directory, 'replies')]);
  const part = (...args) =>
    spawn(process.execPath, [path.join(bench, 'channel-floor.mjs'), directory, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const listener = part('listen');
  await new Promise((resolve) => listener.stdout.once('data', resolve));
  const result = await printed(part(what, String(count)));
  listener.kill();
  return result;
}

/** Seconds after which V8 has collected, once, what starting the task has left. */
const TIDIED = 12;

/** Processor time and switches of the runner between two moments at which the task only waits. */
async function idle(seconds) {
  const child = start(`console.log('0'); setTimeout(() => {}, ${(TIDIED + seconds + 3) * 1000});`);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  await pause(1000 * TIDIED);
  const before = used(child.pid);
  await pause(seconds * 1000);
  const after = used(child.pid);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  const ran = (after.ran - before.ran) / 1e6;
  const switches = after.switches - before.switches;
  return `${ran.toFixed(2)} ms, ${switches} wake-ups`;
}

function used(pid) {
  const [ran = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const switches = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  return { ran, switches };
}

/** Runs `measure` while no processor sleeps. */
async function awake(measure) {
  const spin = ['--idle', '0', process.execPath, '-e', 'for (;;);'];
  const spinning = cpus().map(() => spawn('chrt', spin, { stdio: 'ignore' }));
  try {
    return await measure();
  } finally {
    for (const one of spinning) one.kill();
  }
}

const thousands = (rate) => Math.round(rate).toLocaleString('en');
const rateText = (rates) => {
  const { median, low, high } = spread(rates);
  return `${thousands(median)}/s (${thousands(low)}–${thousands(high)})`;
};
const timeText = (times, digits = 1) => {
  const [median, low, high] = Object.values(spread(times)).map((time) => time.toFixed(digits));
  return `${median} µs (${low}–${high})`;
};
const middle = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** The rows of one state of the machine. */
async function measured(state) {
  const rates = { here: [], floor: [] };
  const processor = { client: [], runner: [] };
  const times = { here: [], floor: [] };
  for (let round = 0; round < rounds; round++) {
    rates.floor.push(await floorOf('reports', reports));
    const { rate, client, runner } = await reportRate();
    rates.here.push(rate);
    processor.client.push(client);
    processor.runner.push(runner);
    times.floor.push(middle(await floorOf('questions', questions)));
    times.here.push(middle(await questionTimes()));
  }
  return [
    [
      `reports of one client, ${state}`,
      rateText(rates.here),
      rateText(rates.floor),
      ratioText(rates.here, rates.floor),
      '400,000/s',
    ],
    ...Object.entries(processor).map(([who, times]) => [
      `processor time of the ${who} for one, ${state}`,
      timeText(times, 2),
      '-',
      '-',
      '2.5 µs',
    ]),
    [
      `median round trip of getEnv, ${state}`,
      timeText(times.here),
      timeText(times.floor),
      ratioText(times.here, times.floor),
      '15 µs',
    ],
  ];
}

const text = table(
  ['channel, in the runner', 'measured', 'floor', 'of the floor', 'bar'],
  [
    ...(await awake(() => measured('processors awake'))),
    ...(await measured('processors as they are')),
    [`runner, task idle for ${options.idle} s`, await idle(Number(options.idle)), '-', '-', '0'],
  ],
);
console.log(text);
if (options.write) {
  const file = path.join(bench, '../docs/performance.md');
  const [begin, end] = ['<!-- node bench/channel.mjs --write -->', '<!-- end of channel -->'];
  const page = readFileSync(file, 'utf8');
  const [before = '', rest = ''] = page.split(begin);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error(`${file}: no marks for the table`);
  writeFileSync(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
