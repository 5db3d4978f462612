import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { contentDigest } from '../../../cache/content-digest.js';
import type { CachePolicy } from '../../plan/execution.js';
import { seededRandom } from '../../tracker/testing/seeded-random.js';
import { TracedWorkspace, untraceable } from '../../tracker/testing/trace-program.js';
import { deriveRun } from './derive-run.js';
import { viewWorkspace } from './workspace-view.js';

/**
 * Random programs over a small tree, run under the tracker. Every file of the tree begins with a
 * mark of its own, so what a program read, and what its results are made of, tells which files it
 * depended on, whatever ways it took.
 */
const interpreter = `
  const fs = require('node:fs');
  const seen = { marks: [] };
  const mark = (data) => { for (const m of String(data).matchAll(/<([^>]*)>/g)) seen.marks.push(m[1]); };
  const act = {
    read: (a) => mark(fs.readFileSync(a)),
    write: (a, b, n) => fs.writeFileSync(a, 'new' + n),
    append: (a, b, n) => fs.appendFileSync(a, 'more' + n),
    exclusive: (a, b, n) => fs.writeFileSync(a, 'only' + n, { flag: 'wx' }),
    patch: (a) => { const f = fs.openSync(a, 'r+'); fs.writeSync(f, 'X'); fs.closeSync(f); },
    copy: (a, b) => fs.copyFileSync(a, b),
    unlink: (a) => fs.unlinkSync(a),
    rmdir: (a) => fs.rmdirSync(a),
    remove: (a) => fs.rmSync(a, { recursive: true }),
    mkdir: (a) => fs.mkdirSync(a),
    mkdirs: (a) => fs.mkdirSync(a, { recursive: true }),
    rename: (a, b) => fs.renameSync(a, b),
    symlink: (a, b) => fs.symlinkSync(b, a),
    link: (a, b) => fs.linkSync(a, b),
    chmod: (a) => fs.chmodSync(a, 0o755),
    truncate: (a) => fs.truncateSync(a, 3),
    list: (a) => fs.readdirSync(a),
    stat: (a) => fs.statSync(a),
  };
  JSON.parse(process.argv[1]).forEach(([name, a, b], n) => {
    try { act[name](a, b, n); } catch (error) { if (error.syscall === undefined) throw error; }
  });
  fs.writeFileSync('../seen.json', JSON.stringify(seen));
`;

const operations =
  'read read write write append exclusive patch copy copy unlink rmdir remove mkdir mkdirs rename rename rename symlink link chmod truncate list stat'.split(
    ' ',
  );
const places = [
  'a',
  'b',
  'l',
  'd',
  'd/a',
  'd/l',
  'd/e',
  'd/e/a',
  'd/e/b',
  'm',
  'm/a',
  'm/e',
  'm/e/a',
];

interface Entry {
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Mode and content, or text. */
  readonly state: string;
}

function plant(root: string): void {
  for (const path of ['a', 'd/a', 'd/e/a', 'm/a']) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `<${path}>`);
  }
  symlinkSync('d', join(root, 'l'));
  symlinkSync('e/a', join(root, 'd/l'));
}

function snapshot(root: string, below = ''): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const name of readdirSync(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const file = join(root, path);
    const stat = lstatSync(file);
    if (stat.isSymbolicLink()) entries.set(path, { kind: 'symlink', state: readlinkSync(file) });
    else if (stat.isDirectory()) {
      entries.set(path, { kind: 'directory', state: '' });
      for (const [inner, entry] of snapshot(root, path)) entries.set(inner, entry);
    } else {
      const state = `${stat.mode & 0o777} ${readFileSync(file, 'utf8')}`;
      entries.set(path, { kind: 'file', state });
    }
  }
  return entries;
}

function randomProgram(seed: number): [string, string, string][] {
  const random = seededRandom(seed);
  const one = (list: readonly string[]): string => list[random(list.length)]!;
  return Array.from({ length: 3 + random(22) }, () => [one(operations), one(places), one(places)]);
}

describe('random programs', { skip: untraceable() }, () => {
  const kept: number[] = [];
  const rounds = Number(process.env['VT_RANDOM_ROUNDS'] ?? 40);
  const firstSeed = Number(process.env['VT_RANDOM_SEED'] ?? 1);

  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const program = randomProgram(seed);
    test(`seed ${seed}`, () => {
      const workspace = new TracedWorkspace();
      try {
        if (runAndCheck(workspace, program)) kept.push(seed);
      } finally {
        workspace.dispose();
      }
    });
  }

  test('some of them can be kept, so that the others prove something', () => {
    assert.ok(kept.length >= rounds / 8, `${kept.length} of ${rounds}`);
  });
});

