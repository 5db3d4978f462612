// What Node's file system calls return, and how they fail, one line each.
import fs from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';

const say = (name, value) => console.log(name, typeof value === 'bigint' ? Number(value) : value);
const sync = (name, call) => {
  try {
    say(name, call());
  } catch (error) {
    say(name, `${error.code ?? error.name} ${error.syscall ?? ''}`);
  }
};
const later = async (name, call) => {
  try {
    say(name, await call());
  } catch (error) {
    say(name, `${error.code ?? error.name} ${error.syscall ?? ''}`);
  }
};
const kind = (stat) =>
  [
    stat.isFile(),
    stat.isDirectory(),
    stat.isSymbolicLink(),
    stat.size,
    stat.mode.toString(8),
  ].join();

fs.mkdirSync('d/e/f', { recursive: true });
sync('mkdir again', () => fs.mkdirSync('d'));
sync('mkdir below nothing', () => fs.mkdirSync('no/such'));
sync('mkdir recursive over a file', () => fs.mkdirSync('a.txt/x', { recursive: true }));
sync('write', () => fs.writeFileSync('d/one', 'one'));
sync('append', () => fs.appendFileSync('d/one', ' two'));
sync('read', () => fs.readFileSync('d/one', 'utf8'));
sync('read nothing', () => fs.readFileSync('d/none'));
sync('read a directory', () => fs.readFileSync('d'));
sync('read below a file', () => fs.readFileSync('a.txt/x'));
sync('read a name with a zero', () => fs.readFileSync('a\0b'));
sync('read a long name', () => fs.readFileSync('x'.repeat(300)));
sync('read a long path', () => fs.readFileSync('y/'.repeat(3000)));
sync('open wx', () => fs.openSync('d/one', 'wx'));
sync('open r+ nothing', () => fs.openSync('d/none', 'r+'));
sync('write to no descriptor', () => fs.writeSync(999, 'x'));
sync('stat', () => kind(fs.statSync('d/one')));
sync('stat none', () => fs.statSync('d/none', { throwIfNoEntry: false }));
sync('stat bigint', () => fs.statSync('d/one', { bigint: true }).size);
sync('symlink', () => fs.symlinkSync('one', 'd/link'));
sync('symlink again', () => fs.symlinkSync('one', 'd/link'));
sync('symlink loop', () => fs.symlinkSync('loop', 'd/loop'));
sync('stat a loop', () => fs.statSync('d/loop'));
sync('lstat a loop', () => fs.lstatSync('d/loop').isSymbolicLink());
sync('readlink', () => fs.readlinkSync('d/link'));
sync('readlink of a file', () => fs.readlinkSync('d/one'));
sync('realpath', () => fs.realpathSync('d/../d/link').endsWith('/d/one'));
sync('realpath native', () => fs.realpathSync.native('d/link').endsWith('/d/one'));
sync('realpath of nothing', () => fs.realpathSync('d/none/x'));
sync('access', () => fs.accessSync('d/one', fs.constants.R_OK));
sync('access x', () => fs.accessSync('d/one', fs.constants.X_OK));
sync('exists', () => [fs.existsSync('d/one'), fs.existsSync('d/none'), fs.existsSync('')].join());
sync('chmod', () => fs.chmodSync('d/one', 0o640));
sync('chmod none', () => fs.chmodSync('d/none', 0o640));
sync('mode', () => kind(fs.statSync('d/one')));
sync('utimes', () => fs.utimesSync('d/one', 1, 2));
sync('mtime', () => fs.statSync('d/one').mtimeMs);
sync('lutimes', () => fs.lutimesSync('d/link', 3, 4));
sync('lmtime', () => fs.lstatSync('d/link').mtimeMs);
sync('truncate', () => fs.truncateSync('d/one', 3));
sync('read truncated', () => fs.readFileSync('d/one', 'utf8'));
sync('link', () => fs.linkSync('d/one', 'd/hard'));
sync('nlink', () => fs.statSync('d/one').nlink);
sync('link over', () => fs.linkSync('d/one', 'd/hard'));
sync('rename', () => fs.renameSync('d/hard', 'd/moved'));
sync('rename none', () => fs.renameSync('d/hard', 'd/moved'));
sync('rename a directory over a file', () => fs.renameSync('d/e', 'd/moved'));
sync('rename into itself', () => fs.renameSync('d', 'd/e/d'));
sync('copy', () => fs.copyFileSync('d/one', 'd/copy'));
sync('copy excl', () => fs.copyFileSync('d/one', 'd/copy', fs.constants.COPYFILE_EXCL));
sync('cp', () => fs.cpSync('d', 'c', { recursive: true, verbatimSymlinks: true }));
sync('readdir', () => fs.readdirSync('c').join());
sync('readdir types', () =>
  fs
    .readdirSync('c', { withFileTypes: true })
    .map((e) => e.name + e.isDirectory())
    .sort()
    .join(),
);
sync('readdir recursive', () => fs.readdirSync('c', { recursive: true }).sort().join());
sync('readdir none', () => fs.readdirSync('none'));
sync('readdir a file', () => fs.readdirSync('a.txt'));
sync('rmdir full', () => fs.rmdirSync('c'));
sync('unlink a directory', () => fs.unlinkSync('c'));
sync('unlink none', () => fs.unlinkSync('none'));
sync('rm', () => fs.rmSync('c', { recursive: true }));
sync('rm none', () => fs.rmSync('c'));
sync('rm force', () => fs.rmSync('c', { force: true }));
sync('mkdtemp', () => fs.mkdtempSync('t-').length);
sync('mkdtemp none', () => fs.mkdtempSync('no/such/t-'));
fs.readdirSync('.')
  .filter((n) => n.startsWith('t-'))
  .forEach((n) => fs.rmdirSync(n));
