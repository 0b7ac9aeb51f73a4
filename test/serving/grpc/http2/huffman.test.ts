import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { decodeHuffman, LENGTHS } from '../../../../src/serving/grpc/http2/hpack/huffman.ts';

/** Words of the canonical code, as strings of bits. */
const WORDS: string[] = [];
{
  let word = 0n;
  let before = 0;
  const octets = LENGTHS.map((length, octet) => ({ length, octet }));
  for (const { length, octet } of octets.toSorted((a, b) => a.length - b.length || a.octet - b.octet)) {
    word <<= BigInt(length - before);
    WORDS[octet] = word.toString(2).padStart(length, '0');
    word += 1n;
    before = length;
  }
}
const bits = (value: number, length: number) => value.toString(2).padStart(length, '0');

function encode(octets: Uint8Array): Buffer {
  const all = Array.from(octets, (octet) => WORDS[octet]!).join('');
  const full = all.padEnd(Math.ceil(all.length / 8) * 8, '1');
  return Buffer.from(full.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? []);
}

describe('the Huffman code of HPACK', () => {
  it('uses up all words, so that each reads as one string at most', () => {
    equal(LENGTHS.length, 257);
    equal(
      LENGTHS.reduce((sum, length) => sum + 2 ** (30 - length), 0),
      2 ** 30,
    );
  });

  it('is that of the RFC', () => {
    const known: [octet: number, word: number, length: number][] = [
      [0, 0x1ff8, 13],
      [10, 0x3ffffffc, 30],
      [22, 0x3ffffffe, 30],
      [33, 0x3f8, 10],
      [48, 0x0, 5],
      [65, 0x21, 6],
      [97, 0x3, 5],
      [122, 0x7b, 7],
      [126, 0x1ffd, 13],
      [127, 0xffffffc, 28],
      [255, 0x3ffffee, 26],
      [256, 0x3fffffff, 30],
    ];
    deepEqual(
      known.map(([octet]) => WORDS[octet]),
      known.map(([, word, length]) => bits(word, length)),
    );
  });

  it('gives back any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) =>
        equal(decodeHuffman(encode(octets)), Buffer.from(octets).toString('latin1')),
      ),
      { numRuns: 300 },
    );
    const all = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    equal(decodeHuffman(encode(all)), Buffer.from(all).toString('latin1'));
  });
});
