import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RUNS, runFuzzer, whyNoFuzzer } from '../../tracker/native/test/lib-fuzzer.js';
import { LookRecorder } from '../look-recorder.js';
import type { Look } from '../look.js';
import { hitMarks, splitTemplate, totalMark } from '../template.js';
import { FrontRig, compileFront, frontFolder, frontSources } from './test/front-rig.js';

const compiler = process.env['CC'] ?? 'cc';
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const noCompiler = spawnSync(compiler, ['--version']).error
  ? `no C compiler ('${compiler}')`
  : false;

const encoder = new TextEncoder();
const out = (text: string) => ({ kind: 'out', bytes: encoder.encode(text) }) as const;
const hour = 3_600_000;

describe('the program vt, with sanitizers', { skip: noCompiler }, () => {
  let rig: FrontRig;
  before(() => {
    rig = new FrontRig(compiler, sanitizers);
  });
  after(() => {
    rig.dispose();
  });

  const build = ['run', 'build'];
  const inDist = (...args: readonly string[]): string[] => [rig.file('dist/vt.cjs'), ...args];
  const hit = { workspace: '../../..', task: 'build', entry: 'e1', duration: 5000 };

  const keep = (
    looks: readonly Look[],
    more: Partial<Parameters<FrontRig['keep']>[0]> = {},
  ): string => {
    // One that holds would answer, and nothing be handed over.
    fs.rmSync(rig.layout.repeats, { recursive: true, force: true });
    rig.run(build);
    return rig.keep({
      made: Date.now(),
      until: Date.now() + hour,
      looks,
      hits: [hit],
      printed: [out('printed\n')],
      details: [],
      ...more,
    });
  };
  const isAnswered = (): boolean => {
    const { node, stdout } = rig.run(build);
    assert.equal(stdout, node === undefined ? 'printed\n' : '');
    return node === undefined;
  };

  test('starts Node with the same arguments, and says of run and exec what they are', () => {
    assert.deepEqual(rig.run(['why', 'a b', '']).node, inDist('why', 'a b'));
    const { node } = rig.run(['exec', '--', 'x']);
    assert.match(node?.[1] ?? '', /^--vt-repeat=\d+$/);
    assert.deepEqual(node?.slice(2), ['exec', '--', 'x']);
    const handed = fs.readFileSync(rig.file('handed'));
    assert.equal(handed.toString('utf8', 32), rig.file('bin/node'));
  });

  test('says what is missing where there is no Node', () => {
    const env = { PATH: rig.file('dir') };
    const { status, stderr } = spawnSync(rig.program, build, { env, encoding: 'utf8' });
    assert.equal(status, 127);
    assert.equal(
      stderr,
      'vt: Node.js was not found: there is no `node` on PATH\n' +
        '    help: install Node.js 20.19 or later, or put the directory it is in on PATH\n',
    );
  });

  test('every part of what a process is given makes another invocation', () => {
    const digest = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
      rig.run(args, env);
      return fs.readFileSync(rig.file('handed')).toString('hex', 0, 32);
    };
    const own = digest(build);
    assert.equal(digest(build), own);
    const mask = process.umask(0o27);
    const masked = digest(build);
    process.umask(mask);
    const others = [
      digest(['run', 'build', '']),
      digest(['run', 'buil', 'd']),
      digest(build, { A: '1' }),
      digest(build, { A: '2' }),
      digest(build, { A: '1', B: '' }),
      digest(build, { A: '', B: '1' }),
      masked,
    ];
    assert.equal(new Set([own, ...others]).size, others.length + 1);
  });

  /** What the recorder knows after a look. */
  const lookedAt = (look: () => unknown): readonly Look[] => {
    const recorder = new LookRecorder();
    recorder.start();
    try {
      look();
    } catch {
      // Also one that finds nothing is a look.
    } finally {
      recorder.stop();
    }
    assert.equal(recorder.gaveUp, undefined);
    return recorder.looks(new Set());
  };

  interface LookCase {
    readonly look: (file: string) => unknown;
    readonly given?: (file: string) => void;
    /** Changes that decide. */
    readonly seen: Readonly<Record<string, (file: string) => void>>;
    readonly unseen?: Readonly<Record<string, (file: string) => void>>;
  }
  const write = (file: string): void => {
    fs.writeFileSync(file, 'text');
  };
  const makeDirectory = (file: string): void => {
    fs.mkdirSync(file);
  };
  const remove = (file: string): void => {
    fs.rmSync(file, { recursive: true });
  };
  /** A moment later by the clock of files, which ticks. */
  const rewrite = (file: string): void => {
    const { ctimeMs } = fs.statSync(file);
    do fs.writeFileSync(file, 'TEXT');
    while (fs.statSync(file).ctimeMs === ctimeMs);
  };
  const cases: Readonly<Record<string, LookCase>> = {
    'a file that is read': {
      look: (file) => fs.readFileSync(file),
      given: write,
      seen: {
        'other bytes': rewrite,
        'another mode': (file) => {
          fs.chmodSync(file, 0o700);
        },
        removal: remove,
      },
    },
    'a file whose state is asked for': {
      look: (file) => fs.lstatSync(file),
      given: write,
      seen: { 'other bytes': rewrite, removal: remove },
    },
    'a link that is followed': {
      look: (file) => fs.readFileSync(file),
      given: (file) => {
        write(`${file}-a`);
        write(`${file}-b`);
        fs.symlinkSync(`${file}-a`, file);
      },
      seen: {
        'another target': (file) => {
          remove(file);
          fs.symlinkSync(`${file}-b`, file);
        },
        'other bytes in its target': (file) => {
          rewrite(`${file}-a`);
        },
      },
    },
    'where a path leads': {
      look: (file) => fs.realpathSync(path.join(file, 'x')),
      given: (file) => {
        makeDirectory(`${file}-a`);
        write(path.join(`${file}-a`, 'x'));
        fs.cpSync(`${file}-a`, `${file}-b`, { recursive: true });
        fs.symlinkSync(`${file}-a`, file);
      },
      seen: {
        'another target': (file) => {
          remove(file);
          fs.symlinkSync(`${file}-b`, file);
        },
        'a directory in its place': (file) => {
          remove(file);
          fs.renameSync(`${file}-a`, file);
        },
      },
      unseen: {
        'a name beside it': (file) => {
          write(path.join(`${file}-a`, 'y'));
        },
      },
    },
    'a directory whose state is asked for': {
      look: (file) => fs.statSync(file),
      given: makeDirectory,
      seen: {
        removal: remove,
        'a file in its place': (file) => {
          remove(file);
          write(file);
        },
        'another mode': (file) => {
          fs.chmodSync(file, 0o755);
          fs.chmodSync(file, 0o711);
        },
      },
      unseen: {
        'a name in it': (file) => {
          write(path.join(file, 'x'));
        },
      },
    },
    'a directory that is listed': {
      look: (file) => fs.readdirSync(file),
      given: makeDirectory,
      seen: {
        'a name in it': (file) => {
          const { ctimeMs } = fs.statSync(file);
          for (let n = 0; fs.statSync(file).ctimeMs === ctimeMs; n++)
            write(path.join(file, `x${n}`));
        },
      },
    },
    'what is only asked whether it is there': {
      look: (file) => fs.existsSync(file),
      given: write,
      seen: { removal: remove },
      unseen: { 'other bytes': rewrite },
    },
    'what is not there': {
      look: (file) => fs.existsSync(path.join(file, 'x')),
      seen: {
        'its appearance': (file) => {
          makeDirectory(file);
          write(path.join(file, 'x'));
        },
      },
      unseen: {
        'a directory above it': makeDirectory,
        'a file above it': write,
      },
    },
    'what is not there to be read': {
      look: (file) => fs.readFileSync(file),
      seen: {
        'its appearance': write,
        'a link to something': (file) => {
          write(`${file}-a`);
          fs.symlinkSync(`${file}-a`, file);
        },
      },
      unseen: {
        'a link to nothing': (file) => {
          fs.symlinkSync(`${file}-none`, file);
        },
      },
    },
  };
  let count = 0;
  for (const [name, { look, given, seen, unseen = {} }] of Object.entries(cases)) {
    const all = [
      ...Object.entries(seen).map(([how, change]) => ({ how, change, decides: true })),
      ...Object.entries(unseen).map(([how, change]) => ({ how, change, decides: false })),
    ];
    for (const { how, change, decides } of all) {
      test(`of ${name}, ${how} ${decides ? 'decides' : 'does not matter'}`, () => {
        const file = rig.file(`dir/f${count++}`);
        given?.(file);
        keep(lookedAt(() => look(file)));
        assert.ok(isAnswered());
        change(file);
        assert.equal(isAnswered(), !decides);
      });
    }
  }

  test('a record holds from when it was made until it ends, for this cache and this node', () => {
    const now = Date.now();
    for (const [more, answers] of [
      [{}, true],
      [{ made: now + hour }, false],
      [{ until: now - 1 }, false],
      [{ node: '/another/node' }, false],
    ] as const) {
      keep([], more);
      assert.equal(isAnswered(), answers, JSON.stringify(more));
    }
    keep([]);
    const moved = rig.file('elsewhere');
    fs.cpSync(rig.cache, moved, { recursive: true });
    const { node } = rig.run(build, { VT_CACHE_DIR: moved });
    assert.ok(node);
  });

  test('none is used that others may have written, or while a restore is under way', () => {
    const file = keep([]);
    assert.ok(isAnswered());
    for (const spoilt of [file, path.join(path.dirname(file), 'salt'), path.dirname(file)]) {
      const { mode } = fs.statSync(spoilt);
      fs.chmodSync(spoilt, mode | 0o020);
      assert.ok(!isAnswered(), spoilt);
      fs.chmodSync(spoilt, mode);
      assert.ok(isAnswered());
    }
    const journal = path.join(rig.layout.temporary, 'journal-1-2-3');
    fs.writeFileSync(journal, '');
    assert.ok(!isAnswered());
    fs.rmSync(journal);
    assert.ok(isAnswered());
  });

  test('times are those of now, in texts as vt in Node has them', () => {
    const texts: readonly (readonly [milliseconds: number, text: RegExp])[] = [
      [0.4, /^(, 0ms saved)?$/],
      [900, /^, [89]\d\dms saved$/],
      [1_990, /^, (1\.9|2)s saved$/],
      [2_049, /^, 2s saved$/],
      [3_140, /^, 3\.1s saved$/],
      [59_960, /^, (59\.9s|1m 0s) saved$/],
      [3_725_100, /^, 62m 5s saved$/],
    ];
    for (const [duration, text] of texts) {
      keep([], {
        hits: [{ ...hit, duration }],
        printed: [
          ...splitTemplate(`a${totalMark}b\n`, 'out'),
          { kind: 'err', bytes: encoder.encode('e\n') },
        ],
        details: splitTemplate(
          `x ${hitMarks({} as never, 0).duration} y ${hitMarks({} as never, 0).saved} z\n`,
          'details',
        ),
      });
      const { stdout, stderr, node } = rig.run(build);
      assert.equal(node, undefined);
      assert.match(stdout.slice(1, -2), text);
      assert.equal(stderr, 'e\n');
      const details = fs.readFileSync(path.join(rig.cache, 'last-details.txt'), 'utf8');
      assert.match(details, /^x \d+ms y [\dms. ]+ z\n$/);
    }
  });

  test('what is not made of records is none', () => {
    const file = keep([]);
    const good = fs.readFileSync(file);
    for (let length = 0; length < good.length; length += 7) {
      fs.writeFileSync(file, good.subarray(0, length));
      assert.ok(!isAnswered(), `${length} bytes`);
    }
  });
});

