/**
 * How many bits each octet takes (RFC 7541, appendix B); the last is the end of a string. The code is canonical: among
 * words of one length those of smaller octets come first, so lengths are all there is to know.
 */
// prettier-ignore
export const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END = LENGTHS.length - 1;
const SHORTEST = 5;
const LONGEST = 30;

/** Octets by their words, and of each length its first word and where its octets begin. */
const OCTETS = LENGTHS.map((_, octet) => octet).toSorted((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
const FIRST = new Uint32Array(LONGEST + 1);
const FROM = new Uint32Array(LONGEST + 2);
for (let length = 1, word = 0, from = 0; length <= LONGEST; length++) {
  const count = LENGTHS.filter((each) => each === length).length;
  FIRST[length] = word;
  FROM[length] = from;
  from += count;
  FROM[length + 1] = from;
  word = (word + count) << 1;
}

/**
 * Latin-1, as header fields are read everywhere here.
 * @throws RangeError of what is no Huffman code of a string (RFC 7541, section 5.2)
 */
export function decodeHuffman(bytes: Uint8Array): string {
  const octets = Buffer.allocUnsafe(Math.floor((bytes.length * 8) / SHORTEST));
  let written = 0;
  let word = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      word = (word << 1) | ((byte >> bit) & 1);
      length++;
      const place = word - FIRST[length]!;
      if (length < SHORTEST || place < 0 || place >= FROM[length + 1]! - FROM[length]!) continue;
      const octet = OCTETS[FROM[length]! + place]!;
      if (octet === END) throw new RangeError('the end of a string within one');
      octets[written++] = octet;
      word = 0;
      length = 0;
    }
  }
  // What fills the last octet is the beginning of the end: ones, fewer than eight.
  if (length > 7 || word !== (1 << length) - 1)
    throw new RangeError('a string that is not filled up as it must');
  return octets.toString('latin1', 0, written);
}
