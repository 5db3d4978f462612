import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const module = JSON.stringify(fileURLToPath(new URL('./own-stream.js', import.meta.url)));

/** Writes numbered lines, more than a pipe holds, and says on stderr how each was taken. */
const program = `
  import { ownStream } from ${module};
  const stream = ownStream(1, () => process.stdout);
  stream.write('first\\n');
  let taken = '';
  for (let line = 0; line < 3000; line++) {
    const answer = stream.send(Buffer.from(String(line).padStart(99, '.') + '\\n'));
    if (answer === 'closed') { taken = 'closed'; break; }
    if (answer instanceof Promise && await answer === 'closed') { taken = 'closed'; break; }
  }
  stream.write('last\\n');
  await stream.flushed();
  const loaded = process.moduleLoadList.includes('NativeModule net');
  process.stderr.write((taken || 'all') + (loaded ? ', by Node' : ', directly'));
`;

const expected = [
  'first',
  ...Array.from({ length: 3000 }, (_, line) => String(line).padStart(99, '.')),
  'last',
  '',
].join('\n');

const argv = ['--input-type=module', '-e', program];

describe('ownStream', () => {
  it('writes all in order into a pipe whose reader is behind', async () => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stderr.on('data', (text) => (err += String(text)));
    // Nothing is read before the pipe is full, which is when the process has gone over to Node's.
    await new Promise((resolve) => setImmediate(resolve));
    for await (const text of child.stdout) out += String(text);
    await new Promise((resolve) => child.once('close', resolve));
    assert.equal(out, expected);
    assert.match(err, /^all, /);
  });

  it('writes into a file, and to nowhere, without a stream of Node', (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vt-own-stream-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const target of [path.join(folder, 'file'), '/dev/null']) {
      const file = openSync(target, 'a');
      const child = spawnSyncInto(file);
      closeSync(file);
      assert.equal(child, 'all, directly');
    }
    assert.equal(readFileSync(path.join(folder, 'file'), 'utf8'), expected);
  });

  it('tells when the reader is gone', () => {
    const script = `"$0" "$@" 2>&3 | true`;
    const said = execFileSync('sh', ['-c', `exec 3>&1; ${script}`, process.execPath, ...argv], {
      encoding: 'utf8',
    });
    assert.match(said, /^closed, /);
  });
});

function spawnSyncInto(file: number): string {
  return execFileSync('sh', ['-c', 'exec "$0" "$@" 2>&1 >&3', process.execPath, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit', file],
  });
}
