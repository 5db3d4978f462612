import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { deferred } from './deferred.js';
import type { RunOptions } from './task-rig.js';
import {
  builtTracker,
  makeRunDirectory,
  runSubject,
  startSubject,
  terminal,
  whyNoTerminal,
} from './task-rig.js';

const tracker = builtTracker();
const noTerminal = await whyNoTerminal();
const noLauncher = tracker === undefined ? 'vt-launch is not built' : false;

/** No more than the machine's cores: the point is many ends, not many tasks at once. */
const AT_ONCE = 4;

let descriptors: number;
before(() => {
  descriptors = readdirSync('/proc/self/fd').length;
});
after(() => {
  assert.equal(readdirSync('/proc/self/fd').length, descriptors, 'every descriptor is closed');
});

/** Runs `argv` `times` times and counts the runs that did not deliver `bytes`. */
async function countLosses(
  times: number,
  argv: readonly [string, ...string[]],
  bytes: number,
  options: RunOptions,
): Promise<number> {
  let left = times;
  let losses = 0;
  const worker = async () => {
    const directory = makeRunDirectory(['q', 'out', 'err']);
    while (left-- > 0) {
      const outcome = await runSubject(argv, { ...options, directory });
      assert.deepEqual(outcome.ending, { kind: 'exited', code: 0 });
      if (outcome.bytes !== bytes) losses++;
    }
    rmSync(directory, { recursive: true });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return losses;
}

const writer20k = ['head', '-c', '20000', '/dev/zero'] as const;

for (const [way, used, skip, pipeRuns, terminalRuns] of [
  ['without the launcher', undefined, false, 100, 50],
  ['under the launcher', tracker, noLauncher, 1000, 300],
] as const) {
  describe(`output ${way}`, { skip }, () => {
    test(`${String(pipeRuns)} short tasks lose no byte in pipes`, async () => {
      assert.equal(await countLosses(pipeRuns, writer20k, 20_000, { tracker: used }), 0);
    });

    test(
      `${String(terminalRuns)} short tasks lose no byte in a terminal`,
      { skip: noTerminal },
      async () => {
        const options = { tracker: used, output: terminal };
        assert.equal(await countLosses(terminalRuns, writer20k, 20_000, options), 0);
      },
    );

    test('100 MB through a pipe', async () => {
      let bytes = 0;
      const { ending } = await runSubject(['head', '-c', '100000000', '/dev/zero'], {
        tracker: used,
        onOutput: (chunk) => void (bytes += chunk.bytes.length),
      });
      assert.deepEqual([ending, bytes], [{ kind: 'exited', code: 0 }, 100_000_000]);
    });

    test('20 MB through a terminal', { skip: noTerminal }, async () => {
      let bytes = 0;
      const { ending } = await runSubject(['head', '-c', '20000000', '/dev/zero'], {
        tracker: used,
        output: terminal,
        onOutput: (chunk) => void (bytes += chunk.bytes.length),
      });
      assert.deepEqual([ending, bytes], [{ kind: 'exited', code: 0 }, 20_000_000]);
    });

    for (const [mode, output] of [
      ['pipe', 'pipes'],
      ['terminal', terminal],
    ] as const) {
      const skipMode = output === 'pipes' ? false : noTerminal;

      test(
        `a slow reader of a ${mode} slows the task down and gets every byte`,
        { skip: skipMode },
        async () => {
          let outstanding = 0;
          let most = 0;
          let bytes = 0;
          const { ending } = await runSubject(['head', '-c', '2000000', '/dev/zero'], {
            tracker: used,
            output,
            onOutput: (chunk) => {
              most = Math.max(most, ++outstanding);
              bytes += chunk.bytes.length;
              return new Promise((resolve) => {
                setImmediate(() => {
                  outstanding--;
                  resolve(undefined);
                });
              });
            },
          });
          assert.deepEqual([ending, bytes], [{ kind: 'exited', code: 0 }, 2_000_000]);
          assert.equal(most, 1);
        },
      );
    }

    test('a task whose reader is gone meets a broken pipe', async () => {
      const { ending } = await runSubject(['yes'], { tracker: used, onOutput: () => 'closed' });
      assert.deepEqual(ending, { kind: 'killed', signal: 'SIGPIPE' });
    });

    test('the same when the reader goes while the task waits for it', async () => {
      const { ending } = await runSubject(['yes'], {
        tracker: used,
        onOutput: () => Promise.resolve('closed' as const),
      });
      assert.deepEqual(ending, { kind: 'killed', signal: 'SIGPIPE' });
    });
  });
}

describe('the end under the launcher', { skip: noLauncher }, () => {
  test('a reader that stops does not hide the end of the other stream', async () => {
    const held = deferred<undefined>();
    const seen: string[] = [];
    const subject = startSubject(['sh', '-c', 'echo out; echo err >&2'], {
      tracker,
      onOutput: (chunk) => {
        seen.push(chunk.stream);
        if (chunk.stream === 'stdout') return held.promise;
        held.resolve(undefined);
        return undefined;
      },
    });
    assert.deepEqual((await subject.outcome()).ending, { kind: 'exited', code: 0 });
    assert.deepEqual(seen.sort(), ['stderr', 'stdout']);
  });
});
