import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutputJson } from './output-json.js';

function said(pieces: readonly Uint8Array[]): string[] {
  const output = new OutputJson(3);
  const events = [
    ...pieces.map((bytes) => output.push({ stream: 'stdout', bytes })),
    ...output.end(),
  ];
  return events.flatMap((event) => {
    if (event === undefined) return [];
    const { text, base64, ...rest } = event;
    assert.deepEqual(rest, { event: 'wrote', step: 3, stream: 'stdout' });
    assert.ok((text === undefined) !== (base64 === undefined));
    return [(text as string | undefined) ?? `base64 ${base64 as string}`];
  });
}

describe('output in JSON', () => {
  it('is text, whole characters wherever it is cut', () => {
    const bytes = Buffer.from('aé漢😀\n');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const texts = said([bytes.subarray(0, cut), bytes.subarray(cut)]);
      assert.equal(texts.join(''), 'aé漢😀\n', `cut at ${cut}`);
    }
    assert.equal(said([...bytes].map((byte) => Uint8Array.of(byte))).join(''), 'aé漢😀\n');
  });

  it('is base64 where it is no text', () => {
    assert.deepEqual(said([Buffer.from([0xff, 0x61])]), ['base64 /2E=']);
    assert.deepEqual(said([Buffer.from([0x61, 0xe6, 0xbc])]), ['a', 'base64 5rw=']);
    assert.deepEqual(said([Buffer.from([0x80, 0x80, 0x80, 0x80])]), ['base64 gICAgA==']);
    assert.deepEqual(said([Buffer.from([0xe6, 0xbc]), Buffer.from('a')]), ['base64 5rxh']);
  });

  it('is told apart by stream', () => {
    const output = new OutputJson(0);
    assert.equal(output.push({ stream: 'stdout', bytes: Uint8Array.of(0xc3) }), undefined);
    assert.equal(output.push({ stream: 'stderr', bytes: Uint8Array.of(0x61) })?.text, 'a');
    assert.equal(output.push({ stream: 'stdout', bytes: Uint8Array.of(0xa9) })?.text, 'é');
    assert.deepEqual(output.end(), []);
  });
});
