import { describeActs } from './describe-acts.js';

describeActs('names that move, in real calls', [
  {
    name: 'a file that was there before makes a result of what it held',
    acts: ['rename a x', 'rename b d/f'],
    accesses: {
      a: 'file content probed written',
      b: 'file content probed written',
      d: 'directory probed',
      'd/f': 'file written',
      x: 'absent written',
    },
  },
  {
    name: 'a file of its own, onto nothing and onto a file',
    acts: ['open t wct', 'rename t x', 'open t wct', 'rename t a'],
    accesses: { a: 'file written', t: 'absent written', x: 'absent written' },
  },
  {
    name: 'what was looked for in vain before a file was moved there is read after it',
    acts: ['!open t r', 'rename b t', 'open t r', 'unlink t'],
    accesses: { b: 'file content probed written', t: 'absent probed written' },
  },
  {
    name: 'and after a file was linked there',
    acts: ['!open t r', 'link b t', 'open t r', 'unlink t'],
    accesses: { b: 'file content probed', t: 'absent probed written' },
  },
  {
    name: 'and where another file of the task had been',
    acts: ['open t wct', 'close', 'open t r', 'unlink t', 'rename b t', 'open t r', 'unlink t'],
    accesses: { b: 'file content probed written', t: 'absent written' },
  },
  {
    name: 'and where it is opened for writing, and keeps what it held',
    acts: ['open t wc', 'close', 'unlink t', 'rename b t', 'open t wc', 'write x', 'unlink t'],
    accesses: { b: 'file content probed written', t: 'absent probed written' },
  },
  {
    name: 'a directory, with everything in it',
    plants: { 'd/sub/g': 'g\n', 'd/l': '-> f' },
    acts: ['open d/own wct', 'rename d x', 'open x/f r'],
    accesses: {
      d: 'directory probed listed written',
      'd/f': 'file content probed written',
      'd/l': 'symlink -> f written',
      'd/own': 'absent written',
      'd/sub': 'directory listed written',
      'd/sub/g': 'file content written',
      x: 'absent written',
      'x/f': 'absent written',
      'x/l': 'absent written',
      'x/own': 'absent written',
      'x/sub': 'absent written',
      'x/sub/g': 'absent written',
    },
  },
  {
    name: 'a directory made aside and moved into place: its files are results under their last names',
    acts: ['mkdir t', 'open t/f wct', 'mkdir t/s', 'open t/s/g wct', 'rename t out'],
    accesses: {
      out: 'absent written',
      'out/f': 'absent written',
      'out/s': 'absent written',
      'out/s/g': 'absent written',
      t: 'absent probed written',
      't/f': 'absent written',
      't/s': 'absent written',
      't/s/g': 'absent written',
    },
  },
  {
    name: 'files that change places',
    acts: ['exchange a b', 'open a r'],
    accesses: { a: 'file content probed written', b: 'file content probed written' },
  },
  {
    name: 'only onto nothing',
    acts: ['!rename-noreplace a b', 'open t wct', 'rename-noreplace t x'],
    accesses: {
      a: 'file probed',
      b: 'file probed',
      t: 'absent written',
      x: 'absent probed written',
    },
  },
  {
    name: 'a symlink is moved, not what it leads to',
    acts: ['rename l x', 'stat x'],
    accesses: {
      a: 'file probed inspected',
      l: 'symlink probed -> a written',
      x: 'absent written',
    },
  },
  {
    name: 'hard links: the content is that of the other name',
    acts: ['link a x', 'link-target l y', 'link l z'],
    accesses: {
      a: 'file content probed',
      l: 'symlink probed -> a',
      x: 'absent probed written',
      y: 'absent probed written',
      z: 'absent probed written',
    },
  },
  {
    name: 'writing to one name of a file writes to the other',
    acts: ['link a x', 'open x wct', 'write y'],
    accesses: { a: 'file probed written', x: 'absent probed written' },
  },
  {
    name: 'O_TMPFILE and linkat',
    acts: ['open d bT', 'write x', 'name d/new', 'open e wT', 'name-directly e/new'],
    accesses: {
      d: 'directory probed',
      'd/new': 'absent probed written',
      e: 'directory probed',
      'e/new': 'absent probed written',
    },
  },
  {
    name: 'where a path leads when a symlink on it changes',
    plants: { 'v1/f': '1\n', 'v2/f': '2\n', now: '-> v1' },
    acts: ['symlink v2 next', 'rename next now', 'open now/f r'],
    accesses: {
      next: 'absent probed written',
      now: 'symlink written',
      'v2/f': 'file content probed',
    },
  },
]);
