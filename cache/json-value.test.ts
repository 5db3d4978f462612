import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonValueAt, MOST_JSON_BYTES } from './json-value.js';

const at = (text: string, pointer: string) => {
  const found = jsonValueAt(Buffer.from(text), pointer);
  return found.kind === 'value' ? found.text : found.kind;
};

describe('the value at a pointer', () => {
  const text = `{ "a/b": 1.0, "m~n": [ 10 , {"x": " y\\" ] "} , [] ], "": null, "é": "\\u00e9",
    "big": 12345678901234567891, "o": { "k" : [ true, false ] } }`;
  for (const [pointer, expected] of [
    ['/a~1b', '1.0'],
    ['/m~0n/0', '10'],
    ['/m~0n/1/x', '" y\\" ] "'],
    ['/m~0n/1', '{"x":" y\\" ] "}'],
    ['/m~0n/2', '[]'],
    ['/m~0n/2/0', 'none'],
    ['/m~0n/3', 'none'],
    ['/m~0n/01', 'none'],
    ['/m~0n/-', 'none'],
    ['/', 'null'],
    ['//x', 'none'],
    ['/é', '"\\u00e9"'],
    ['/big', '12345678901234567891'],
    ['/big/0', 'none'],
    ['/o', '{"k":[true,false]}'],
    ['/none', 'none'],
    ['/__proto__', 'none'],
    ['no', 'unusable'],
    ['/~2', 'unusable'],
  ] as const) {
    it(`'${pointer}' is ${expected}`, () => {
      assert.equal(at(text, pointer), expected);
    });
  }

  it('is the whole document for an empty pointer', () => {
    assert.equal(at(' [ 1 ,\n2 ] ', ''), '[1,2]');
    assert.equal(at('"a b"', ''), '"a b"');
  });

  it('is not to be had from what is no JSON, or not unambiguous', () => {
    for (const bad of ['', '{', '{"a":1} x', '// c\n{}', '\ufeff{}', '{"a":1,"b":2,"a":3}']) {
      assert.equal(at(bad, '/a'), 'unusable', JSON.stringify(bad));
    }
    assert.equal(at('{"a":1,"b":2,"a":3}', '/b'), '2');
    assert.equal(at('{"a":1,"\\u0061":3}', '/a'), 'unusable');
    assert.deepEqual(jsonValueAt(Buffer.from([0x22, 0xff, 0x22]), ''), { kind: 'unusable' });
    assert.deepEqual(jsonValueAt(Buffer.alloc(MOST_JSON_BYTES + 1, ' '), ''), { kind: 'unusable' });
  });
});

it('means what JSON.parse makes of it, over random documents', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const some = (depth: number): unknown => {
    switch (random(depth > 0 ? 6 : 4)) {
      case 0:
        return random(1000) / 8 - 20;
      case 1:
        return ['a"b', '\\', ' x ', ']', '{"', 'é\n'][random(6)];
      case 2:
        return [true, false, null][random(3)];
      case 3:
        return '';
      case 4:
        return Array.from({ length: random(4) }, () => some(depth - 1));
      default:
        return Object.fromEntries(
          Array.from({ length: random(4) }, () => [
            ['a', 'b~', 'c/d', '0', '"'][random(5)],
            some(depth - 1),
          ]),
        );
    }
  };
  const check = (text: string, value: unknown, pointer: string): void => {
    assert.deepEqual(JSON.parse(at(text, pointer)), value, `${pointer} of ${text}`);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, child] of Object.entries(value)) {
      check(text, child, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  };
  for (let round = 0; round < 2000; round++) {
    const value = some(4);
    check(JSON.stringify(value, null, random(3)), value, '');
  }
});