sync('statfs', () => fs.statfsSync('.').bsize);
sync('writev', () => {
  const fd = fs.openSync('d/v', 'w+');
  fs.writevSync(fd, [Buffer.from('ab'), Buffer.from('cd')]);
  const [one, two] = [Buffer.alloc(1), Buffer.alloc(9)];
  const count = fs.readvSync(fd, [one, two], 0);
  fs.fsyncSync(fd);
  fs.ftruncateSync(fd, 1);
  fs.fchmodSync(fd, 0o600);
  const { size } = fs.fstatSync(fd);
  fs.closeSync(fd);
  return [count, one, two.subarray(0, 3), size].join();
});
const p = fs.promises;
await later('promise write', () => p.writeFile('d/p', 'p'));
await later('promise read', () => p.readFile('d/p', 'utf8'));
await later('promise none', () => p.readFile('d/none'));
await later('promise stat', async () => kind(await p.stat('d/p')));
await later('promise access', () => p.access('d/none'));
await later('promise mkdir', () =>
  p.mkdir('d/q/r', { recursive: true }).then((d) => d.endsWith('q')),
);
await later('promise rename', () => p.rename('d/p', 'd/q/p'));
await later('promise readdir', async () =>
  (await p.readdir('d', { recursive: true })).sort().join(),
);
await later('promise opendir', async () => {
  const names = [];
  for await (const entry of await p.opendir('d')) names.push(entry.name);
  return names.sort().join();
});
await later('promise cp', () => p.cp('d', 'n', { recursive: true, verbatimSymlinks: true }));
await later('promise rm', () => p.rm('n', { recursive: true }));
await later('handle', async () => {
  const file = await p.open('d/h', 'w+');
  await file.write('handle');
  await file.truncate(4);
  await file.datasync();
  const { size } = await file.stat();
  await file.close();
  return size;
});
await later('streams', () =>
  pipeline(fs.createReadStream('d/h'), fs.createWriteStream('d/s')).then(() =>
    fs.readFileSync('d/s', 'utf8'),
  ),
);
await later('stream of nothing', () => once(fs.createReadStream('d/none'), 'open'));
await later('watch', async () => {
  const watcher = fs.watch('d');
  const event = once(watcher, 'change');
  fs.writeFileSync('d/watched', '');
  const [type, name] = await event;
  watcher.close();
  return `${type} ${name}`;
});
await later('watch nothing', () => fs.watch('d/none'));
await later('many at once', async () => {
  await Promise.all(Array.from({ length: 200 }, (_, i) => p.writeFile(`d/e/${i}`, String(i))));
  const texts = await Promise.all(
    Array.from({ length: 200 }, (_, i) => p.readFile(`d/e/${i}`, 'utf8')),
  );
  return texts.every((text, i) => text === String(i));
});
