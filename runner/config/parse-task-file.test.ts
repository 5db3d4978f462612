import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { ConfigProblem } from './config-problem.js';
import { loadManifest, loadPackageTasks } from './load-package-tasks.js';
import { nearestName } from './nearest-name.js';
import { parsePackageManifest } from './package-manifest.js';
import { parseTaskFile } from './parse-task-file.js';
import type { TaskFile } from './parse-task-file.js';
import type { SourceRange } from './source-range.js';
import type { TaskDefinition } from './task-definition.js';

function parse(
  text: string,
  isRoot = true,
): { file: TaskFile; problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  return { file: parseTaskFile('/w/vite-task.json', text, isRoot, problems), problems };
}

/** The task without places, which have tests of their own. */
function task(definition: unknown): Record<string, unknown> {
  const { file, problems } = parse(JSON.stringify({ tasks: { t: definition } }));
  assert.deepEqual(problems, []);
  return withoutPlaces(file.tasks.get('t')) as Record<string, unknown>;
}

function withoutPlaces(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === 'at' ? undefined : inner)),
  );
}

const auto = [{ kind: 'auto', auto: true }];
const plain = {
  name: 't',
  origin: 'task',
  commands: [{ text: 'x' }],
  cwd: '',
  dependsOn: [],
  cache: {
    env: [],
    autoEnv: false,
    untrackedEnv: [],
    input: auto,
    output: auto,
    optOut: true,
    notSecret: [],
  },
};

describe('parseTaskFile', () => {
  it('reads a task in its three forms', () => {
    assert.deepEqual(task('x'), plain);
    assert.deepEqual(task(['x', 'y']), { ...plain, commands: [{ text: 'x' }, { text: 'y' }] });
    assert.deepEqual(task({ command: 'x' }), plain);
    assert.deepEqual(task({ command: ['x', 'y'] }), {
      ...plain,
      commands: [{ text: 'x' }, { text: 'y' }],
    });
  });

  it('reads every field', () => {
    const pattern = (text: string, base = 'package'): unknown => ({
      kind: 'pattern',
      pattern: text,
      base,
    });
    assert.deepEqual(
      task({
        command: 'x',
        cwd: './sub/',
        dependsOn: [
          'a',
          'p#b',
          { task: 'c', from: 'dependencies' },
          { task: 'd', from: ['devDependencies', 'peerDependencies'] },
        ],
        cache: {
          env: ['A_*', { auto: true }, '!A_B'],
          untrackedEnv: ['C'],
          input: [
            { auto: true },
            'src/**',
            '!x',
            { pattern: 'y', base: 'workspace' },
            { pattern: 'z' },
          ],
          output: [],
          optOut: false,
          notSecret: [],
        },
      }),
      {
        ...plain,
        cwd: 'sub',
        dependsOn: [
          { kind: 'named', name: 'a' },
          { kind: 'named', name: 'p#b' },
          { kind: 'of-dependencies', task: 'c', from: ['dependencies'] },
          { kind: 'of-dependencies', task: 'd', from: ['devDependencies', 'peerDependencies'] },
        ],
        cache: {
          env: ['A_*', '!A_B'],
          autoEnv: true,
          untrackedEnv: ['C'],
          input: [
            ...auto,
            pattern('src/**'),
            pattern('!x'),
            pattern('y', 'workspace'),
            pattern('z'),
          ],
          output: [],
          optOut: false,
          notSecret: [],
        },
      },
    );
    assert.deepEqual(task({ command: 'x', cache: false }), { ...plain, cache: false });
    assert.deepEqual(task({ command: 'x', cache: true }), plain);
    assert.deepEqual(task({ dependsOn: ['a'] }).commands, []);
  });

  it('reads the older form, with one warning for the file', () => {
    const { file, problems } = parse(
      '{"tasks":{"a":{"command":"x","env":["E"],"output":["o"]},"b":{"command":"x","input":[],"cache":true},"c":"x"}}',
    );
    assert.deepEqual(withoutPlaces(problems), [
      { kind: 'older-form', task: 'a', fields: ['env', 'output'], others: 1 },
    ]);
    const a = file.tasks.get('a')?.cache;
    assert.ok(a !== undefined && a !== false);
    assert.deepEqual([a.env, a.input, a.output.length], [['E'], auto, 1]);
    assert.deepEqual((file.tasks.get('b') as TaskDefinition).cache, { ...plain.cache, input: [] });
  });

  it('allows comments, trailing commas, a byte order mark and $schema', () => {
    const { file, problems } = parse(
      '\ufeff{ // comment\n "$schema": "x", /* */ "tasks": { "a": "x", }, }',
    );
    assert.deepEqual([problems, [...file.tasks.keys()]], [[], ['a']]);
  });

  it('reads the settings of the root', () => {
    const settings = (text: string): unknown => parse(text).file.rootSettings;
    const result = (
      cacheScripts: boolean,
      cacheTasks: boolean,
      enablePrePostScripts = true,
    ): unknown => ({ cacheScripts, cacheTasks, enablePrePostScripts });
    assert.deepEqual(settings('{}'), result(false, true));
    assert.deepEqual(settings('{"cache":true}'), result(true, true));
    assert.deepEqual(settings('{"cache":false}'), result(false, false));
    assert.deepEqual(settings('{"cache":{"scripts":true}}'), result(true, true));
    assert.deepEqual(
      settings('{"cache":{"tasks":false},"enablePrePostScripts":false}'),
      result(false, false, false),
    );
  });

  it('finds all mistakes of a file in one pass', () => {
    const { problems } = parse(
      '{"task":{},"tasks":{"a":{"command":1,"cwd":"..","dependsOn":"x"},"b#c":"x"},"cache":3}',
    );
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      [
        'unknown-field',
        'wrong-type',
        'cwd-outside-package',
        'wrong-type',
        'bad-task-name',
        'wrong-type',
      ],
    );
  });

  it('takes nothing from a broken file', () => {
    for (const text of ['', '{', '[]', '{"tasks":{"a":"x"}} x']) {
      const { file, problems } = parse(text);
      assert.deepEqual([file.tasks.size, problems.length], [0, 1], text);
    }
  });
});

