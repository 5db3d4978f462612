// The driver of the Node client for `vt conformance` (client/conformance/README.md):
//   vt conformance -- node client/node/conformance/driver.mjs
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const client = createRequire(import.meta.url)('../dist/index.cjs');

/** Node passes paths to the system as UTF-8: one in other bytes cannot be named, only asked for. */
const UNSUPPORTED = 'unsupported';

function decode(field) {
  if (field === '-') return '';
  const bytes = Buffer.from(
    field.replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16))),
    'latin1',
  );
  return bytes;
}

function encode(text) {
  if (text === '') return '-';
  let field = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    field += /[A-Za-z0-9/._]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return field;
}

const text = (field) => decode(field).toString();

/** A path as the client takes it: text where it is UTF-8, else its bytes. */
function pathOf(field) {
  const bytes = Buffer.from(decode(field));
  return Buffer.compare(Buffer.from(bytes.toString()), bytes) === 0 ? bytes.toString() : bytes;
}

const listOf = (field, each) => (field === '-' ? [] : field.split(',').map(each));

/** @param api the client's functions, on its own behalf or somebody's */
async function perform([word, ...fields], api = client) {
  switch (word) {
    case 'ignore-input':
      api.ignoreInput(pathOf(fields[0]));
      return 'ok';
    case 'ignore-output':
      api.ignoreOutput(pathOf(fields[0]));
      return 'ok';
    case 'disable-cache':
      api.disableCache(text(fields[0]));
      return 'ok';
    case 'get-env': {
      const value = api.getEnv(text(fields[0]), { tracked: fields[1] === 'tracked' });
      return value === undefined ? 'absent' : `value ${encode(value)}`;
    }
    case 'get-envs': {
      const [kind, pattern, mode] = fields;
      const query = kind === 'glob' ? text(pattern) : { prefix: text(pattern) };
      const found = api.getEnvs(query, { tracked: mode === 'tracked' });
      const pairs = Object.entries(found).map(
        ([name, value]) => `${encode(name)}=${encode(value)}`,
      );
      return ['set', ...pairs].join(' ');
    }
    case 'depend-on-glob': {
      const [include, exclude] = fields.map((field) => listOf(field, text));
      const found = api.dependOnGlob(include, { exclude });
      return found === undefined ? 'absent' : ['paths', ...found.map(encode)].join(' ');
    }
    case 'depend-on-exists': {
      const found = api.dependOnExists(pathOf(fields[0]));
      return found === undefined ? 'absent' : `value ${found}`;
    }
    case 'depend-on-json': {
      const value = api.dependOnJson(pathOf(fields[0]), text(fields[1]));
      if (value === undefined) return 'absent';
      return `value ${encode(typeof value === 'string' ? value : JSON.stringify(value))}`;
    }
    case 'declare-complete': {
      const [inputs, outputs] = fields.map((field) => listOf(field, pathOf));
      api.declareComplete({ inputs, outputs });
      return 'ok';
    }
    case 'labelled': {
      const [name, ...operation] = fields;
      return perform(operation, client.labelled(text(name)));
    }
    case 'inside':
      return client.isInsideRunner() ? 'yes' : 'no';
    case 'version':
      return `value ${client.protocolVersion()}`;
    case 'chdir':
      process.chdir(text(fields[0]));
      return 'ok';
    case 'threads': {
      const [count, ...operation] = fields;
      const answers = await Promise.all(
        Array.from({ length: Number(count) }, () => inThread(operation)),
      );
      return new Set(answers).size === 1 ? answers[0] : 'different';
    }
    default:
      return UNSUPPORTED;
  }
}

function inThread(operation) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: operation });
    let answer;
    worker.on('message', (message) => (answer = message));
    worker.on('error', reject);
    worker.on('exit', () => resolve(answer));
  });
}

if (isMainThread) {
  for await (const line of createInterface({ input: process.stdin })) {
    const bytes = Buffer.from(`${await perform(line.split(' '))}\n`);
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(1, bytes, at);
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
      }
    }
  }
} else {
  parentPort.postMessage(await perform(workerData));
}
