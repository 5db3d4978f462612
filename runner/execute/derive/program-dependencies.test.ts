import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { PathAccess } from '../../tracker/task-trace.js';
import { programDependencies } from './program-dependencies.js';

const executed = (path: string): PathAccess => ({
  path: path as AbsolutePath,
  before: 'file',
  executed: { sequence: 1n, process: 0 },
});
const started = (...argv: string[]) => ({ pid: 1, parent: -1, exe: '', argv });

test('programs outside the workspace, with the names by which PATH leads to them', () => {
  const found: Readonly<Record<string, string>> = {
    cc: '/opt/gcc-12',
    'gcc-12': '/opt/gcc-12',
    sh: '/bin/dash',
    tool: '/opt/tool.sh',
    python: '/another/python3',
    inside: '/ws/inside',
  };
  const accesses = [
    ...['/opt/gcc-12', '/bin/dash', '/opt/tool.sh', '/opt/python3', '/ws/inside'].map(executed),
    { ...executed('/opt/read'), executed: undefined },
  ] as PathAccess[];
  const processes = [
    started('cc', '-c', 'x.c'),
    started('/bin/sh', '/usr/local/bin/tool', 'arg'),
    started('python'),
    started('/ws/inside', ''),
    started(),
  ];
  const dependencies = programDependencies({
    trace: { processes, accesses, incomplete: [] },
    workspaceRoot: '/ws' as AbsolutePath,
    findProgram: (name) => found[name] as AbsolutePath | undefined,
  });
  const program = (path: string, ...names: string[]) => ({
    ...{ kind: 'program', path, observer: 0, names },
  });
  assert.deepEqual(dependencies, [
    program('/opt/gcc-12', 'cc', 'gcc-12'),
    program('/bin/dash', 'sh'),
    program('/opt/tool.sh', 'tool'),
    program('/opt/python3'),
  ]);
});
