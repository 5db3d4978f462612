import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'jsonc-parser';
import type { ConfigProblem } from './config-problem.js';
import { isWarning } from './config-problem.js';
import { parseTaskFile } from './parse-task-file.js';

// Shows: config.schema

const project = path.join(import.meta.dirname, '../../..');
const schema = JSON.parse(
  readFileSync(path.join(project, 'runner/config/vite-task.schema.json'), 'utf8'),
) as object;

// An independent reading of the schema: the validator that the linter brings along.
const linter = createRequire(createRequire(import.meta.url).resolve('eslint'));
const Ajv = linter('ajv') as new () => { compile(schema: object): (value: unknown) => boolean };
const isValid = new Ajv().compile(schema);

/** Mistakes that a schema has no way to describe. */
const beyondSchemas: ReadonlySet<string> = new Set(['bad-glob', 'cwd-outside-package']);

function errors(text: string): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  parseTaskFile('/w/vite-task.json', text, true, problems);
  return problems.filter((problem) => !isWarning(problem));
}

/** Both have to say the same of a file. */
function agree(value: unknown): boolean {
  const text = JSON.stringify(value);
  const found = errors(text);
  const isSchemaValid = isValid(JSON.parse(text));
  if (isSchemaValid) {
    const rest = found.filter(({ kind }) => !beyondSchemas.has(kind));
    assert.deepEqual(
      rest.map(({ kind }) => kind),
      [],
      `the schema has nothing against ${text}`,
    );
  } else {
    assert.notEqual(found.length, 0, `the parser has nothing against ${text}`);
  }
  return isSchemaValid && found.length === 0;
}

