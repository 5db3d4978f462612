import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseStepFile, printStepFile } from './harness/steps/parse-step-file.js';
import { withPlaceholders } from './harness/steps/placeholders.js';
import { endingLines, streamLines } from './harness/steps/result-lines.js';

const head = '# A title\nshows: a.b, c.d\n';

describe('a step file', () => {
  it('comes out of printing as it went in', () => {
    const text = `${head}
--- a.txt
$ no step
| nor output

---
# a remark
$ vt run build
| out
|
! err
exit 3
terminal 40x5
$ vt run
wait ready
screen
| > build
press down enter
resize 20x5
end
| bye
\\ no newline
`;
    const file = parseStepFile(text);
    assert.equal(printStepFile(file), text);
    assert.deepEqual([file.title, file.shows], ['A title', ['a.b', 'c.d']]);
    assert.deepEqual(
      file.instructions.map(({ kind, line }) => [line, kind]),
      [
        [4, 'file'],
        [10, 'start'],
        [15, 'terminal'],
        [16, 'start'],
        [17, 'wait'],
        [18, 'screen'],
        [20, 'press'],
        [21, 'resize'],
        [22, 'end'],
      ],
    );
    const [first] = file.instructions;
    assert.ok(first?.kind === 'file');
    assert.equal(first.content, '$ no step\n| nor output\n\n');
  });

  it('is printed with what was seen in the place of what was expected', () => {
    const file = parseStepFile(`${head}$ a\n| old\nexit 1\n# remark\n$ b\n`);
    const seen = new Map(
      file.instructions.flatMap((step) =>
        step.kind === 'start' && step.ending !== undefined
          ? [[step.ending, [`| ${step.command}`]]]
          : [],
      ),
    );
    assert.equal(printStepFile(file, seen), `${head}$ a\n| a\n# remark\n$ b\n| b\n`);
  });

  for (const [text, message] of [
    ['vt run\n', 'line 1: a step file begins with `# ` and its title'],
    ['# Title\n$ a\n', 'line 3: a step file says what it "shows:"'],
    [`${head}vt run\n`, 'line 3: "vt run" means nothing in a step file'],
    [`${head}--- a\ntext\n`, 'line 5: a is not ended by a line `---`'],
    [`${head}press enter\n`, 'line 3: no command is running that "press" could be for'],
    [`${head}$ a\nwait b\n$ c\n`, 'line 5: "a" (line 3) has not come to its "end"'],
    [`${head}$ a\nwait b\n`, 'line 5: "a" never comes to its "end"'],
    [`${head}terminal big\n`, 'line 3: "big" is no size, like 80x24'],
  ] as const) {
    it(`is refused: ${message}`, () => {
      assert.throws(() => parseStepFile(text), { message });
    });
  }
});

describe('what was seen', () => {
  it('is written so that nothing is hidden', () => {
    assert.deepEqual(endingLines({ stdout: 'a \n\n\x1b[1mb', stderr: 'c\r\n', exit: 'SIGTERM' }), [
      '| a␠',
      '|',
      '| ␛[1mb',
      '\\ no newline',
      '! c␍',
      'exit SIGTERM',
    ]);
    assert.deepEqual(endingLines({ stdout: '', stderr: '', exit: 0 }), []);
    assert.deepEqual(streamLines('|', '\n'), ['|']);
  });

  it('has names in the place of what differs from run to run', () => {
    const places = { workspace: '/tmp/w1', home: '/tmp/h1', dist: '/vt/dist', bin: '/tmp/bin' };
    const named = (text: string): string => withPlaceholders(text, places);
    assert.equal(named('at /tmp/w1/a (pid 12)'), 'at <workspace>/a (pid <pid>)');
    const [some, none] = ['vt run: cache hit, 1.2s saved.', 'vt run: cache hit.'];
    assert.equal(named(some), 'vt run: cache hit<, time saved>.');
    assert.equal(named(none), named(some), 'a time too short to be told');
    assert.equal(named('    exited with 1 in 2m 5s'), '    exited with 1 in <time>');
    assert.equal(named('the cache was found in 5ms'), 'the cache was found in 5ms');
  });
});
