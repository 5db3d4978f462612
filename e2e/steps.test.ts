import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { parseStepFile, printStepFile } from './harness/steps/parse-step-file.js';
import { playStepFile } from './harness/steps/play-step-file.js';
import { killProcessesIn } from './harness/steps/processes-in.js';
import { stepFiles } from './harness/steps/step-files.js';
import { textDifference } from './harness/steps/text-difference.js';
import { projectRoot, vtProgram, Workspace } from './harness/workspace.js';

/**
 * Plays every step file (e2e/README.md). `VT_STEPS=PART` plays those whose path contains PART;
 * `VT_UPDATE=1` writes what was seen into the files instead of comparing it.
 */
const recording = (process.env['VT_UPDATE'] ?? '') !== '';
const wanted = process.env['VT_STEPS'] ?? '';

/** After which a file is given up. Nothing waits for it to pass: everything waits for something said. */
const DEADLINE = 180_000;

const scratch = mkdtempSync(path.join(os.tmpdir(), 'vt-steps-'));
const bin = path.join(scratch, 'bin');
mkdirSync(bin);
symlinkSync(vtProgram, path.join(bin, 'vt'));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

// One waits for processes while another computes.
describe('step files', { concurrency: 3 }, () => {
  for (const file of stepFiles().filter((name) => name.includes(wanted))) {
    it(file.replace(/^e2e\/steps\//, ''), async (t) => {
      const place = path.join(projectRoot, file);
      const text = readFileSync(place, 'utf8');
      const stepFile = parseStepFile(text);
      const workspace = new Workspace(t);
      const home = mkdtempSync(path.join(scratch, 'home-'));
      const played = playStepFile(stepFile, { workspace, home, bin, recording });
      const seen = printStepFile(stepFile, await beforeDeadline(t, played, workspace.root));
      if (recording) {
        if (seen !== text) writeFileSync(place, seen);
        return;
      }
      const difference = textDifference(file, text, seen);
      if (difference !== undefined) {
        assert.fail(`${stepFile.title}\n${difference}\nVT_UPDATE=1 takes what was seen.`);
      }
    });
  }
});

async function beforeDeadline<T>(t: TestContext, played: Promise<T>, root: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const running = killProcessesIn(root).join('\n  ');
      reject(new Error(`not done after ${DEADLINE / 1000} s; what ran was killed:\n  ${running}`));
    }, DEADLINE);
  });
  t.after(() => {
    clearTimeout(timer);
  });
  return Promise.race([played, late]);
}