/** Whether the run was kept; fails if what would be kept is wrong. */
function runAndCheck(workspace: TracedWorkspace, program: readonly unknown[]): boolean {
  const { root } = workspace;
  plant(root);
  const before = snapshot(root);
  const trace = workspace.trace([process.execPath, '-e', interpreter, JSON.stringify(program)]);
  const after = snapshot(root);
  const seen = JSON.parse(readFileSync(join(root, '../seen.json'), 'utf8')) as { marks: string[] };
  const auto = { auto: true, include: [], exclude: [] };
  const result = deriveRun(
    {
      trace,
      channel: {
        ignoredInputs: [],
        ignoredOutputs: [],
        env: [],
        envQueries: [],
        queries: [],
        complete: [],
        withheld: [],
        served: new Map(),
        failures: [],
      },
      policy: {
        key: {} as CachePolicy['key'],
        input: auto,
        output: auto,
        autoEnv: false,
        mayOptOut: true,
      },
      workspaceRoot: root,
      runnerDirectories: [],
      inputMatches: [],
      findProgram: () => undefined,
    },
    viewWorkspace(root),
  );
  // A refusal is always safe; too many of them are caught by the test above.
  if (result.kind !== 'derived') return false;

  const outputs = new Map(result.outputs.map((o) => [o.path as string, o.existedBefore]));
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(path), after.get(path)];
    if (was?.kind === is?.kind && was?.state === is?.state) continue;
    assert.ok(outputs.has(path), `${path} was changed: no output`);
  }
  for (const [path, existedBefore] of outputs) {
    assert.equal(existedBefore, before.has(path), `existedBefore of ${path}`);
  }

  const contents = new Set(
    result.dependencies.flatMap((d) => (d.kind === 'content' ? d.path : [])),
  );
  const used = new Set(seen.marks);
  for (const [path, { state }] of after) {
    if (!outputs.has(path)) continue;
    for (const [, origin] of state.matchAll(/<([^>]*)>/g)) used.add(origin!);
  }
  for (const path of used) {
    assert.ok(contents.has(path as never), `${path} was used: no content dependency`);
  }
  for (const dependency of result.dependencies) {
    if (dependency.kind !== 'content') continue;
    const { path } = dependency;
    const was = before.get(path)?.state;
    const told = dependency.before;
    if (told === undefined || !('digest' in told)) {
      assert.equal(after.get(told?.movedTo ?? path)?.state, was, `${path} was changed`);
    } else {
      const [mode, ...content] = was!.split(' ');
      assert.equal(told.digest, contentDigest(content.join(' ')), `${path} was different`);
      assert.equal(told.executable, (Number(mode) & 0o100) !== 0, `mode of ${path}`);
    }
  }

  for (const dependency of result.dependencies) {
    switch (dependency.kind) {
      case 'absence':
        assert.ok(!before.has(dependency.path), `${dependency.path} was there`);
        break;
      case 'existence':
        assert.equal(before.get(dependency.path)?.kind, dependency.entry, dependency.path);
        break;
      case 'link':
        assert.deepEqual(before.get(dependency.path), {
          kind: 'symlink',
          state: dependency.target,
        });
        break;
      case 'listing': {
        const { path, created, deleted } = dependency;
        const namesIn = (entries: Map<string, Entry>): Set<string> => {
          const names = [...entries.keys()].filter((key) => key !== '');
          const inside = names.filter((key) => (dirname(key) === '.' ? '' : dirname(key)) === path);
          return new Set(inside.map((key) => key.slice(path === '' ? 0 : path.length + 1)));
        };
        const names = namesIn(after);
        for (const name of created) names.delete(name);
        for (const name of deleted) names.add(name);
        // A directory that is gone took its names along; the cache refuses that itself.
        if (after.get(path)?.kind === 'directory') assert.deepEqual(names, namesIn(before), path);
        break;
      }
      case 'content': // checked above
      case 'program':
      case 'json':
      case 'glob':
      case 'env':
      case 'env-query':
        break;
    }
  }
  return true;
}