describe('the JSON schema of vite-task.json', () => {
  it('accepts every example there is', () => {
    const documents = readdirSync(path.join(project, 'docs')).map((name) => `docs/${name}`);
    const blocks = documents.flatMap((name) =>
      [...readFileSync(path.join(project, name), 'utf8').matchAll(/^```jsonc\n(.*?)^```/gms)].map(
        ([, text = '']) => text,
      ),
    );
    const files = [readFileSync(path.join(project, 'examples/vite-app/vite-task.json'), 'utf8')];
    assert.ok(blocks.length >= 4);
    for (const text of [...blocks, ...files]) {
      assert.deepEqual(errors(text), []);
      assert.equal(isValid(parse(text)), true, text);
    }
  });

  const task = (definition: unknown): unknown => ({ tasks: { t: definition } });
  const valid: unknown[] = [
    {},
    { $schema: 'x' },
    { cache: true },
    { cache: { scripts: true, tasks: false, remote: { url: 'x' } } },
    { enablePrePostScripts: false },
    task('x'),
    task(['x', 'y']),
    task({ command: 'x' }),
    task({ command: ['x'], cwd: 'a/..b' }),
    task({ dependsOn: [] }),
    task({ dependsOn: ['a', 'p#b', { task: 'c', from: 'dependencies' }] }),
    task({ dependsOn: [{ task: 'c', from: ['devDependencies', 'peerDependencies'] }] }),
    task({ command: 'x', cache: false }),
    task({ command: 'x', cache: true, env: ['A'] }),
    task({ command: 'x', cache: { env: [{ auto: true }, 'A', { auto: false }] } }),
    task({ command: 'x', env: ['A'], untrackedEnv: ['!B'], input: [], output: [], optOut: false }),
    task({
      command: 'x',
      cache: {
        env: ['A_*', '!A_B'],
        untrackedEnv: [],
        input: [{ auto: false }, 'a', '!b', { pattern: 'c' }, { pattern: 'd', base: 'workspace' }],
        output: ['dist/'],
        optOut: true,
        notSecret: ['VITE_*'],
        remote: 1,
      },
    }),
  ];
  for (const value of valid) {
    it(`both accept ${JSON.stringify(value)}`, () => {
      assert.equal(agree(value), true);
    });
  }

  const invalid: unknown[] = [
    [],
    'x',
    null,
    { $schema: 1 },
    { task: {} },
    { cache: 'x' },
    { cache: { scripts: 1 } },
    { cache: { env: [] } },
    { enablePrePostScripts: 1 },
    { tasks: [] },
    { tasks: { '': 'x' } },
    { tasks: { 'a#b': 'x' } },
    task(1),
    task(null),
    task(''),
    task(' '),
    task([]),
    task(['x', '']),
    task(['x', 1]),
    task({}),
    task({ cwd: 'x' }),
    task({ command: 1 }),
    task({ command: [] }),
    task({ command: 'x', comand: 'y' }),
    task({ command: 'x', cwd: '/a' }),
    task({ command: 'x', cwd: '..' }),
    task({ command: 'x', cwd: '../a' }),
    task({ command: 'x', cwd: 1 }),
    task({ command: 'x', dependsOn: 'a' }),
    task({ command: 'x', dependsOn: [1] }),
    task({ command: 'x', dependsOn: [{ task: 'a' }] }),
    task({ command: 'x', dependsOn: [{ task: 'a', from: 'optionalDependencies' }] }),
    task({ command: 'x', dependsOn: [{ task: 'a', from: [1] }] }),
    task({ command: 'x', dependsOn: [{ task: 'a', from: 'dependencies', x: 1 }] }),
    task({ command: 'x', cache: 1 }),
    task({ command: 'x', cache: { inputs: [] } }),
    task({ command: 'x', cache: {}, env: [] }),
    task({ command: 'x', cache: { env: 'A' } }),
    task({ command: 'x', cache: { env: [''] } }),
    task({ command: 'x', cache: { env: [{}] } }),
    task({ command: 'x', cache: { env: [{ auto: 1 }] } }),
    task({ command: 'x', cache: { env: [{ auto: true, pattern: 'A' }] } }),
    task({ command: 'x', cache: { env: [1] } }),
    task({ command: 'x', cache: { env: ['!'] } }),
    task({ command: 'x', cache: { input: 'a' } }),
    task({ command: 'x', cache: { input: [1] } }),
    task({ command: 'x', cache: { input: [{}] } }),
    task({ command: 'x', cache: { input: [{ auto: 1 }] } }),
    task({ command: 'x', cache: { input: [{ auto: true, pattern: 'a' }] } }),
    task({ command: 'x', cache: { input: [{ pattern: 'a', base: 'root' }] } }),
    task({ command: 'x', cache: { output: [{ base: 'package' }] } }),
    task({ command: 'x', cache: { optOut: 'no' } }),
    task({ command: 'x', cache: { notSecret: 'A' } }),
  ];
  for (const value of invalid) {
    it(`both refuse ${JSON.stringify(value)}`, () => {
      assert.equal(agree(value), false);
      assert.notDeepEqual(errors(JSON.stringify(value)), []);
      assert.equal(isValid(value), false);
    });
  }

  it('has the fields that the parser knows, and no others', () => {
    const text =
      '{ "x": 1, "cache": { "x": 1 }, "tasks": { "t": { "command": "c", "x": 1, "cache": { "x": 1 } } } }';
    const known = errors(text).flatMap((problem) =>
      problem.kind === 'unknown-field' ? [[...problem.known].sort()] : [],
    );
    const described: string[][] = [];
    const look = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { properties?: object };
      if (properties !== undefined && 'additionalProperties' in node) {
        described.push(Object.keys(properties).sort());
      }
      Object.values(node).forEach(look);
    };
    look(schema);
    assert.equal(known.length, 4);
    for (const fields of known) {
      assert.ok(
        described.some((other) => other.join() === fields.join()),
        fields.join(),
      );
    }
  });

  it('says what the parser says, over random files', () => {
    let seed = 9;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
    const strange = (): unknown =>
      pick<unknown>([0, null, '', '!', '..', true, [], {}, [1], { a: 1 }]);
    const maybe = (make: () => unknown): unknown => (random(12) === 0 ? strange() : make());
    const list = (make: () => unknown): unknown =>
      maybe(() => Array.from({ length: random(3) }, () => maybe(make)));
    const fields = (of: Record<string, () => unknown>, unknown = 25): Record<string, unknown> => {
      const names = Object.keys(of).filter(() => random(3) === 0);
      if (random(unknown) === 0) names.push(pick(['x', 'comand', 'inputs']));
      return Object.fromEntries(names.map((name) => [name, maybe(of[name] ?? strange)]));
    };
    const glob = (): unknown => pick(['a', '!b', 'src/**', 'dist/', 'A_*']);
    const place = (): unknown =>
      pick<() => unknown>([
        glob,
        () => ({ auto: random(2) === 0 }),
        () => ({ pattern: glob(), base: pick(['package', 'workspace', 'x']) }),
        () => ({ pattern: glob() }),
      ])();
    const cacheFields = {
      env: () => list(glob),
      untrackedEnv: () => list(glob),
      input: () => list(place),
      output: () => list(place),
      optOut: () => random(2) === 0,
      notSecret: () => list(glob),
    };
    const kind = (): unknown => pick(['dependencies', 'devDependencies', 'peerDependencies', 'x']);
    const command = (): unknown => pick<unknown>(['x', 'a && b', ['x', 'y'], ['x'], ' ']);
    const definition = (): unknown =>
      random(4) === 0
        ? command()
        : {
            ...fields({
              cwd: () => pick(['a', './b/', '/x', '../y', 'a/../b']),
              dependsOn: () =>
                list(() => pick<() => unknown>([() => 'a', () => ({ task: 'b', from: kind() })])()),
              cache: () =>
                pick<() => unknown>([() => random(2) === 0, () => fields(cacheFields)])(),
              ...(random(3) === 0 ? cacheFields : {}),
            }),
            ...(random(6) > 0 ? { command: maybe(command) } : {}),
          };
    let accepted = 0;
    for (let round = 0; round < 4000; round++) {
      const file = fields({
        $schema: () => 'x',
        cache: () =>
          pick<() => unknown>([
            () => true,
            () => fields({ scripts: () => true, tasks: () => false }),
          ])(),
        enablePrePostScripts: () => false,
      });
      const name = (): string => pick(['build', 'test', 'a b', 'x#y', '']);
      const tasks = Object.fromEntries(
        Array.from({ length: random(3) }, () => [
          random(8) > 0 ? 'build' : name(),
          maybe(definition),
        ]),
      );
      if (agree({ ...file, tasks })) accepted++;
    }
    assert.ok(accepted > 1000 && accepted < 3500, `${accepted} of 4000 accepted`);
  });
});
