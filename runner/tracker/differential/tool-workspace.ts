import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files and what is in them, by path: text, `-> target` for a symlink, `/` for an empty directory. */
export type Plants = Readonly<Record<string, string>>;

/** What a run starts from, made anew for each of them at the same path. */
export class ToolWorkspace {
  /** Holds the workspace, and beside it what belongs to the test. */
  readonly place = realpathSync(mkdtempSync(join(tmpdir(), 'vt-twin-')));
  readonly root = join(this.place, 'ws');
  /** More than files, done in `root` after they were made. */
  prepare: (root: string) => void = () => undefined;

  constructor(private readonly plants: Plants) {}

  plantAnew(): void {
    rmSync(this.root, { recursive: true, force: true });
    mkdirSync(this.root);
    for (const [path, what] of Object.entries(this.plants)) plant(join(this.root, path), what);
    this.prepare(this.root);
  }

  dispose(): void {
    rmSync(this.place, { recursive: true, force: true });
  }
}

function plant(path: string, what: string): void {
  mkdirSync(what === '/' ? path : dirname(path), { recursive: true });
  if (what === '/') return;
  if (what.startsWith('-> ')) return symlinkSync(what.slice(3), path);
  writeFileSync(path, what);
  if (what.startsWith('#!')) chmodSync(path, 0o755);
}
