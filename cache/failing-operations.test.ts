import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cacheLayout } from './cache-directory.js';
import { buildFaults, faultyEnv, whyNoFaults } from './testing/faults.js';
import { worldOf } from './testing/scenario.js';
import { TestWorkspace, testKey } from './testing/test-workspace.js';

const PROCESS = fileURLToPath(new URL('testing/failing-process.js', import.meta.url));
const ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE'] as const;

/** With VT_FAULTS_ALL every operation fails with every error, else they take turns: minutes. */
const everything = process.env['VT_FAULTS_ALL'] !== undefined;

describe('a file operation that fails', { skip: whyNoFaults() }, () => {
  let faults: ReturnType<typeof buildFaults>;
  before(() => {
    faults = buildFaults();
  });
  after(() => faults.remove());

  const cases = (['store', 'restore'] as const).flatMap((action) => [
    { action, how: 'once', isNative: true } as const,
    { action, how: 'from', isNative: true } as const,
    { action, how: 'once', isNative: false } as const,
  ]);
  for (const { action, how, isNative } of cases) {
    const which = how === 'once' ? `any one of ${action}` : `all of ${action} from any one on`;
    const name = isNative ? which : `${which}, without the native module`;
    test(`${name}: a miss, one warning at most, nothing wrong`, async (t) => {
      const stride = everything ? '1' : how === 'once' && isNative ? '2' : '5';
      for (const errors of everything ? ERRORS : [ERRORS.join()]) {
        const workspace = new TestWorkspace(t);
        const child = spawn(
          process.execPath,
          [PROCESS, workspace.root, action, how, stride, errors],
          {
            stdio: ['ignore', 'pipe', 'pipe'],
            env: {
              ...faultyEnv(faults.library, workspace.root),
              ...(isNative ? {} : { VT_TEST_WITHOUT_NATIVE: '1' }),
            },
          },
        );
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
        }
        const code = await new Promise((resolve) => child.on('close', resolve));
        assert.equal(code, 0, output);
        t.diagnostic(`${errors}: ${output.trim()}`);
        const [cases] = output.split(' ');
        assert.ok(Number(cases) > 200 / Number(stride), output);
        // What the process could not remove goes when it is gone.
        const cache = workspace.openCache();
        await cache.lookup('app#build', testKey(), worldOf(workspace.root, 'none'));
        assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
      }
    });
  }
});
