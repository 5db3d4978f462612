import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { ConfigProblem } from '../../config/config-problem.js';
import { parseTaskFile } from '../../config/parse-task-file.js';
import type { TaskFile } from '../../config/parse-task-file.js';
import { CliRig, code } from '../cli-rig.js';

const scripts = {
  dev: 'vite',
  build: 'tsc -p . && vite build',
  prebuild: 'node gen.js',
  prettier: 'prettier "src/*"',
  'test:watch': 'vitest --watch',
  prepare: 'husky',
  odd: 'echo "a\nb" // */',
};

function parse(text: string, isRoot = true): TaskFile {
  const problems: ConfigProblem[] = [];
  const file = parseTaskFile('/w/vite-task.json', text, isRoot, problems);
  assert.deepEqual(problems, []);
  return file;
}

describe('vt init', () => {
  it('writes the scripts it finds as comments, and says so', async (t) => {
    const rig = new CliRig(t, {
      'package.json': JSON.stringify({ scripts }),
      'node_modules/vt/dist/vite-task.schema.json': '{}',
    });
    assert.deepEqual(await rig.vt('init'), code(0));
    assert.equal(
      rig.stdout,
      `Wrote vite-task.json. 5 scripts of package.json stand in it as comments, ready to become tasks; nothing has changed yet.
Try one as it is: vt run build. With its result kept: vt run --cache build
`,
    );
    const text = readFileSync(path.join(rig.root, 'vite-task.json'), 'utf8');
    assert.equal(
      text,
      `{
  "$schema": "./node_modules/vt/dist/vite-task.schema.json",

  // Scripts of package.json run as they are: \`vt run <name>\`. Their results are kept only with
  // \`vt run --cache <name>\`, or when "scripts" is true. Tasks of this file are always cached.
  "cache": { "scripts": false, "tasks": true },

  // Each of these is a script of package.json. To make one a task, take its slashes away and
  // remove it from package.json: one name cannot be both.
  "tasks": {
    // "dev": { "command": "vite", "cache": false },
    // "build": "tsc -p . && vite build",
    // "prettier": "prettier \\"src/*\\"",
    // "test:watch": { "command": "vitest --watch", "cache": false },
    // "odd": "echo \\"a\\nb\\" // */",
  },
}
`,
    );
    assert.equal(parse(text).tasks.size, 0);
    const uncommented = parse(text.replace(/^ {4}\/\/ /gm, '    '));
    assert.deepEqual(
      [...uncommented.tasks.values()].map((task) => [task.name, task.commands[0]?.text]),
      Object.entries(scripts).filter(([name]) => !/^(prebuild|prepare)$/.test(name)),
    );
    assert.deepEqual(
      [...uncommented.tasks.values()]
        .filter((task) => task.cache === false)
        .map(({ name }) => name),
      ['dev', 'test:watch'],
    );
  });

  it('never replaces a file', async (t) => {
    const rig = new CliRig(t, { 'package.json': '{}', 'vite-task.json': '{ "mine": 1 }' });
    assert.deepEqual(await rig.vt('init'), code(1));
    assert.match(rig.stderr, /^error\[file-exists\]: vite-task\.json is there already/);
    assert.equal(readFileSync(path.join(rig.root, 'vite-task.json'), 'utf8'), '{ "mine": 1 }');
  });

  it('leaves settings of the workspace to its root', async (t) => {
    const rig = new CliRig(t, {
      'package.json': '{ "workspaces": ["a"] }',
      'a/package.json': '{ "scripts": { "x": "y" } }',
      'a/src/file': '',
    });
    rig.directory = 'a/src';
    assert.deepEqual(await rig.vt('init'), code(0));
    assert.match(
      rig.stdout,
      /^Wrote \.\.\/vite-task\.json\. 1 script of package\.json stands in it/,
    );
    const text = readFileSync(path.join(rig.root, 'a/vite-task.json'), 'utf8');
    assert.equal(text.includes('"cache"'), false);
    parse(text, false);
  });

  it('gives an example where there is no script', async (t) => {
    const rig = new CliRig(t, { 'package.json': '{}' });
    assert.deepEqual(await rig.vt('init'), code(0));
    assert.equal(
      rig.stdout,
      'Wrote vite-task.json. There are no scripts in package.json to begin with: add a task to it.\n',
    );
    const text = readFileSync(path.join(rig.root, 'vite-task.json'), 'utf8');
    assert.match(text, /^ {4}\/\/ "build": "vite build",$/m);
    assert.equal(text.includes('$schema'), false);
    assert.deepEqual([...parse(text.replace(/^ {4}\/\/ /gm, '')).tasks.keys()], ['build']);
  });

  it('writes nothing beside a package.json that is broken', async (t) => {
    const rig = new CliRig(t, {});
    writeFileSync(path.join(rig.root, 'package.json'), '{');
    assert.deepEqual(await rig.vt('init'), code(1));
    assert.match(rig.stderr, /^error\[syntax-error\]/);
    assert.deepEqual(await rig.vt('init', 'x'), code(1));
    assert.match(rig.stderr, /^error\[unexpected-argument\]/);
  });
});
