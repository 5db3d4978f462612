import assert from 'node:assert/strict';
import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = findRoot(import.meta.dirname);
/** Where the built native part is. */
export const native = path.join(root, 'dist/native');
/** The folder of the native part's sources. */
export const sources = path.join(root, 'runner/tracker/native');
const compiler = process.env['CC'] ?? 'cc';

/** Why the native part cannot be tested here, or false. For `skip`. */
export const missing: string | false = whyNot();

function findRoot(from: string): string {
  const here = fs.existsSync(path.join(from, 'tsconfig.base.json'));
  return here ? from : findRoot(path.dirname(from));
}

function whyNot(): string | false {
  if (process.platform !== 'linux') return `made for Linux only, not ${process.platform}`;
  if (!fs.existsSync(path.join(native, 'vt-launch'))) return 'dist/native/vt-launch is not built';
  if (spawnSync(compiler, ['--version']).error) return `no C compiler ('${compiler}')`;
  return false;
}

/** Compiler flags: a program built so ends at the first error that is found in it. */
export const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** One line of vt-trace-dump. */
interface TraceRecord {
  readonly op: string;
  readonly pid: number;
  readonly seq: number;
  readonly flags: number;
  readonly aux: number;
  readonly before: string;
  readonly before2: string;
  readonly path: string;
  readonly path2?: string;
  /** Of content. */
  readonly size?: number;
  readonly digest?: string;
}

/** What came of one launch. */
export interface Launched {
  readonly stdout: string;
  readonly stderr: string;
  /** The launcher's control messages, in order. */
  readonly control: readonly Record<string, unknown>[];
  readonly header: {
    readonly incomplete: number;
    readonly finished: number;
    readonly chunks: number;
  };
  readonly records: readonly TraceRecord[];
}

