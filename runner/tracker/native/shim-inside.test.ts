import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { NativeRig, missing, native, type Launched } from './test/rig.js';

const SHIM = 2; // VT_FLAG_SHIM
const locale = ['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8'].find((at) => existsSync(at));
const shim = path.join(native, 'libvt-shim.so');

const why =
  missing ||
  (process.arch !== 'x64' && `for x86-64 only, not ${process.arch}`) ||
  (locale === undefined && 'no /usr/lib/locale/C.utf8');

describe('what glibc opens by itself', { skip: why }, () => {
  let rig: NativeRig;
  before(() => {
    rig = new NativeRig();
    rig.build('locale', ['test/locale.c']);
    rig.build('locale-static', ['test/locale.c'], ['-static']);
  });
  after(() => {
    rig.dispose();
  });

  /** With the locale's files in the workspace, so that they are observations. */
  function launch(argv: readonly string[], variables: NodeJS.ProcessEnv, help: boolean) {
    rig.fresh();
    if (locale !== undefined)
      cpSync(locale, path.join(rig.workspace, 'locales/C.utf8'), { recursive: true });
    const env = {
      ...process.env,
      LC_ALL: undefined,
      LANG: 'C.UTF-8',
      LOCPATH: 'locales',
      ...variables,
    };
    const bare = spawnSync(argv[0] ?? '', argv.slice(1), {
      cwd: rig.workspace,
      env,
      encoding: 'utf8',
    });
    return rig
      .launch(argv, { env, ...(help ? { options: ['--shim', shim] } : {}) })
      .then((run) => ({ bare: bare.stdout, run }));
  }

  const inWorkspace = (run: Launched): string[] => [...new Set(rig.inside(run))].sort();
  const opened = (run: Launched) =>
    run.records.filter(
      ({ op, path }) => op === 'open' && path.startsWith(`${rig.workspace}/locales/C`),
    );

  async function compare(
    argv: readonly string[],
    variables: NodeJS.ProcessEnv = {},
  ): Promise<Launched> {
    const alone = await launch(argv, variables, false);
    const helped = await launch(argv, variables, true);
    assert.equal(alone.run.stdout, alone.bare);
    assert.equal(helped.run.stdout, alone.bare);
    assert.deepEqual(inWorkspace(helped.run), inWorkspace(alone.run));
    assert.equal(helped.run.header.incomplete, 0);
    return helped.run;
  }

  test('is recorded by the shim once a locale is asked for, with the same outcome', async () => {
    const run = await compare([rig.file('locale')]);
    assert.match(run.stdout, /^C\.UTF-8, UTF-8, /);
    assert.match(run.stdout, /\nC\.UTF-8\n$/);
    const files = opened(run);
    assert.ok(files.some(({ path, before }) => path.endsWith('/LC_CTYPE') && before === 'file'));
    assert.ok(files.some(({ path, before }) => path.endsWith('/LC_CTYPE') && before === 'absent'));
    assert.deepEqual(
      files.filter(({ flags }) => (flags & SHIM) === 0),
      [],
    );
  });

  test('is left to the supervisor while there is another thread', async () => {
    const run = await compare([rig.file('locale'), 'thread']);
    assert.match(run.stdout, /^C\.UTF-8, UTF-8, /);
    const files = opened(run);
    assert.ok(files.length > 20);
    assert.deepEqual(
      files.filter(({ flags }) => (flags & SHIM) !== 0),
      [],
    );
  });

  test('is little in the locale C, which needs no files', async () => {
    const run = await compare([rig.file('locale')], { LANG: 'C' });
    assert.match(run.stdout, /^C, ANSI_X3\.4-1968, /);
    assert.deepEqual(opened(run), []);
  });

  test('is seen of a locale that there is not', async () => {
    const run = await compare([rig.file('locale')], { LANG: 'xx_YY' });
    assert.match(run.stdout, /^none, /);
    assert.ok(run.records.some(({ path }) => path.endsWith('locales/xx_YY/LC_CTYPE')));
  });

  test('is seen of a static program, which has no shim', async () => {
    const run = await compare([rig.file('locale-static')]);
    assert.ok(opened(run).length > 20);
  });
});