describe('the program vt for arm64', () => {
  const cross = 'aarch64-linux-gnu-gcc';
  const emulator = 'qemu-aarch64';
  const absent = [cross, emulator].find((program) => spawnSync(program, ['--version']).error);

  test('compiles, and starts under an emulator', { skip: absent ? `no ${absent}` : false }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vt-arm-'));
    try {
      const program = path.join(folder, 'vt');
      compileFront(cross, program, frontSources(), ['-static']);
      const script = `exec env PATH=/nonexistent "$(command -v ${emulator})" "$0" run x`;
      const run = spawnSync('sh', ['-c', script, program], { encoding: 'utf8' });
      assert.match(run.stderr, /^vt: Node\.js was not found/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('records that somebody made', () => {
  const flags = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];

  test('do no harm', { skip: whyNoFuzzer(flags), timeout: Math.max(120_000, RUNS) }, () => {
    const rig = new FrontRig(compiler, []);
    try {
      rig.run(['run', 'x']);
      const look = {
        kind: 'stamp',
        follows: true,
        path: '/a/b',
        stamp: [1, 2, 3, 4, 5],
        mode: 6,
      } as const;
      const file = rig.keep({
        made: 1,
        until: 2,
        looks: [look, { ...look, kind: 'absent', path: '/a/c' }, { ...look, path: '/tmp' }],
        hits: [{ workspace: '', task: 'x', entry: 'e', duration: 5 }],
        printed: splitTemplate(`text ${totalMark}\n`, 'out'),
        details: splitTemplate(`text ${hitMarks({} as never, 0).saved}\n`, 'details'),
      });
      const program = rig.file('fuzz');
      const sources = frontSources('main.c');
      compileFront('clang', program, [path.join(frontFolder, 'test/fuzz.c'), ...sources], flags);
      const record = fs.readFileSync(file);
      const seeds = [0, 1].map((first) => Buffer.concat([Buffer.from([first]), record]));
      runFuzzer(program, rig.directory, seeds, 1500);
    } finally {
      rig.dispose();
    }
  });
});
