import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TerminalText } from './terminal-text.js';

const cases: [what: string, input: string, expected: string][] = [
  ['plain text', 'one\r\ntwo\r\n', 'one\ntwo\n'],
  ['no final newline', 'one\r\ntwo', 'one\ntwo'],
  ['empty lines and tabs', '\r\n\ta\tb\r\n\r\n', '\n\ta\tb\n\n'],
  ['colours', '\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3mx\x1b[m\r\n', 'red x\n'],
  ['a window title ended by BEL', '\x1b]0;title\x07text\r\n', 'text\n'],
  [
    'a hyperlink ended by ST',
    '\x1b]8;;https://x.test/\x1b\\link\x1b]8;;\x1b\\ end\r\n',
    'link end\n',
  ],
  ['a device control string', '\x1bP1$r0m\x1b\\text\r\n', 'text\n'],
  ['a title never ended does not swallow the next line', '\x1b]0;oops\r\nnext\r\n', '\nnext\n'],
  ['character set and keypad sequences', '\x1b(B\x1b=\x1b>text\x1b7\x1b8\r\n', 'text\n'],
  ['private modes', '\x1b[?25lspin\x1b[?25h\x1b[>0q\x1b[2 q\r\n', 'spin\n'],
  ['progress rewritten by return', ' 10%\r 50%\r100%\r\n', '100%\n'],
  ['a shorter rewrite leaves the tail, as on the screen', 'abcdef\rxy\r\n', 'xycdef\n'],
  ['return and erase to the end', 'abcdef\rxy\x1b[K\r\n', 'xy\n'],
  ['erase the line, then go to column one', 'working...\x1b[2K\x1b[1Gdone\r\n', 'done\n'],
  ['erase to the left', 'abcdef\x1b[3D\x1b[1Kx\r\n', '   xef\n'],
  ['erase below acts on the line', 'abc\r\x1b[Jd\r\n', 'd\n'],
  ['backspace', 'abc\b\bX\r\n', 'aXc\n'],
  ['forward over nothing pads', 'a\x1b[3Cb\r\n', 'a   b\n'],
  ['moves to other lines lose nothing', 'a\r\nb\r\n\x1b[2Aa2\r\nb2\r\n', 'a\nb\na2\nb2\n'],
  ['repeated returns before a newline', 'a\r\r\r\nb\r\n', 'a\nb\n'],
  ['bell, null, delete', 'a\x07b\0c\x7fd\r\n', 'abcd\n'],
  ['cancel inside a sequence', 'a\x1b[31\x18b\r\n', 'ab\n'],
  ['a new escape inside a sequence', 'a\x1b[31\x1b[0mb\r\n', 'ab\n'],
  ['UTF-8', 'é漢字😀 ✓\r\n', 'é漢字😀 ✓\n'],
  ['UTF-8 rewritten character by character', 'é漢字😀\rabc\r\n', 'abc😀\n'],
  ['UTF-8 written over ASCII', 'abcd\ré漢\r\n', 'é漢cd\n'],
];

const coloredCases: [what: string, input: string, expected: string][] = [
  ['nothing to colour', 'a\r\nb\r\n', 'a\nb\n'],
  ['a word', 'a \x1b[31mred\x1b[39m b\r\n', 'a \x1b[31mred\x1b[0m b\n'],
  [
    'over several lines',
    '\x1b[1;32ma\r\nb\x1b[0mc\r\n',
    '\x1b[1;32ma\x1b[0m\n\x1b[1;32mb\x1b[0mc\n',
  ],
  ['one into the other', '\x1b[31ma\x1b[32mb\x1b[m\r\n', '\x1b[31ma\x1b[0m\x1b[32mb\x1b[0m\n'],
  ['rewritten', '\x1b[31m10%\x1b[m\r\x1b[K\x1b[32m100%\x1b[m\r\n', '\x1b[32m100%\x1b[0m\n'],
  ['rewritten in part', '\x1b[31mabc\x1b[m\rx\r\n', 'x\x1b[31mbc\x1b[0m\n'],
  ['padding has none', '\x1b[31ma\x1b[2Cb\x1b[m\r\n', '\x1b[31ma\x1b[0m  \x1b[31mb\x1b[0m\n'],
  ['erased to the left', '\x1b[31mabc\x1b[m\x1b[2D\x1b[1K\r\n', '  \x1b[31mc\x1b[0m\n'],
  ['characters of several bytes', '\x1b[31mé漢\x1b[m😀\r\n', '\x1b[31mé漢\x1b[0m😀\n'],
  ['no colours: other sequences that end alike', '\x1b[>4;31ma\x1b[?4mb\r\n', 'ab\n'],
];

function plain(
  input: Uint8Array,
  pieces: (bytes: Uint8Array) => Uint8Array[],
  colors = false,
): Buffer {
  const text = new TerminalText({ colors });
  const parts = pieces(input).map((piece) => text.push(piece));
  return Buffer.concat([...parts, text.end()]);
}

for (const [what, input, expected] of cases) {
  test(`${what}: in one piece, byte by byte, and cut at every place`, () => {
    const bytes = Buffer.from(input);
    assert.equal(plain(bytes, (all) => [all]).toString(), expected);
    assert.equal(
      plain(bytes, (all) => [...all].map((byte) => Uint8Array.of(byte))).toString(),
      expected,
    );
    for (let cut = 1; cut < bytes.length; cut++) {
      const cutBytes = plain(bytes, (all) => [all.subarray(0, cut), all.subarray(cut)]);
      assert.equal(cutBytes.toString(), expected, `cut at ${String(cut)}`);
    }
  });
}

for (const [what, input, expected] of coloredCases) {
  test(`colours, ${what}: wherever it is cut`, () => {
    const bytes = Buffer.from(input);
    for (let cut = 0; cut < bytes.length; cut++) {
      const cutBytes = plain(bytes, (all) => [all.subarray(0, cut), all.subarray(cut)], true);
      assert.equal(cutBytes.toString(), expected, `cut at ${String(cut)}`);
    }
  });
}

test('bytes that are not UTF-8 come out as they went in', () => {
  const bytes = Buffer.from([0xff, 0x80, 0x61, 0xc3, 0x0a, 0xe6, 0xbc]);
  assert.deepEqual(
    plain(bytes, (all) => [all]),
    bytes,
  );
});

test('a line without end is given out in bounded pieces and loses nothing', () => {
  const text = new TerminalText();
  let seen = 0;
  for (let i = 0; i < 100; i++) seen += text.push(Buffer.alloc(10_000, 'x')).length;
  assert.ok(seen > 900_000);
  assert.equal(seen + text.end().length, 1_000_000);
});

test('an unfinished control string does not leak into the next use', () => {
  const text = new TerminalText();
  text.push(Buffer.from('a\x1b]0;title'));
  assert.equal(text.end().toString(), 'a');
  assert.equal(text.push(Buffer.from('b\n')).toString(), 'b\n');
});
