// The channel in the real runner: reports a client gets rid of in a second, the round trip of a question,
// and what the runner uses of the processor while a task does nothing.
//
//   node bench/channel.mjs [--reports N] [--questions N] [--idle SECONDS]
//
// Needs the built vt. Where processor times come from /proc, Linux.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from './measure.mjs';

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '../dist');
const vt = path.join(dist, 'vt.cjs');
const { values: options } = parseArgs({
  options: {
    reports: { type: 'string', default: '800000' },
    questions: { type: 'string', default: '50000' },
    idle: { type: 'string', default: '10' },
  },
});
const scratch = mkdtempSync(path.join(tmpdir(), 'vt-bench-channel-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const client = `const { load } = require(process.env.VP_RUN_NODE_CLIENT_PATH); const client = load();
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

async function reports(count) {
  const rate = await printed(
    start(`const began = now();
      for (let n = 0; n < ${count}; n++) client.ignoreInput('/somewhere/else/' + (n & 1023));
      // Answered after all of them were read: those that are still in the pipe count.
      client.getEnv('KNOWN');
      console.log(JSON.stringify(${count} / ((now() - began) / 1e6)));`),
  );
  return [`reports of one client`, `${Math.round(rate).toLocaleString('en')}/s`, '400,000/s'];
}

async function questions(count) {
  const [median, high] = await printed(
    start(`const times = [];
      for (let n = 0; n < ${count}; n++) {
        const began = now();
        if (client.getEnv('KNOWN') !== 'value') throw new Error('no answer');
        times.push(now() - began);
      }
      times.sort((a, b) => a - b);
      console.log(JSON.stringify([times[times.length >> 1], times[Math.floor(times.length * 0.99)]]));`),
  );
  return [
    'round trip of getEnv, median (99 %)',
    `${median.toFixed(1)} µs (${high.toFixed(0)} µs)`,
    '15 µs',
  ];
}

/** Processor time and switches of the runner between two moments at which the task only waits. */
async function idle(seconds) {
  const child = start(`console.log('0'); setTimeout(() => {}, ${(seconds + 3) * 1000});`);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  await pause(1000);
  const before = used(child.pid);
  await pause(seconds * 1000);
  const after = used(child.pid);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  const ran = (after.ran - before.ran) / 1e6;
  const switches = after.switches - before.switches;
  return [`runner, task idle for ${seconds} s`, `${ran.toFixed(2)} ms, ${switches} wake-ups`, '0'];
}

function used(pid) {
  const [ran = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const switches = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  return { ran, switches };
}

console.log(
  table(
    ['channel, in the runner', 'measured', 'bar'],
    [
      await reports(Number(options.reports)),
      await questions(Number(options.questions)),
      await idle(Number(options.idle)),
    ],
  ),
);
