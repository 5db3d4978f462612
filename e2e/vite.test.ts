import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { describe, it } from 'node:test';
import { viteWorkspace } from './harness/vite-workspace.js';
import { Workspace, type Finished, type RunOptions } from './harness/workspace.js';

// Shows: tools.vite

/**
 * The main job (issue "an unmodified `vite build` is cached correctly with no configuration"), done
 * in three ways that reach Vite differently, each with pipes and with a terminal.
 */
const ways: Record<string, { args: string[]; files?: Record<string, string> }> = {
  'vt run build (vite build)': { args: ['run', 'build'] },
  'vt run build (npm run inside: fd 3 is lost on the way)': {
    args: ['run', 'build'],
    files: {
      'package.json': JSON.stringify({
        name: 'vite-app',
        private: true,
        type: 'module',
        scripts: { bundle: 'vite build' },
      }),
      'vite-task.json': JSON.stringify({ tasks: { build: { command: 'npm run bundle' } } }),
    },
  },
  'vt exec -- npx vite build': { args: ['exec', '--', 'npx', 'vite', 'build'] },
};

for (const [name, way] of Object.entries(ways)) {
  for (const terminal of [false, true]) {
    describe(`${name}, ${terminal ? 'in a terminal' : 'with pipes'}`, () => {
      it('hits, restores, and misses by name', async (t) => {
        const workspace = viteWorkspace(t);
        workspace.write(way.files ?? {});
        const build = (options: RunOptions = {}): Promise<Finished> =>
          workspace.vt(way.args, { ...options, terminal });

        const first = await build();
        assert.equal(first.code, 0, first.all);
        assert.match(first.all, /built in/);
        assert.doesNotMatch(first.all, /cache (hit|miss)|not cached/);
        const dist = workspace.snapshot('dist');
        assert.ok(dist.has('dist/index.html'));

        const second = await build();
        hit(second);
        assert.match(second.all, /built in/, 'the output is replayed');

        workspace.remove('dist');
        hit(await build());
        assert.deepEqual(workspace.snapshot('dist'), dist, 'restored byte for byte');

        workspace.write({ 'dist/notes.txt': 'a stranger’s file' });
        workspace.remove('dist/index.html');
        hit(await build());
        assert.equal(workspace.read('dist/notes.txt'), 'a stranger’s file');
        workspace.remove('dist/notes.txt');
        assert.deepEqual(workspace.snapshot('dist'), dist);

        hit(await build({ env: { UNRELATED: 'x' } }));

        const greeted = await build({ env: { VITE_GREETING: 'moin' } });
        miss(greeted, "env 'VITE_GREETING' changed");
        assert.match([...workspace.snapshot('dist').values()].join(), /moin/);
        hit(await build());
        assert.deepEqual(workspace.snapshot('dist'), dist, 'set back: the first result again');
        hit(await build({ env: { VITE_GREETING: 'moin' } }));
        assert.match([...workspace.snapshot('dist').values()].join(), /moin/);

        miss(await build({ env: { NODE_ENV: 'development' } }), "env 'NODE_ENV' changed");
        hit(await build());

        workspace.write({ 'src/greeting.js': "export const greeting = (word) => word + '!';\n" });
        miss(await build(), "'src/greeting.js' modified");
        hit(await build());
      });
    });
  }
}

describe('what Vite alone knows', () => {
  it('follows envPrefix of vite.config.js', async (t) => {
    const workspace = viteWorkspace(t);
    const build = (env = {}): Promise<Finished> => workspace.vt(['run', 'build'], { env });
    workspace.write({
      'vite.config.js': "export default { envPrefix: 'MYAPP_' };\n",
      'src/main.js': 'document.title = String(import.meta.env.MYAPP_TITLE);\n',
    });
    assert.equal((await build()).code, 0);
    hit(await build({ VITE_GREETING: 'ignored now' }));
    miss(await build({ MYAPP_TITLE: 'a title' }), "env 'MYAPP_TITLE' changed");
    assert.match([...workspace.snapshot('dist').values()].join(), /a title/);
    hit(await build());
  });

  it('misses when a new file changes what an import resolves to', async (t) => {
    const workspace = viteWorkspace(t);
    const build = (): Promise<Finished> => workspace.vt(['run', 'build']);
    workspace.write({
      'vite.config.js': "export default { resolve: { extensions: ['.ts', '.js'] } };\n",
    });
    assert.equal((await build()).code, 0);
    hit(await build());
    workspace.write({ 'src/greeting.ts': "export const greeting = () => 'from TypeScript';\n" });
    miss(await build(), "'greeting.ts' added in 'src'");
    assert.match([...workspace.snapshot('dist').values()].join(), /from TypeScript/);
    workspace.remove('src/greeting.ts');
    hit(await build());
  });

  it('keeps Vite’s own cache directories out of inputs and outputs', async (t) => {
    const workspace = viteWorkspace(t);
    assert.equal((await workspace.vt(['run', 'build'])).code, 0);
    workspace.write({
      'node_modules/.vite/deps/_metadata.json': '{}',
      'node_modules/.vite-temp/left-over.mjs': '',
    });
    hit(await workspace.vt(['run', 'build']));
    workspace.remove('node_modules/.vite');
    workspace.remove('node_modules/.vite-temp');
    workspace.remove('dist');
    hit(await workspace.vt(['run', 'build']));
    assert.equal(workspace.exists('node_modules/.vite-temp'), false, 'not restored as an output');
  });

  it('hits in a copy of the workspace at another path', async (t) => {
    const workspace = viteWorkspace(t);
    assert.equal((await workspace.vt(['run', 'build'])).code, 0);
    const dist = workspace.snapshot('dist');
    const copy = new Workspace(t);
    cpSync(workspace.root, copy.root, { recursive: true, verbatimSymlinks: true });
    copy.remove('dist');
    hit(await copy.vt(['run', 'build']));
    assert.deepEqual(copy.snapshot('dist'), dist);
  });

  it('does not cache a run that Vite opted out of, and names who asked', async (t) => {
    const workspace = viteWorkspace(t);
    workspace.write({
      'serve.mjs': `import { createServer } from 'vite';
const server = await createServer({ server: { middlewareMode: true, ws: false } });
await server.close();
`,
      'vite-task.json': JSON.stringify({ tasks: { serve: { command: 'node serve.mjs' } } }),
    });
    const first = await workspace.vt(['run', 'serve']);
    assert.equal(first.code, 0, first.all);
    assert.match(first.all, /not cached: .*opted out.*node serve\.mjs/s);
    assert.doesNotMatch((await workspace.vt(['run', 'serve'])).all, /cache hit/);
  });
});

function hit(finished: Finished): void {
  assert.match(finished.all, /cache hit/, finished.all);
  assert.equal(finished.code, 0);
}

function miss(finished: Finished, reason: string): void {
  assert.ok(finished.all.includes(`cache miss: ${reason}, executing`), finished.all);
  assert.equal(finished.code, 0);
}
