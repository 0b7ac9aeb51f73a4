import { deepEqual, equal, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { HpackDecoder } from '../../../../src/serving/grpc/http2/hpack/decoder.ts';
import { encodeFields } from '../../../../src/serving/grpc/http2/hpack/encoder.ts';

const MOST = 16_384;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = () => {
  const decoder = new HpackDecoder();
  return (block: Buffer, most = MOST) => {
    const fields: string[] = [];
    const isWhole = decoder.decode(block, most, (name, value) => void fields.push(`${name}: ${value}`));
    return isWhole ? fields : [...fields, '…'];
  };
};

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [
    ...[':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'],
    'custom-key: custom-value',
  ],
];
const RESPONSES = [
  [
    ...[':status: 302', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT'],
    'location: https://www.example.com',
  ],
  [
    ...[':status: 307', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT'],
    'location: https://www.example.com',
  ],
  [
    ...[':status: 200', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location: https://www.example.com', 'content-encoding: gzip'],
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];
/** The table of the examples holds 256 bytes: told at the beginning of the first block. */
const SMALL_TABLE = '3f e1 01';

describe('HPACK, by the examples of RFC 7541', () => {
  it('reads literals (C.2)', () => {
    const read = reader();
    deepEqual(read(hex('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')), [
      'custom-key: custom-header',
    ]);
    deepEqual(read(hex('040c 2f73 616d 706c 652f 7061 7468')), [':path: /sample/path']);
    deepEqual(read(hex('1008 7061 7373 776f 7264 0673 6563 7265 74')), ['password: secret']);
    deepEqual(read(hex('82 be')), [':method: GET', 'custom-key: custom-header']);
  });

  it('reads requests, plain (C.3) and packed (C.4)', () => {
    const plain = reader();
    const packed = reader();
    deepEqual(
      [
        plain(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')),
        plain(hex('8286 84be 5808 6e6f 2d63 6163 6865')),
        plain(hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65')),
      ],
      REQUESTS,
    );
    deepEqual(
      [
        packed(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')),
        packed(hex('8286 84be 5886 a8eb 1064 9cbf')),
        packed(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')),
      ],
      REQUESTS,
    );
  });

  it('forgets the oldest of a table that is full (C.5, C.6)', () => {
    const plain = reader();
    const packed = reader();
    deepEqual(
      [
        plain(
          hex(
            `${SMALL_TABLE} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
          ),
        ),
        plain(hex('4803 3330 37c1 c0bf')),
        plain(
          hex(
            '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
          ),
        ),
      ],
      RESPONSES,
    );
    deepEqual(
      [
        packed(
          hex(
            `${SMALL_TABLE} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
          ),
        ),
        packed(hex('4883 640e ffc1 c0bf')),
        packed(
          hex(
            '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
          ),
        ),
      ],
      RESPONSES,
    );
  });
});

describe('HPACK', () => {
  it('reads back what is written here', () => {
    const text = fc.string({
      unit: fc.integer({ min: 32, max: 255 }).map((octet) => String.fromCharCode(octet)),
    });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), text), (fields) => {
        const read: Record<string, string> = {};
        new HpackDecoder().decode(encodeFields(fields), 2 ** 20, (name, value) => (read[name] = value));
        deepEqual(read, { ...fields });
      }),
      { numRuns: 200 },
    );
  });

  it('leaves out what is too much, and can read the next block all the same', () => {
    const read = reader();
    const field = Buffer.concat([hex('4001 61 04'), Buffer.from('kept')]);
    deepEqual(read(Buffer.concat([encodeFields({ b: 'x'.repeat(100) }), field]), 120), ['…']);
    deepEqual(read(hex('be')), ['a: kept']);
  });

  it('refuses what is no block', () => {
    for (const wrong of [
      ...['80', 'be', 'ff ff ff ff ff ff ff ff', '00 01', '00 05 61', '40', '82 20', '3f e2 1f', '7f'],
      // Filled up with zeros; with eight ones; the end of a string within one.
      ...['00 81 00 00', '00 82 07 ff 00', '00 84 ff ff ff ff 00'],
    ]) {
      throws(() => reader()(hex(wrong)), RangeError, wrong);
    }
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          equal(typeof new HpackDecoder().decode(Buffer.from(bytes), MOST, () => {}), 'boolean');
        } catch (error) {
          equal(error instanceof RangeError, true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
