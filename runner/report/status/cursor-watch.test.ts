import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CursorWatch } from './cursor-watch.js';

/** Whether a line may stand behind a text, wherever it is cut; cut in a sequence it never may. */
function isFreeAfter(text: string): boolean {
  const whole = new CursorWatch();
  whole.see(Buffer.from(text));
  const pieces = new CursorWatch();
  for (const byte of Buffer.from(text)) pieces.see(Uint8Array.of(byte));
  assert.equal(pieces.isFree, whole.isFree, JSON.stringify(text));
  return whole.isFree;
}

describe('a line of its own may stand', () => {
  it('at the beginning, and behind whole lines', () => {
    for (const text of ['', 'a\n', 'a\r\n', 'é漢\n\n', 'a\n\r', '10%\r100%\n']) {
      assert.equal(isFreeAfter(text), true, JSON.stringify(text));
    }
  });

  it('behind lines with colours, titles, links and edits that are over', () => {
    for (const text of [
      '\x1b[31mred\x1b[0m\n',
      '\x1b[1;31mred\x1b[22;39m\n',
      '\x1b]0;title\x07a\n',
      'a\n\x1b]2;title\x1b\\',
      '\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n',
      '10%\x1b[2K\x1b[1G20%\x1b[K\x1b[2D\x1b[P\n',
      '\x1b[?25la\x1b[?25h\n\x1b[?2004h',
      'a\n\x1b[G\x1b[K',
    ]) {
      assert.equal(isFreeAfter(text), true, JSON.stringify(text));
    }
  });

  it('nowhere else', () => {
    for (const text of [
      'a',
      'a\nb',
      'a\nb\r',
      'a\n\t',
      'a\n\x1b[3C',
      'a\n\x1b[5G',
      '\x1b[31mred\n',
      '\x1b[7m\n',
      '\x1b]8;;http://x\x1b\\link\n',
      'a\n\x1b',
      'a\n\x1b[3',
      'a\n\x1b]0;ti',
      // The cursor is elsewhere, or text is not written as usual.
      'a\n\x1b[1A\n',
      '\x1b[2J\x1b[H\n',
      'a\n\x1b[5;1H\n',
      '\x1b[?1049h\n',
      '\x1b[1;5r\n',
      '\x1b7a\n\x1b8',
      '\x1b[sa\n\x1b[u',
      '\x1bM\n',
      '\x1b(0\n',
      '\x0e\n',
      '\x0b\n',
      `\x1b[${'1;'.repeat(200)}m\n`,
    ]) {
      assert.equal(isFreeAfter(text), false, JSON.stringify(text));
    }
  });

  it('after a program that left the screen in order, unless in the middle of a line', () => {
    const cursor = new CursorWatch();
    cursor.see(Buffer.from('\x1b[?1049h\x1b[31m\x1b[5;5Hx\x1b[?1049l\n'));
    assert.equal(cursor.isFree, false);
    cursor.handBack();
    assert.equal(cursor.isFree, true);
    cursor.miss();
    cursor.handBack();
    assert.equal(cursor.isFree, false);
    cursor.see(Buffer.from('\n'));
    assert.equal(cursor.isFree, true);
  });
});