export interface LaunchOptions {
  /** vt-launch or vt-launch-checked. */
  readonly launcher?: string;
  readonly options?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

/** Bits of vt_header.incomplete, as in trace.h. */
export const INCOMPLETE = {
  foreignAbi: 2,
  overflow: 4,
  rootChanged: 16,
  unnamedFile: 256,
} as const;

const NOFOLLOW = 1;
const FOLLOW2 = 4;

/** The sources of vt-launch. */
export function launcherSources(): string[] {
  return fs.readdirSync(sources).filter((name) => /^(?!shim).*\.c$/.test(name));
}

/** The sources of the shim, some of which are the launcher's too. */
export function shimSources(): string[] {
  return fs
    .readdirSync(sources)
    .filter((name) => /^(shim.*|env-.*|touch|mind|log|keys)\.c$/.test(name));
}

/** The names an object defines for others, sorted. `nm` is that of the object's machine. */
export function exportsOf(object: string, nm: string, flags: readonly string[] = ['-D']): string[] {
  const listed = spawnSync(nm, [...flags, '--defined-only', object], { encoding: 'utf8' });
  assert.equal(listed.status, 0, listed.stderr);
  return [...listed.stdout.matchAll(/ [A-Z] (\w+)$/gm)].map((match) => match[1] ?? '').sort();
}

/** Test programs built into a directory of their own, and a workspace to run them in. */
export class NativeRig {
  readonly directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'vt-native-')));
  /** Working directory of what is launched; made anew by `fresh`. */
  readonly workspace = path.join(this.directory, 'work');
  /** What `launch` starts by default. */
  launcher = path.join(native, 'vt-launch');
  readonly trace = path.join(this.directory, 'trace');

  readonly #compiler: string;

  /** `target`: builds for another machine with this compiler; what it builds cannot be launched. */
  constructor(target?: string) {
    fs.chmodSync(this.directory, 0o777);
    this.#compiler = compiler;
    this.build('vt-trace-dump', ['test/dump.c']);
    if (target !== undefined) {
      this.#compiler = target;
      return;
    }
    this.build('forms', ['test/forms.c']);
    this.build('forms-static', ['test/forms.c'], ['-static']);
  }

  dispose(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  /** Compiles sources of the native folder into `file(name)`. */
  build(name: string, files: readonly string[], flags: readonly string[] = []): string {
    const warnings = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror'];
    const args = [...warnings, ...flags, ...files, '-o', this.file(name), '-pthread'];
    const built = spawnSync(this.#compiler, args, { cwd: sources, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    return this.file(name);
  }

  /** The launcher with address and undefined-behaviour sanitizers, which end it at the first find. */
  buildChecked(): string {
    return this.build('vt-launch-checked', launcherSources(), sanitizers);
  }

  fresh(): void {
    fs.rmSync(this.workspace, { recursive: true, force: true });
    const at = (name: string): string => path.join(this.workspace, name);
    fs.mkdirSync(at('dir'), { recursive: true });
    fs.mkdirSync(at('empty'));
    fs.writeFileSync(at('file'), 'x');
    fs.writeFileSync(at('other'), 'y');
    fs.writeFileSync(at('dir/inner'), 'z');
    fs.symlinkSync('file', at('link'));
    fs.symlinkSync(this.file('forms-static'), at('interpreter'));
    fs.writeFileSync(at('script'), `#!${at('interpreter')} openat\n`, { mode: 0o755 });
  }

  async launch(program: readonly string[], how: LaunchOptions = {}): Promise<Launched> {
    const ran = await this.run(program, how);
    return { ...ran, ...this.readTrace() };
  }

  /** `launch`, but leaves the trace where it is, at `trace`. */
  async run(
    program: readonly string[],
    how: LaunchOptions = {},
  ): Promise<Pick<Launched, 'stdout' | 'stderr' | 'control'>> {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
    const args = [
      '--control',
      '3',
      '--trace',
      this.trace,
      ...(how.options ?? []),
      '--',
      ...program,
    ];
    const child = spawn(how.launcher ?? this.launcher, args, {
      cwd: this.workspace,
      env: how.env ?? process.env,
      ...(how.uid === undefined ? {} : { uid: how.uid, gid: how.uid }),
      stdio,
    });
    const texts = ['', '', ''];
    for (const [index, stream] of [child.stdout, child.stderr, child.stdio[3]].entries()) {
      (stream as NodeJS.ReadableStream).setEncoding('utf8').on('data', (chunk: string) => {
        texts[index] += chunk;
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    const [stdout = '', stderr = '', control = ''] = texts;
    assert.equal(code, 0, stderr);
    return { stdout, stderr, control: parseLines(control) };
  }

  /** Reads the trace and removes it. */
  readTrace(): Pick<Launched, 'header' | 'records'> {
    const dumped = spawnSync(this.file('vt-trace-dump'), [this.trace], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    fs.rmSync(this.trace);
    assert.equal(dumped.status, 0, dumped.stderr);
    const [first, ...records] = parseLines(dumped.stdout);
    return {
      header: first?.['header'] as Launched['header'],
      records: records as unknown as TraceRecord[],
    };
  }

  /** The records of paths in the workspace as `op flags aux path:before -> path2:before2`. */
  inside(run: Pick<Launched, 'records'>): string[] {
    const { workspace } = this;
    const isInside = (name: string): boolean =>
      name === workspace || name.startsWith(`${workspace}/`);
    const short = (name: string): string =>
      isInside(name) ? name.slice(workspace.length + 1) : name;
    return run.records
      .filter(({ op, path: place }) => op !== 'process' && op !== 'content' && isInside(place))
      .map((record) => {
        const words = [record.op];
        if (record.flags & NOFOLLOW) words.push('nofollow');
        if (record.flags & FOLLOW2) words.push('follow2');
        const { O_RDWR, O_CREAT, O_APPEND } = fs.constants;
        const writes = O_RDWR | O_CREAT | O_APPEND;
        if (record.op === 'open' && (record.aux & writes) === writes)
          words.push('rw-create-append');
        if (record.op !== 'open' && record.aux !== 0) words.push(String(record.aux));
        words.push(`${short(record.path)}:${record.before}`);
        if (record.path2 !== undefined) {
          const before = record.before2 === 'unknown' ? '' : `:${record.before2}`;
          words.push('->', `${short(record.path2)}${before}`);
        }
        return words.join(' ');
      });
  }
}

/** What was kept of files before they were changed: names below the workspace to what they held. */
export function keptContents(run: Pick<Launched, 'records'>, workspace: string): string[] {
  const states = ['', 'changed', 'too large', 'unreadable'];
  return run.records
    .filter(({ op }) => op === 'content')
    .map(({ path: place, aux, digest }) => {
      return `${path.relative(workspace, place)}: ${aux === 0 ? digest! : states[aux]!}`;
    });
}

/** One JSON object a line. */
export function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
