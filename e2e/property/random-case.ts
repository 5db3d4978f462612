import type { Edit, Operation, PropertyCase, Step, Task } from './property-case.js';
import type { Random } from './seeded-random.js';

const files = ['a', 'b', 'c', 'd/a', 'd/b', 'd/e/a', 'm/a'];
const directories = ['d', 'd/e', 'm', 'n'];
const links = ['l', 'k', 'd/l'];
const scripts = ['s', 'd/s'];
/** Where tidy tasks write. */
const products = ['o', 'p', 'n', 'n/o', 'n/p', 'n/q/o', 'd/o', 'd/e/o'];
const linkTargets = [
  'a',
  'b',
  'd',
  'd/e',
  'm',
  'n',
  'o',
  'nowhere',
  '.',
  '..',
  '../a',
  'e',
  '@/d',
  '@/a',
  'k',
  'l',
];
const contents = ['x', 'y', 'zz'];
const anything = [...files, ...directories, ...links, ...scripts, ...products];

/** A history that comes back to earlier states, so that many stored results are found again. */
export function randomCase(random: Random): PropertyCase {
  const tidiness = random.below(3);
  const tasks = Array.from({ length: 1 + random.below(3) }, () => randomTask(random, tidiness > 0));
  const steps: Step[] = [];
  const edit = (edit: Edit): void => {
    steps.push({ edit });
  };
  for (const directory of ['d', 'd/e', 'm']) edit(['directory', directory]);
  for (const file of files) if (random.chance(3, 4)) edit(['file', file, random.one(contents)]);
  for (const link of links) {
    if (random.chance(1, 2)) edit(['symlink', link, random.one(linkTargets)]);
  }
  for (const script of scripts) {
    if (random.chance(1, 2)) edit(['script', script, ...randomOperations(random, true, 3)]);
  }
  if (random.chance(1, 6)) edit(['hardlink', random.one(files), random.one(files)]);

  const isRestless = random.chance(1, 3);
  const names: number[] = [];
  const run = (task: number): void => {
    steps.push({ run: task, name: names.length });
    names.push(names.length);
  };
  run(0);
  for (let rounds = 3 + random.below(5); rounds > 0; rounds--) {
    switch (random.below(5)) {
      case 0:
        break; // the same again
      case 1:
      case 2:
        steps.push({ back: random.one(names) });
        break;
      case 3:
        steps.push({ back: random.one(names) });
        edit(randomEdit(random));
        break;
      case 4:
        for (let edits = 1 + random.below(2); edits > 0; edits--) edit(randomEdit(random));
    }
    if (isRestless && random.chance(1, 3)) {
      const by = random.chance(1, 2) ? randomEdit(random) : random.below(tasks.length);
      steps.push({ disturbed: random.below(tasks.length), by, after: random.below(12) });
      steps.push({ back: random.one(names) });
    }
    run(random.below(tasks.length));
  }
  // A last look at what must be known by now.
  for (let again = 0; again < 2; again++) {
    const name = random.one(names);
    const task = steps.flatMap((step) => ('run' in step && step.name === name ? step.run : []));
    steps.push({ back: name });
    run(task[0]!);
  }
  return { tasks, steps };
}

function randomTask(random: Random, tidy: boolean): Task {
  return {
    cwd: random.chance(1, 6) ? 'd' : '',
    static: random.chance(1, 4),
    operations: randomOperations(random, tidy, 8),
  };
}

function randomEdit(random: Random): Edit {
  const path = random.chance(3, 4) ? random.one(files) : random.one(anything);
  switch (random.below(16)) {
    case 14:
      return ['remove', random.one([...directories, ...links])];
    case 15: {
      const directory = random.one(directories);
      return random.chance(1, 2)
        ? ['symlink', directory, random.one(linkTargets)]
        : ['rename', directory, random.one([...directories, ...links])];
    }
    case 0:
    case 1:
    case 2:
      return ['file', path, random.one(contents)];
    case 3:
    case 4:
      return ['replace', path, random.one(contents)];
    case 5:
    case 6:
      return ['remove', path];
    case 7:
      return ['rename', random.one(anything), random.one(anything)];
    case 8:
      return ['mode', random.one([...files, ...scripts]), random.chance(1, 2) ? 'x' : '-'];
    case 9:
      return ['touch', path];
    case 10:
      return ['symlink', random.chance(1, 2) ? random.one(links) : path, random.one(linkTargets)];
    case 11:
      return ['directory', random.one([...directories, ...anything])];
    case 12:
      return random.chance(1, 3)
        ? ['hardlink', random.one(files), random.one(anything)]
        : ['file', random.one(anything), random.one(contents)];
    default:
      return ['script', random.one(scripts), ...randomOperations(random, true, 3)];
  }
}

type Make = (random: Random, input: () => string, output: () => string) => Operation;

