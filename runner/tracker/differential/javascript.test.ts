import { describeTools } from './describe-tools.js';

/** All of `fs`, in the three ways Node offers it, and what only one of them has. */
const plants = {
  a: 'text\n',
  'src/h.h': '#define H 0\n',
  'src/deep/er/f': 'deep\n',
  'src/link': '-> ../a',
  dir: '-> src/deep',
  'old/f': 'x\n',
  'mod/index.js': "module.exports = require('./part');\n",
  'mod/part.js': 'module.exports = 1;\n',
  'mod/main.mjs':
    "import './part.js';\nimport { x } from './es.mjs';\nawait import('./later.mjs');\n",
  'mod/es.mjs': 'export const x = 1;\n',
  'mod/later.mjs': 'export {};\n',
};

const node = (script: string): readonly string[] => [process.execPath, '-e', script];

describeTools('node', [
  {
    name: 'fs sync',
    plants,
    argv: node(`
      const fs = require('node:fs');
      fs.readFileSync('a'); fs.readdirSync('src'); fs.readdirSync('src', { withFileTypes: true });
      fs.existsSync('nope/x'); fs.statSync('src/h.h'); fs.lstatSync('src/link'); fs.readlinkSync('dir');
      fs.realpathSync('dir/er'); fs.realpathSync.native('src/link');
      try { fs.accessSync('gone'); } catch {}
      try { fs.readFileSync('missing'); } catch {}
      fs.statSync('absent', { throwIfNoEntry: false });
      fs.rmSync('old', { recursive: true }); fs.mkdirSync('n/m', { recursive: true });
      fs.writeFileSync('n/m/f', '1'); fs.copyFileSync('a', 'copy'); fs.cpSync('src', 'src2', { recursive: true });
      fs.renameSync('n', 'r'); fs.appendFileSync('log', ''); fs.symlinkSync('a', 'l'); fs.linkSync('a', 'hard');
      fs.opendirSync('src/deep').closeSync(); fs.utimesSync('r/m/f', 1, 1); fs.chmodSync('r/m/f', 0o600);
    `),
    withStrace: true,
    knows: {
      a: 'file content',
      src: 'directory listed',
      'nope/x': 'absent not written',
      'src/link': 'symlink',
      dir: 'symlink ->',
      gone: 'absent',
      missing: 'absent',
      absent: 'absent',
      old: 'directory listed written',
      'old/f': 'file written not content',
      n: 'absent',
      'r/m/f': 'absent written',
      copy: 'absent written',
      'src2/deep/er/f': 'absent written',
      l: 'absent written',
      hard: 'absent written',
      log: 'absent written',
    },
  },
  {
    name: 'fs with callbacks, and streams',
    plants,
    argv: node(`
      const fs = require('node:fs');
      const { pipeline } = require('node:stream');
      fs.readdir('src', { recursive: true }, () => {});
      fs.stat('nope', () => {});
      fs.readFile('src/link', () => {});
      pipeline(fs.createReadStream('src/h.h'), fs.createWriteStream('piped'), () => {
        fs.open('a', 'r+', (error, fd) => fs.write(fd, 'X', () => fs.close(fd)));
      });
    `),
    withStrace: true,
    knows: {
      'src/h.h': 'file content',
      piped: 'absent written',
      nope: 'absent not written',
      src: 'directory listed',
      'src/deep/er': 'directory listed',
      'src/link': 'symlink ->',
      a: 'file content written',
    },
  },
  {
    name: 'fs promises',
    plants,
    argv: node(`
      const fs = require('node:fs/promises');
      (async () => {
        await Promise.all([fs.readFile('a'), fs.readFile('none').catch(() => 0), fs.access('src/h.h')]);
        for await (const entry of await fs.opendir('src', { recursive: true })) entry.name;
        await fs.mkdir('p/q', { recursive: true });
        const handle = await fs.open('p/q/f', 'w'); await handle.writeFile('x'); await handle.close();
        await fs.cp('src', 'p/src', { recursive: true });
        await fs.rm('old', { recursive: true });
        await fs.mkdtemp('tmp-');
      })();
    `),
    unstable: [/\btmp-\w{6}$/g],
    withStrace: false,
    knows: {
      a: 'file content',
      none: 'absent not written',
      'src/h.h': 'file',
      src: 'directory listed',
      'src/deep/er': 'directory listed',
      'p/q/f': 'absent written',
      'p/src/h.h': 'absent written',
      'old/f': 'file written',
    },
  },
  {
    name: 'require and import',
    plants,
    argv: [
      'sh',
      '-c',
      `${process.execPath} -e "require('./mod')" && ${process.execPath} mod/main.mjs`,
    ],
    withStrace: true,
    knows: {
      'mod/index.js': 'file content',
      'mod/part.js': 'file content',
      'mod/main.mjs': 'file content',
      'mod/es.mjs': 'file content',
      'mod/later.mjs': 'file content',
      mod: 'directory not listed',
      'mod/package.json': 'absent',
      'package.json': 'absent',
    },
  },
  {
    name: 'watch',
    plants,
    argv: node(`
      const fs = require('node:fs');
      const watcher = fs.watch('src/deep', () => { watcher.close(); });
      fs.writeFileSync('src/deep/new', '');
      fs.watchFile('a', () => {}); fs.unwatchFile('a');
    `),
    knows: {
      'src/deep': 'directory probed not listed',
      'src/deep/new': 'absent written',
      a: 'file probed not content',
    },
  },
  {
    name: 'worker threads and child processes',
    plants: {
      ...plants,
      'w.js':
        "require('node:fs').readFileSync('src/h.h'); require('node:fs').writeFileSync('made', '');\n",
    },
    argv: node(`
      const { Worker } = require('node:worker_threads');
      const { execFileSync, execSync, fork } = require('node:child_process');
      new Worker('./w.js');
      execFileSync('cat', ['src/deep/er/f']);
      execSync('cat a >copy', { cwd: '.' });
      fork('./mod/index.js');
    `),
    knows: {
      'w.js': 'file content',
      'src/h.h': 'file content',
      made: 'absent written',
      'src/deep/er/f': 'file content',
      a: 'file content',
      copy: 'absent written',
      'mod/part.js': 'file content',
    },
    concurrent: true,
  },
]);
