import type { Random } from '../../../src/model/random.ts';
import { CANARY, pick, upTo } from './case.ts';

/** Bodies to predict with, from almost right to no JSON at all. `hopeless` is what no server may answer. */
export interface Body {
  family: string;
  bytes: Buffer;
  hopeless: boolean;
}

type Shape = 'instances' | 'inputs' | 'data';

const body = (family: string, text: string | Buffer, hopeless = true): Body => ({
  family,
  bytes: Buffer.from(text as string),
  hopeless,
});

const rows = (random: Random, count: number) =>
  Array.from({ length: count }, () => [Math.round(random() * 1000) / 8, -Math.round(random() * 1000) / 8]);

/** What stands where a number of the tensor should be. */
const NO_NUMBERS = [
  ...[
    'null',
    'true',
    '"1"',
    `"${CANARY}"`,
    '{}',
    '[]',
    '[[1]]',
    '{"b64":"AAAA"}',
    '{"b64":"%%"}',
    '{"b64":1}',
  ],
  ...[
    '01',
    '+1',
    '.5',
    '1.',
    '0x10',
    '1e',
    '--1',
    '1_000',
    '１',
    'nan',
    'undefined',
    "'1'",
    '1 2',
    '-',
    'In',
  ],
];
/** What JSON or TensorFlow Serving take for numbers, at their edges. */
const EDGES = ['1e999', '-1e999', '1e-999', `1${'0'.repeat(400)}`, `0.${'0'.repeat(400)}1`, 'NaN', 'Infinity', '-Infinity', 'Inf', '-0', '9223372036854775808', '3.4e39']; // prettier-ignore
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' x',
  'x ',
  'X',
  'x\\u0000',
  CANARY,
];
const DEPTHS = [33, 64, 1000, 20_000, 100_000];

type Maker = (random: Random, shape: Shape) => Body;

const MAKERS: Maker[] = [
  (random, shape) => body('no numbers', `{"${shape}":[[1,${pick(random, NO_NUMBERS)}]]}`),
  (random, shape) => body('numbers at their edges', `{"${shape}":[[1,${pick(random, EDGES)}]]}`, false),
  (random, shape) => {
    const wrong = [
      '[[1]]',
      '[[1,2,3]]',
      '[1,2]',
      '[[[1,2]]]',
      '[[1,2],[3]]',
      '[[1,2],3]',
      '[[],[]]',
      '[]',
      '1',
      '"x"',
    ];
    return body('wrong shapes', `{"${shape}":${pick(random, wrong)}}`);
  },
  (random, shape) => {
    const many = 1025 + upTo(random, 4000);
    return body('too many rows', JSON.stringify({ [shape]: rows(random, many) }));
  },
  (random, shape) => {
    const depth = pick(random, DEPTHS);
    const [open, close] = pick(random, [['[', ']'], ['{"x":', '}'], ['[{"a":[', ']}]']] as const); // prettier-ignore
    const ends = random() < 0.5 ? close.repeat(depth) : '';
    return body('deep nesting', `{"${shape}":${open.repeat(depth)}1${ends}}`);
  },
  (random, shape) => {
    const name = pick(random, NAMES);
    const value = pick(random, ['[[1,2]]', '{"a":1}', '1', `"${CANARY}"`]);
    const beside = pick(random, [`{"${shape}":{"${name}":${value}}}`, `{"${shape}":[{"${name}":${value}}]}`]);
    return body('names of objects', beside);
  },
  (random, shape) => {
    const name = pick(random, NAMES);
    return body('fields nobody knows', `{"${name}":1,"${shape}":[[1,2]],"${name}":{"polluted":true}}`, false);
  },
  (random, shape) => {
    const twice = `{"${shape}":[[1,2]],"${shape}":[[${upTo(random, 9)},2]]}`;
    return body('keys twice', twice, false);
  },
  (_random, shape) => {
    const other = shape === 'instances' ? 'inputs' : 'instances';
    return body('two formats', `{"${shape}":[[1,2]],"${other}":[[1,2]]}`, false);
  },
  (random, shape) => {
    const names = [`"${CANARY}"`, '1', 'null', '[]', '"serving_default\\u0000"', `"${'s'.repeat(5000)}"`];
    return body('signatures', `{"signature_name":${pick(random, names)},"${shape}":[[1,2]]}`, false);
  },
  (random, shape) => {
    const whole = Buffer.from(JSON.stringify({ [shape]: rows(random, 4) }));
    return body('cut off', whole.subarray(0, upTo(random, whole.length - 1)));
  },
  (random, shape) => {
    const whole = Buffer.from(JSON.stringify({ [shape]: rows(random, 4), note: CANARY }));
    for (let flips = 1 + upTo(random, 3); flips > 0; flips--) {
      whole[upTo(random, whole.length - 1)]! ^= 1 << upTo(random, 7);
    }
    return body('flipped bits', whole, false);
  },
  (random, shape) => {
    const whole = Buffer.from(`{"${shape}":[[1,2]],"note":"    "}`);
    const bytes = pick(random, [[0xff, 0xfe], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf8], [0x80], [0x00], [0x0a]]); // prettier-ignore
    Buffer.from(bytes).copy(whole, whole.length - 5);
    return body('no UTF-8', whole, false);
  },
  (random, shape) => {
    const text = `{"${shape}":[[1,2]]}`;
    const encoded = pick(random, [Buffer.from(text, 'utf16le'), Buffer.from(`\ufeff${text}`), Buffer.from(`\ufeff${text}`, 'utf16le')]); // prettier-ignore
    return body('other encodings', encoded, false);
  },
  (random, shape) => {
    const after = pick(random, ['}', ']', '{}', ',', '\u0000', 'x', '//', `"${CANARY}"`]);
    return body('something behind', `{"${shape}":[[1,2]]}${after}`, false);
  },
  (random) =>
    body('no JSON', Buffer.from(Array.from({ length: upTo(random, 200) }, () => upTo(random, 255)))),
  (random) => {
    const whole = pick(random, [
      '',
      ' ',
      '{}',
      '[]',
      'null',
      '"x"',
      '1',
      '{',
      '[',
      '{"',
      '{"a"',
      '{"a":',
      '{,}',
      '[,]',
      '{"a" 1}',
    ]);
    return body('nothing of use', whole);
  },
  (random, shape) => {
    const text = pick(random, [
      '"\\ud800"',
      '"\\u12"',
      '"\\x41"',
      '"\n"',
      '"\\',
      `"${'\\u0041'.repeat(2000)}`,
    ]);
    return body('bad strings', `{"${shape}":[[${text},2]]}`);
  },
  (random, shape) => {
    const long = `${CANARY}${'x'.repeat(10_000 + upTo(random, 50_000))}`;
    return body('long strings', `{"${shape}":[["${long}","${long}"]]}`);
  },
];

export const jsonBody = (random: Random, shape: Shape): Body => pick(random, MAKERS)(random, shape);