const looks: readonly Make[] = [
  (_, i) => `read ${i()}`,
  (_, i) => `read ${i()}`,
  (_, i) => `read ${i()}`,
  (_, i) => `list ${i()}`,
  (_, i) => `list ${i()}`,
  (_, i) => `stat ${i()}`,
  (_, i) => `lstat ${i()}`,
  (_, i) => `size ${i()}`,
  (_, i) => `access ${i()}`,
  (_, i) => `readlink ${i()}`,
  (_, i) => `reopen ${i()}`,
  (random, i) => `readat ${i()} ${random.one(['a', 'b', 'e/a', '../a', 'o', 'l'])}`,
  (_, i) => `cwdread ${i()}`,
  (_, i) => `hold ${i()}`,
  () => 'heldread .',
  () => 'heldlist .',
  () => 'heldenter .',
  (_, i) => `chdir ${i()}`,
  (random) => `exec ${random.chance(1, 2) ? './s' : 'd/s'}`,
  (random, i) => `if ${i()} ${1 + random.below(3)}`,
  (random, i) => `unless ${i()} ${1 + random.below(3)}`,
  (random, i) => `ifread ${i()} ${random.one(contents)} ${1 + random.below(3)}`,
  (random) => `child ${1 + random.below(4)}`,
];

const changes: readonly Make[] = [
  (random, _, o) => `write ${o()} ${random.one(contents)}`,
  (random, _, o) => `write ${o()} ${random.one(contents)}`,
  (_, __, o) => `put ${o()}`,
  (_, __, o) => `put ${o()}`,
  (random, _, o) => `append ${o()} ${random.one(contents)}`,
  (random, _, o) => `overlay ${o()} ${random.one(contents)}`,
  (random, _, o) => `patch ${o()} ${random.one(contents)}`,
  (random, _, o) => `rewrite ${o()} ${random.one(contents)}`,
  (random, _, o) => `rewritefd ${o()} ${random.one(contents)}`,
  (random, _, o) => `exclusive ${o()} ${random.one(contents)}`,
  (_, __, o) => `map ${o()} w`,
  (_, i, o) => `copy ${i()} ${o()}`,
  (_, i, o) => `copy ${i()} ${o()}`,
  (_, __, o) => `truncate ${o()}`,
  (_, __, o) => `rename ${o()} ${o()}`,
  (_, __, o) => `rename ${o()} ${o()}`,
  (_, i, o) => `rename ${i()} ${o()}`,
  (_, __, o) => `exchange ${o()} ${o()}`,
  (_, __, o) => `noreplace ${o()} ${o()}`,
  (_, __, o) => `unlink ${o()}`,
  (_, __, o) => `unlink ${o()}`,
  (_, __, o) => `rmdir ${o()}`,
  (_, __, o) => `mkdir ${o()}`,
  (_, __, o) => `mkdir ${o()}`,
  () => 'mkdir n',
  () => 'mkdir n',
  (random, _, o) => `symlink ${o()} ${random.one(linkTargets)}`,
  (_, i, o) => `link ${i()} ${o()}`,
  (random, _, o) => `chmod ${o()} ${random.one(['x', '-'])}`,
  (_, __, o) => `holdwrite ${o()}`,
  (random) => `heldwrite ${random.one(contents)}`,
  (random) => `heldmode ${random.one(['x', '-'])}`,
  (random, _, o) => `writeat ${o()} ${random.one(['o', 'a'])} ${random.one(contents)}`,
];

/** What changes the files it has read or looked at. */
const rewrites: readonly Make[] = [
  (random, i) => `longer ${i()} ${random.one(contents)}`,
  (random, i) => `longer ${i()} ${random.one(contents)}`,
  (random, i) => `sed ${i()} ${random.one(contents)}`,
  (random, i) => `sed ${i()} ${random.one(contents)}`,
  (_, i) => `advance ${i()}`,
  (_, i) => `grow ${i()}`,
  (_, i) => `dropempty ${i()}`,
  (random, i) => `append ${i()} ${random.one(contents)}`,
  (random, i) => `patch ${i()} ${random.one(contents)}`,
  (_, i) => `map ${i()} w`,
  (_, i) => `truncate ${i()}`,
  (random, i) => `chmod ${i()} ${random.one(['x', '-'])}`,
  (_, i) => `rename ${i()} ${i()}`,
  (_, i) => `exchange ${i()} ${i()}`,
  (_, i, o) => `link ${i()} ${o()}`,
  (_, i) => `unlink ${i()}`,
  (_, i) => `holdwrite ${i()}`,
];

function randomOperations(random: Random, tidy: boolean, most: number): Operation[] {
  const input = (): string =>
    spelled(
      random,
      tidy && random.chance(4, 5)
        ? random.one([...files, ...directories, ...links])
        : random.one(anything),
    );
  const output = (): string =>
    spelled(random, tidy && random.chance(9, 10) ? random.one(products) : random.one(anything));
  const operations = Array.from({ length: 1 + random.below(most) }, () =>
    random.one(random.one([looks, looks, changes, random.chance(1, 2) ? changes : rewrites]))(
      random,
      input,
      output,
    ),
  );
  if (random.chance(1, 30)) operations.push(`exit ${random.below(3)}`);
  return operations;
}

/** A path written in one of many ways, some of which lead elsewhere. */
function spelled(random: Random, path: string): string {
  switch (random.below(14)) {
    case 0:
      return `d/../${path}`;
    case 1:
      return `${random.one(links)}/${path.slice(path.lastIndexOf('/') + 1)}`;
    case 2:
      return `${random.one(links)}/../${path}`;
    case 3:
      return `./${path.replace('/', '//')}`;
    case 4:
      return `${path}/`;
    case 5:
      return `@/${path}`;
    default:
      return path;
  }
}
