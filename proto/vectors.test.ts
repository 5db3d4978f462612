import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { FRAME_MAGIC, withLength } from './frame.js';
import { Frame, Reply } from './generated/vt/ipc/v1/ipc.js';

// Compiled tests run from build/proto; the .proto and the vectors stay in the source folder.
const proto = path.resolve(import.meta.dirname, '../../proto');

interface Vector {
  name: string;
  message: 'vt.ipc.v1.Frame' | 'vt.ipc.v1.Reply';
  /** The message with its length prefix. */
  hex: string;
  /** Proto3 JSON. */
  json: Record<string, unknown>;
  /** An older codec cannot write it, as it has fields of a newer version. */
  decodeOnly?: boolean;
}

const vectors = ['frames.json', 'replies.json'].flatMap(
  (file) => JSON.parse(readFileSync(path.join(proto, 'vectors', file), 'utf8')) as Vector[],
);

const generated = { 'vt.ipc.v1.Frame': Frame, 'vt.ipc.v1.Reply': Reply };

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => path.join(proto, target);
root.loadSync('vt/ipc/v1/ipc.proto');

const messageOf = ({ hex }: Vector) => {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  const reader = protobuf.Reader.create(bytes);
  const length = reader.uint32();
  assert.equal(bytes.length, reader.pos + length, 'the prefix is the length of the rest');
  return bytes.subarray(reader.pos);
};
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('there is a vector for every kind of request, reply and error', () => {
  const said = JSON.stringify(vectors.map(({ json }) => json));
  const kinds = ['Request', 'Reply'].flatMap(
    (name) => root.lookupType(`vt.ipc.v1.${name}`).fieldsArray,
  );
  for (const { name } of kinds) {
    if (name !== 'sequence') assert.ok(said.includes(`"${name}":`), name);
  }
  for (const code of Object.keys(root.lookupEnum('vt.ipc.v1.ErrorCode').values)) {
    if (code !== 'ERROR_CODE_UNSPECIFIED') assert.ok(said.includes(`"${code}"`), code);
  }
});

for (const vector of vectors) {
  const { name, message, hex, json, decodeOnly } = vector;

  test(`${message}, ${name}: generated codec`, () => {
    const codec = generated[message];
    assert.deepEqual(codec.toJSON(codec.decode(messageOf(vector)) as never), json);
    if (decodeOnly) return;
    const encoded = codec.encode(codec.fromJSON(json) as never).finish();
    assert.equal(hexOf(withLength(encoded)), hex);
  });

  test(`${message}, ${name}: protobufjs by reflection`, () => {
    const type = root.lookupType(message);
    const decoded = type.toObject(type.decode(messageOf(vector)), { enums: String, bytes: String });
    assert.deepEqual(decoded, json);
    if (decodeOnly) return;
    assert.equal(hexOf(type.encodeDelimited(type.fromObject(json)).finish()), hex);
  });

  if (message === 'vt.ipc.v1.Frame') {
    test(`${message}, ${name}: the magic comes first`, () => {
      const start = hexOf(messageOf(vector).subarray(0, 5));
      assert.equal(start, '0df67674f7');
      assert.equal(FRAME_MAGIC, 0xf77476f6);
    });
  }
}
