import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OutputChunk } from '../../../cache/stored-run.js';
import type { Beginning, Outcome } from '../../execute/outcome.js';
import type { RunEvents } from '../../execute/schedule/run-events.js';
import { planOf } from '../log/log-rig.js';
import { createRunLog, logModes } from '../log/run-log.js';
import type { LogMode } from '../log/run-log.js';
import type { OutputStream } from '../output.js';
import { StatusLine } from './status-line.js';
import type { StatusClock } from './status-line.js';
import { TerminalRig } from './terminal-rig.js';
import { wantsStatusLine } from './wants-status-line.js';

/** A clock that goes when the test says so. */
class ManualClock implements StatusClock {
  #now = 0;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = {};
    this.#timers.set(timer, { at: this.#now + milliseconds, callback });
    return () => void this.#timers.delete(timer);
  }

  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const next = due.sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined) break;
      const [timer, { at, callback }] = next;
      this.#timers.delete(timer);
      this.#now = at;
      callback();
    }
    this.#now = end;
  }
}

const plan = planOf(['a', 'b', 'c', 'd']);
const env = { TERM: 'xterm', NO_COLOR: '1' };

/** `print` gets what is no passing line. */
function streamOf(terminal: TerminalRig, print: (text: string) => void): OutputStream {
  return {
    isTTY: true,
    columns: terminal.columns,
    write: (text) => {
      print(text);
      terminal.write(text);
    },
    writePassing: (text) => {
      terminal.write(text);
    },
    send: (bytes) => {
      print(Buffer.from(bytes).toString());
      terminal.write(Buffer.from(bytes).toString());
      return undefined;
    },
    flushed: () => Promise.resolve(),
  };
}

/** The same run shown with a status line and without. */
class StatusRig {
  readonly clock = new ManualClock();
  readonly bare: TerminalRig;
  readonly shown: TerminalRig;
  readonly status: StatusLine;
  readonly #logs: readonly RunEvents[];
  readonly #printed = { bare: '', shown: '' };

