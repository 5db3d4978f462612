import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pen } from './pen.js';

function after(...parameters: string[]): string {
  const pen = new Pen();
  for (const each of parameters) pen.apply(each);
  return pen.sequence.replace('\x1b', '');
}

describe('Pen', () => {
  it('knows what is set, whatever the order and number of sequences', () => {
    assert.equal(after(), '');
    assert.equal(after('31'), '[31m');
    assert.equal(after('1;31', '32'), '[1;32m');
    assert.equal(after('1', '2', '4', '7'), '[1;2;4;7m');
    assert.equal(after('91;107'), '[91;107m');
  });

  it('takes back what is put back', () => {
    for (const reset of ['', '0', '0;', '31;0']) assert.equal(after('1;31;44', reset), '', reset);
    assert.equal(after('1;2;31', '22'), '[31m');
    assert.equal(after('31;44', '39'), '[44m');
    assert.equal(after('31;44', '49'), '[31m');
    assert.equal(after('4;9', '24'), '[9m');
    assert.equal(after('4:3', '4:0'), '');
    assert.equal(after('31', '0;4'), '[4m');
  });

  it('keeps the values of a colour together', () => {
    assert.equal(after('38;5;208'), '[38;5;208m');
    assert.equal(after('38;2;1;2;3;1'), '[38;2;1;2;3;1m');
    assert.equal(after('38:2::1:2:3;4'), '[38:2::1:2:3;4m');
    assert.equal(after('48;5;0;38;5;7'), '[48;5;0;38;5;7m');
    assert.equal(after('38;5;208', '39'), '');
    assert.equal(after('58;5;1'), '[58;5;1m');
    assert.equal(after('38'), '[38m', 'cut off');
  });

  it('knows nothing of other codes', () => {
    assert.equal(after('10;51;999;x'), '');
  });
});
