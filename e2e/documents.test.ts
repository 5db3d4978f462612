import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot, Workspace, type Finished } from './harness/workspace.js';

describe('client/node/README.md', () => {
  const readme = readFileSync(path.join(projectRoot, 'client/node/README.md'), 'utf8');
  const [, example = ''] = /^```js\n(\/\/ build\.mjs\n.*?)^```/ms.exec(readme) ?? [];

  it('shows a tool that does what it says, under vt and alone', async (t) => {
    const workspace = new Workspace(t, {
      'package.json': '{}',
      'build.mjs': example,
      'source.txt': 'source\n',
    });
    // As npm installs a workspace package.
    workspace.write({ 'node_modules/.package-lock.json': '{}' });
    symlinkSync(path.join(projectRoot, 'client/node'), workspace.path('node_modules/vt-client'));
    const build = (env: Record<string, string> = {}): Promise<Finished> =>
      workspace.vt(['exec', '--', 'node', 'build.mjs'], { env });
    const bundle = (): string => workspace.read('dist/bundle.txt');

    const first = await build({ APP_TITLE: 'one', OTHER: 'x' });
    assert.deepEqual([first.code, first.all], [0, 'built for production\n']);
    assert.equal(bundle(), 'production {"APP_TITLE":"one"} source\n');

    workspace.remove('dist');
    workspace.write({ '.tool-cache/used': 'by somebody else', 'dist/old.txt': '' });
    const hit = '$ node build.mjs ◉ cache hit, replaying\n';
    assert.equal((await build({ APP_TITLE: 'one' })).stderr, hit);
    assert.equal(bundle(), 'production {"APP_TITLE":"one"} source\n');
    assert.equal(workspace.read('.tool-cache/used'), 'by somebody else');

    const missed = (reason: string): string =>
      `$ node build.mjs ○ cache miss: ${reason}, executing\n`;
    assert.equal(
      (await build({ APP_TITLE: 'one', MODE: 'test' })).stderr,
      missed("env 'MODE' changed"),
    );
    assert.equal(bundle(), 'test {"APP_TITLE":"one"} source\n');
    assert.equal((await build({ APP_TITLE: 'two' })).stderr, missed("env 'APP_TITLE' changed"));
    workspace.write({ 'source.txt': 'new\n' });
    assert.equal((await build({ APP_TITLE: 'two' })).stderr, missed("'source.txt' modified"));
    const random = await build({ MODE: 'random' });
    assert.match(random.stderr, /not cached: the task opted out: mode is random \(asked by 'node/);

    const alone = await workspace.run(['node', 'build.mjs'], { env: { APP_TITLE: 'alone' } });
    assert.deepEqual([alone.code, alone.all], [0, 'built for production\n']);
    assert.equal(bundle(), 'production {"APP_TITLE":"alone"} new\n');
  });
});

describe('documents', () => {
  const files = ['', 'docs', 'proto', 'client/node'].flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.join(folder, name)),
  );

  for (const file of files) {
    it(`${file} has no link that leads nowhere`, () => {
      const text = readFileSync(path.join(projectRoot, file), 'utf8');
      const prose = text.replace(/^```.*?^```/gms, '');
      for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [name = '', anchor] = target.split('#');
        const goal = path.join(projectRoot, path.dirname(file), name);
        const place = name === '' ? path.join(projectRoot, file) : goal;
        assert.ok(existsSync(place), target);
        if (anchor === undefined || statSync(place).isDirectory()) continue;
        assert.ok(anchors(readFileSync(place, 'utf8')).includes(anchor), target);
      }
    });
  }
});

/** The anchors that GitHub makes of headings. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