describe('loadPackageTasks', () => {
  it('has the tasks, then the scripts, and none of two names', (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'vt-config-'));
    t.after(() => {
      rmSync(directory, { recursive: true });
    });
    const load = (): [readonly unknown[], readonly string[]] => {
      const problems: ConfigProblem[] = [];
      const manifest = loadManifest(directory, problems);
      const { tasks } = loadPackageTasks(directory, manifest, true, problems);
      return [[manifest?.name, [...tasks.keys()]], problems.map(({ kind }) => kind)];
    };
    assert.deepEqual(load(), [[undefined, []], []]);
    writeFileSync(
      path.join(directory, 'package.json'),
      '{"name":"p","scripts":{"b":"x","c":"y","n":1}}',
    );
    writeFileSync(path.join(directory, 'vite-task.json'), '{"tasks":{"a":"x"}}');
    assert.deepEqual(load(), [['p', ['a', 'b', 'c']], []]);
    writeFileSync(path.join(directory, 'vite-task.json'), '{"tasks":{"b":"x"}}');
    assert.deepEqual(load(), [['p', ['b', 'c']], ['task-is-script']]);
    rmSync(path.join(directory, 'vite-task.json'));
    writeFileSync(path.join(directory, 'package.json'), '{"scripts":');
    assert.deepEqual(load(), [[undefined, []], ['syntax-error']]);
  });
});

describe('parsePackageManifest', () => {
  it('reads both forms of workspaces', () => {
    const globs = (text: string): unknown => parsePackageManifest('/p', text, []).workspaces;
    assert.deepEqual(globs('{"workspaces":["a","b/*"]}'), ['a', 'b/*']);
    assert.deepEqual(globs('{"workspaces":{"packages":["a"]}}'), ['a']);
    assert.equal(globs('{"workspaces":{}}'), undefined);
    assert.equal(globs('{}'), undefined);
  });

  it('reads dependencies of every field, and leaves out what is no text', () => {
    const { dependencies, version, name } = parsePackageManifest(
      '/p',
      `{ "version": "1.2.3", "name": 7, "dependencies": { "a": "^1", "b": 2 },
         "devDependencies": { "c": "workspace:*" }, "peerDependencies": ["d"],
         "optionalDependencies": { "e": "file:../e" } }`,
      [],
    );
    assert.deepEqual([name, version], [undefined, '1.2.3']);
    assert.deepEqual(
      dependencies.map((d) => [d.field, d.name, d.spec]),
      [
        ['dependencies', 'a', '^1'],
        ['devDependencies', 'c', 'workspace:*'],
        ['optionalDependencies', 'e', 'file:../e'],
      ],
    );
  });

  it('finds places when they are asked for, also with comments and a byte order mark', () => {
    for (const text of [
      '{"name":"x","scripts":{"b":"go"}}',
      '\ufeff{ // c\n"scripts": {"b": "go"},}',
    ]) {
      const problems: ConfigProblem[] = [];
      const manifest = parsePackageManifest('/p/package.json', text, problems);
      const shown = ({ file, text: all, offset, length }: SourceRange): string =>
        `${file} ${all.slice(offset, offset + length)}`;
      assert.equal(manifest.scripts.get('b'), 'go');
      assert.deepEqual(
        [shown(manifest.nameOf('scripts', 'b')), shown(manifest.placeOf('scripts', 'b'))],
        ['/p/package.json "b"', '/p/package.json "go"'],
      );
      const nowhere = manifest.placeOf('scripts', 'c');
      assert.deepEqual([nowhere.offset, nowhere.length, problems.length], [0, 0, 0]);
    }
  });
});

describe('nearestName', () => {
  const cases: [string, string[], string | undefined][] = [
    ['buidl', ['lint', 'build'], 'build'],
    ['comand', ['cwd', 'command'], 'command'],
    ['untracked-env', ['untrackedEnv', 'env'], 'untrackedEnv'],
    ['x', ['build', 'lint'], undefined],
    ['tset', ['build', 'test'], 'test'],
    ['deploy', ['build'], undefined],
  ];
  for (const [name, known, expected] of cases) {
    it(`${name} -> ${String(expected)}`, () => {
      assert.equal(nearestName(name, known), expected);
    });
  }
});
