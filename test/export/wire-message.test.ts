import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Message } from '../../src/export/protobuf.ts';
import { WireMessage } from '../../src/export/wire-message.ts';

describe('a message of Protocol Buffers', () => {
  it('is read as it was written, wherever it lies', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.nat({ max: 9 }),
        (texts, numbers, before) => {
          const inner = new Message();
          for (const text of texts) inner.text(1, text);
          for (const number of numbers) inner.integer(2, number);
          const bytes = Buffer.from(new Message().messages(3, [inner, inner]).encode());
          const within = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(3, 0xff)]);
          const views = [
            new WireMessage(bytes),
            new WireMessage(new Uint8Array(within.buffer, within.byteOffset + before, bytes.length)),
            new WireMessage(within, before, before + bytes.length),
          ];
          for (const message of views) {
            assert.equal(message.messages(3).length, 2);
            const one = message.message(3);
            assert.deepEqual(one.texts(1), texts);
            assert.deepEqual(one.numbers(2), numbers);
            assert.equal(one.text(1), texts[0] ?? '');
            assert.equal(one.number(2), numbers[0] ?? 0);
          }
        },
      ),
    ));

  it('ends where it is said to: no field reaches beyond', () => {
    const bytes = Buffer.of(0x0a, 2, 0x61, 0x62);
    assert.equal(new WireMessage(bytes).text(1), 'ab');
    for (const end of [1, 2, 3]) assert.throws(() => new WireMessage(bytes, 0, end), RangeError);
  });

  it('has no more fields than memory for them', () => {
    const fields = (count: number) => Buffer.alloc(2 * count, Buffer.of(8, 0));
    assert.equal(new WireMessage(fields(2 ** 20)).numbers(1).length, 2 ** 20);
    assert.throws(
      () => new WireMessage(fields(2 ** 20 + 1)),
      new RangeError('it has more than 1048576 fields'),
    );
  });
});
