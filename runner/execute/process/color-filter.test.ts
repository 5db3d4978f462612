import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ColorFilter } from './color-filter.js';

function filtered(chunks: readonly string[]): string {
  const filter = new ColorFilter();
  const parts = chunks.map((chunk) => Buffer.from(filter.push(Buffer.from(chunk, 'latin1'))));
  return Buffer.concat([...parts, filter.end()]).toString('latin1');
}

const colored = 'a\x1b[31mred\x1b[0m \x1b[38;5;208m256\x1b[m \x1b[38:2::1:2:3mtrue\x1b[1;4mb\n';
const plain = 'ared 256 trueb\n';

describe('ColorFilter', () => {
  it('takes colours off, wherever the stream is cut', () => {
    assert.equal(filtered([colored]), plain);
    for (let at = 0; at <= colored.length; at++) {
      assert.equal(filtered([colored.slice(0, at), colored.slice(at)]), plain, `cut at ${at}`);
    }
    assert.equal(filtered([...colored]), plain);
  });

  it('leaves everything else as it is', () => {
    for (const text of [
      '',
      'plain\r\n\0\xff',
      '\x1b[2K\x1b[1G',
      '\x1b]0;title\x07',
      '\x1b',
      'x\x1b[3',
    ]) {
      assert.equal(filtered([text]), text);
      assert.equal(filtered([...text]), text);
    }
  });

  it('does not wait for the end of what cannot be a colour', () => {
    const filter = new ColorFilter();
    const endless = `\x1b[${'1;'.repeat(40)}`;
    assert.equal(Buffer.from(filter.push(Buffer.from(endless))).toString(), endless);
  });
});
