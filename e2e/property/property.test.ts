import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot, vtProgram } from '../harness/workspace.js';
import type { PropertyCase } from './property-case.js';
import { randomCase } from './random-case.js';
import { runCase, runProcess, type Failure, type Programs, type Tally } from './run-case.js';
import { Random } from './seeded-random.js';
import { ServedVt } from './served-vt.js';
import { describeCase, shrink } from './shrink.js';

/**
 * Random workspaces, commands and edits: whatever vt replays must be what the command would have
 * done.
 *
 * Most cases are run by one process that is vt again and again; a few by the command itself.
 *
 *   VT_PROPERTY_CASES    how many cases; default a number that takes two or three minutes
 *   VT_PROPERTY_SECONDS  instead: for how long, starting at a seed that was never used
 *   VT_PROPERTY_SEED     the first seed; default 1, so that everyone tests the same
 *   VT_PROPERTY_CASE     a file with a case, as a failure prints it, to be run again
 */
const given = (name: string): string | undefined => process.env[`VT_PROPERTY_${name}`] || undefined;
const seconds = Number(given('SECONDS') ?? 0);
const cases = Number(given('CASES') ?? (seconds > 0 ? Infinity : 1000));
/** One case in so many is run by the command itself. */
const COMMAND_EVERY = 25;
const firstSeed = Number(given('SEED') ?? (seconds > 0 ? Date.now() % 1e9 : 1));
const workers = Number(given('WORKERS') ?? 2);
const SHRINK_ATTEMPTS = 150;

const compiler = process.env['CC'] ?? 'cc';

function whyNot(): string | false {
  if (process.platform !== 'linux')
    return `nothing is tracked, so nothing cached, on ${process.platform}`;
  if (!existsSync(path.join(projectRoot, 'dist/native/vt-launch')))
    return 'dist/native is not built';
  return spawnSync(compiler, ['--version']).error ? `no C compiler ('${compiler}')` : false;
}

describe(
  'a result that is replayed is what the command would have done',
  { skip: whyNot() },
  () => {
    let programs: Pick<Programs, 'actor' | 'staticActor'>;
    /** After a run that stores and one that asks the index, the third is confirmed, and the fourth answered. */
    const repeats = 3;
    const command: Programs['vt'] = (argv, there) => runProcess([vtProgram, ...argv], there);
    let place: string;
    before(() => {
      place = mkdtempSync(path.join(os.tmpdir(), 'vt-actor-'));
      const source = path.join(projectRoot, 'e2e/property/actor.c');
      const build = (name: string, ...flags: string[]): string => {
        const target = path.join(place, name);
        execFileSync(compiler, ['-std=c11', '-O1', ...flags, source, '-o', target]);
        return target;
      };
      programs = {
        actor: build('actor'),
        staticActor: build('static-actor', '-static'),
      };
    });
    after(() => {
      rmSync(place, { recursive: true });
    });

    const file = given('CASE');
    if (file !== undefined) {
      test(`the case of ${file}`, async () => {
        const case_ = JSON.parse(readFileSync(file, 'utf8')) as PropertyCase;
        const failure = await runCase(
          case_,
          { ...programs, vt: command, otherVt: command, repeats },
          emptyTally(),
        );
        if (failure !== undefined) assert.fail(failureText(case_, failure));
      });
      return;
    }

    test('random cases', async (t) => {
      const tally = emptyTally();
      const end = performance.now() + seconds * 1000;
      const failures: string[] = [];
      let next = firstSeed;
      let done = 0;
      const work = async (): Promise<void> => {
        const served = [new ServedVt(), new ServedVt()] as const;
        try {
          await workWith(...served);
        } finally {
          for (const vt of served) await vt.close();
        }
      };
      const workWith = async (one: ServedVt, other: ServedVt): Promise<void> => {
        while (done < cases && next < firstSeed + cases && failures.length < 3) {
          if (seconds > 0 && performance.now() > end) return;
          const seed = next++;
          const case_ = randomCase(new Random(seed));
          const vts =
            seed % COMMAND_EVERY === 0
              ? { vt: command, otherVt: command, repeats }
              : { vt: one.run.bind(one), otherVt: other.run.bind(other), repeats: 0 };
          const with_ = { ...programs, ...vts };
          const failure = await runCase(case_, with_, tally);
          done++;
          if (failure !== undefined) failures.push(await explain(seed, case_, with_));
        }
      };
      await Promise.all(Array.from({ length: workers }, work));
      const { hit, stored, failed, notCached, answered } = tally;
      const refused = [...notCached.values()].reduce((sum, times) => sum + times, 0);
      const runs = hit + stored + failed + refused;
      t.diagnostic(`${done} cases from seed ${firstSeed}, ${runs} runs under vt`);
      t.diagnostic(`${hit} hits, ${stored} stored, ${refused} not cached, ${failed} failed`);
      t.diagnostic(`${answered} hits answered without Node`);
      for (const [reason, times] of notCached) t.diagnostic(`not cached ${times} times: ${reason}`);
      assert.equal(failures.length, 0, failures.join('\n\n'));
      // A vt that never caches would pass all else.
      assert.ok(hit >= runs / 5, `only ${hit} of ${runs} runs were hits`);
      assert.ok(stored >= runs / 5, `only ${stored} of ${runs} runs were stored`);
      // Some cases go through the command itself, and of their hits many are repeated.
      assert.ok(
        done < 200 || answered > done / 50,
        `only ${answered} hits were answered without Node`,
      );
    });

    async function explain(seed: number, failing: PropertyCase, with_: Programs): Promise<string> {
      const fails = async (candidate: PropertyCase): Promise<boolean> =>
        (await runCase(candidate, with_, emptyTally())) !== undefined;
      const small = await shrink(failing, fails, SHRINK_ATTEMPTS);
      const failure = await runCase(small, with_, emptyTally());
      if (failure === undefined)
        return `seed ${seed} fails, but not always:\n${describeCase(failing)}`;
      return `seed ${seed}, made smaller:\n${failureText(small, failure)}`;
    }
  },
);

function failureText(case_: PropertyCase, { step, differences, said }: Failure): string {
  return [
    describeCase(case_),
    `differs at step ${step}:`,
    ...differences.map((difference) => `  ${difference}`),
    `vt said: ${said.trim().split('\n').slice(-2).join(' / ')}`,
    `to run it again, put this in a file and name it in VT_PROPERTY_CASE:`,
    JSON.stringify(case_),
  ].join('\n');
}

function emptyTally(): Tally {
  return { hit: 0, stored: 0, failed: 0, notCached: new Map(), answered: 0 };
}
