import { spawnSync } from 'node:child_process';
import { describeActs } from './describe-acts.js';

const noNamespaces =
  spawnSync('unshare', ['--user', '--pid', '--fork', 'true']).status !== 0 &&
  'no namespaces for users and processes here';

const script = { 'd/run': '#!/bin/sh\nread line <"$1"\n', 'd/sh': '#!/bin/cat\n' };

describeActs('processes, in real calls', [
  {
    name: 'programs of the workspace are read and executed, with what they name',
    plants: script,
    acts: ['spawn d/run a', 'vfork d/run b'],
    accesses: {
      a: 'file content probed',
      b: 'file content probed',
      'd/run': 'file content probed executed',
    },
  },
  {
    name: 'exec',
    plants: script,
    acts: ['exec d/run a'],
    accesses: { a: 'file content probed', 'd/run': 'file content probed executed' },
  },
  {
    name: 'execveat, and a program that is not there',
    plants: script,
    acts: ['open d rd', 'execveat run a', '!spawn d/none a', '!vfork d/f a'],
    accesses: {
      a: 'file content probed',
      d: 'directory probed',
      // That it could not be executed is not seen.
      'd/f': 'file content probed executed',
      'd/none': 'absent probed',
      'd/run': 'file content probed executed',
    },
  },
  {
    name: 'posix_spawn opens and moves before it executes',
    acts: ['spawn-with-actions f d'],
    accesses: {
      d: 'directory probed',
      'd/f': 'file content probed',
      'd/spawned': 'absent written',
    },
  },
  {
    name: 'fexecve of a program elsewhere',
    acts: ['fexecve /bin/cat a'],
    accesses: { a: 'file content probed' },
  },
  {
    name: 'forks and threads',
    acts: ['fork a none', 'thread b'],
    accesses: { a: 'file probed inspected', b: 'file probed inspected', none: 'absent probed' },
  },
  {
    name: 'a child of vfork that changes its directory leaves that of its parent',
    acts: ['vfork-wander d x', 'vfork-wander d f', 'stat a'],
    accesses: {
      a: 'file probed inspected',
      d: 'directory probed',
      'd/f': 'file probed inspected',
      'd/x': 'absent probed',
      f: 'absent probed',
      x: 'absent probed',
    },
  },
  {
    name: 'processes that share a working directory without being threads',
    acts: ['share-directory d f', 'share-directory-new ../e x'],
    accesses: {
      d: 'directory probed',
      'd/f': 'file probed inspected',
      'd/x': 'absent probed',
      e: 'directory probed',
      'e/x': 'absent probed',
      f: 'absent probed',
    },
  },
  {
    name: 'another user in a namespace of processes of its own',
    skip: noNamespaces,
    acts: ['namespace a new'],
    accesses: { a: 'file probed inspected', new: 'absent probed written' },
  },
]);