  constructor(mode: LogMode = 'interleaved', columns = 60) {
    this.bare = new TerminalRig(columns);
    this.shown = new TerminalRig(columns);
    const printed = this.#printed;
    const bare = streamOf(this.bare, (text) => (printed.bare += text));
    const shown = streamOf(this.shown, (text) => (printed.shown += text));
    const { clock } = this;
    this.status = new StatusLine({ plan, stdout: shown, stderr: shown, env, clock });
    const { stdout, stderr } = this.status;
    this.#logs = [
      createRunLog(mode, { plan, env, stdout: bare, stderr: bare }),
      this.status.watch(createRunLog(mode, { plan, env, stdout, stderr })),
    ];
  }

  running(...steps: number[]): void {
    for (const log of this.#logs) log.running(steps);
  }

  began(step: number, parts: Partial<Beginning> = {}): void {
    const beginning = { status: { kind: 'first-run' }, inherits: false, ...parts } as const;
    for (const log of this.#logs) log.began(step, beginning);
  }

  wrote(step: number, text: string, stream: OutputChunk['stream'] = 'terminal'): void {
    for (const log of this.#logs) void log.wrote(step, { stream, bytes: Buffer.from(text) });
  }

  ended(step: number, parts: Partial<Outcome> = {}): void {
    const outcome: Outcome = {
      ...{ status: { kind: 'first-run' }, ending: { kind: 'exited', code: 0 } },
      ...{ duration: 1, saved: 0, ...parts },
    };
    for (const log of this.#logs) void log.ended(step, outcome);
  }

  /** The status line as it is shown; undefined when the screen is as it would be without. */
  get line(): string | undefined {
    const { bare, shown } = this;
    assert.equal(this.#printed.shown, this.#printed.bare);
    const lines = [...shown.lines];
    const { row } = bare.cursor;
    const line = lines[row] ?? '';
    if (line === bare.lines[row]) {
      assert.deepEqual([lines, shown.cursor], [bare.lines, bare.cursor]);
      return undefined;
    }
    // Only below everything, in a line that is empty without it.
    lines[row] = '';
    assert.deepEqual(lines, bare.lines);
    assert.deepEqual([row, shown.cursor], [lines.length - 1, { row, column: line.length }]);
    assert.ok(line.length <= shown.columns - 4, line);
    return line;
  }
}

describe('the status line', () => {
  it('comes after a while, and says what is at work', () => {
    const rig = new StatusRig();
    rig.running(0, 1);
    rig.began(0);
    rig.began(1, { status: { kind: 'hit' } });
    rig.clock.pass(399);
    assert.equal(rig.line, undefined);
    rig.clock.pass(1);
    assert.equal(rig.line, '0/4 done, 1 cache hit · a#build 0s · b#build 0s');
    rig.ended(1);
    rig.clock.pass(3000);
    assert.equal(rig.line, '1/4 done, 1 cache hit · a#build 3s');
    rig.ended(0, { ending: { kind: 'exited', code: 1 } });
    assert.equal(rig.line, undefined, 'nothing is at work');
    rig.status.close();
    rig.clock.pass(5000);
    assert.equal(rig.line, undefined);
  });

  it('is taken away before output, and comes back behind it when it pauses', () => {
    const rig = new StatusRig();
    rig.running(0, 1);
    rig.began(0);
    rig.clock.pass(1000);
    assert.notEqual(rig.line, undefined);
    rig.wrote(0, 'one\r\ntwo');
    assert.equal(rig.line, undefined);
    rig.clock.pass(79);
    assert.equal(rig.line, undefined);
    rig.clock.pass(1);
    assert.notEqual(rig.line, undefined, 'the rest of the line is held back');
  });

  it('is not there while a line has no end, the cursor is elsewhere or a colour is set', () => {
    const rig = new StatusRig();
    rig.running(0);
    rig.began(0);
    for (const [text, isShown] of [
      ['waiting…', false],
      ['\r\n', true],
      ['\x1b[31mred\r\n', false],
      ['\x1b[0m', true],
      ['\x1b[2Aup\r\n', false],
      ['\r\n', false],
    ] as const) {
      rig.wrote(0, text);
      rig.clock.pass(2000);
      assert.equal(rig.line !== undefined, isShown, JSON.stringify(text));
    }
    rig.ended(0);
    rig.running(1);
    rig.began(1);
    rig.clock.pass(2000);
    assert.notEqual(rig.line, undefined, 'the next one begins in order');
  });

  it('is not there while a command has vt’s own terminal', () => {
    const rig = new StatusRig();
    rig.running(0);
    rig.began(0);
    rig.clock.pass(1000);
    rig.ended(0);
    rig.running(1);
    rig.began(1, { inherits: true });
    rig.clock.pass(5000);
    assert.equal(rig.line, undefined);
    for (const terminal of [rig.bare, rig.shown]) terminal.write('its own, no end');
    rig.ended(1);
    rig.clock.pass(5000);
    assert.equal(rig.line, undefined);
    rig.running(2);
    rig.began(2);
    rig.clock.pass(5000);
    assert.equal(rig.line, '2/4 done · c#build 5s');
  });

  it('needs room', () => {
    for (const [columns, isShown] of [
      [0, false],
      [19, false],
      [20, true],
    ] as const) {
      const rig = new StatusRig('interleaved', columns);
      // As wide as it has to be for its output, but nobody knows it.
      rig.running(0, 1);
      rig.clock.pass(1);
      rig.began(0);
      rig.clock.pass(1000);
      assert.equal(rig.line !== undefined, isShown, String(columns));
    }
  });

  it('is only for people', () => {
    assert.equal(wantsStatusLine({ TERM: 'xterm' }), true);
    for (const env of [
      {},
      { TERM: 'dumb' },
      { TERM: 'xterm', CI: 'true' },
      { TERM: 'xterm', VP_RUN: '1' },
    ]) {
      assert.equal(wantsStatusLine(env), false, JSON.stringify(env));
    }
  });
});

/** What tasks write: lines, pieces of lines, progress, colours, and moves over the screen. */
const pieces = [
  ...[
    'one\r\n',
    'two',
    ' three\r\n',
    'wide '.repeat(30),
    '\r\n',
    '10%\r',
    '\r',
    '\x1b[K',
    '\x1b[2K\x1b[G',
  ],
  ...[
    '\x1b[31m',
    '\x1b[0m',
    '\x1b[1;32mgreen\x1b[m\r\n',
    '\x1b[3C',
    '\x1b[A',
    '\x1b[2A\x1b[J',
    '\x1b[',
  ],
  ...['1A', '\x1b]0;title\x07', '\x1b[?25l', '\x1b[?25h', 'é漢\r\n', '\n\n'],
];

describe('output with a status line, over random runs', () => {
  for (const mode of logModes) {
    it(`is at every moment what it is without (${mode})`, () => {
      let seed = 7;
      const random = (below: number): number => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return Math.floor((seed / 2147483648) * below);
      };
      let seen = 0;
      for (let round = 0; round < 150; round++) {
        const rig = new StatusRig(mode, 30 + random(50));
        const waiting = [0, 1, 2, 3];
        const atWork: number[] = [];
        const most = 1 + random(3);
        while (waiting.length + atWork.length > 0) {
          const started: number[] = [];
          while (atWork.length < most && waiting.length > 0) {
            started.push(waiting.shift() ?? 0);
            atWork.push(started.at(-1) ?? 0);
          }
          rig.running(...atWork);
          for (const step of started) rig.began(step);
          for (let acts = random(12); acts > 0; acts--) {
            const step = atWork[random(atWork.length)] ?? 0;
            if (random(3) === 0) rig.clock.pass(random(1500));
            else rig.wrote(step, pieces[random(pieces.length)] ?? '');
            if (rig.line !== undefined) seen++;
          }
          const [over] = atWork.splice(random(atWork.length), 1);
          if (over !== undefined) rig.ended(over);
          void rig.line;
        }
        rig.status.close();
        assert.equal(rig.line, undefined);
      }
      assert.ok(seen > 100, `seen ${seen} times`);
    });
  }
});
