import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsMetadata,
  SafetensorsFile,
  tensor,
  writeSafetensors,
} from '../../src/lake/safetensors.ts';

const example = () => ({
  b: tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]),
  a: tensor(BigInt64Array.of(-1n, 7n), [2]),
});

/** A file of this header and so many data bytes. */
function fileOf(header: string, dataBytes: number, length = header.length): Buffer {
  const bytes = Buffer.alloc(8 + header.length + dataBytes);
  bytes.writeBigUInt64LE(BigInt(length));
  bytes.write(header, 8);
  return bytes;
}

describe('safetensors', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ringwatt-safetensors-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const path = () => join(folder, 'x.safetensors');

  it('have the bytes the format says', () => {
    const bytes = Buffer.from(encodeSafetensors(example(), { step: '3' }));
    const length = Number(bytes.readBigUInt64LE(0));
    assert.equal(length % 8, 0);
    const text = bytes.toString('utf8', 8, 8 + length);
    assert.deepEqual(JSON.parse(text), {
      __metadata__: { step: '3' },
      a: { dtype: 'I64', shape: [2], data_offsets: [0, 16] },
      b: { dtype: 'F32', shape: [3, 2], data_offsets: [16, 40] },
    });
    assert.match(text, /} *$/, 'padded with spaces');
    assert.equal(bytes.length, 8 + length + 40);
    assert.equal(bytes.readBigInt64LE(8 + length), -1n);
    assert.deepEqual(
      [0, 1, 5].map((i) => bytes.readFloatLE(8 + length + 16 + 4 * i)),
      [1, 2, 6],
    );
  });

  it('read what another writer wrote: tensors in any order, at any alignment', () => {
    const header =
      '{"q":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"i":{"dtype":"I64","shape":[],"data_offsets":[4,12]}}';
    const bytes = fileOf(header, 12);
    bytes.writeFloatLE(1.5, bytes.length - 12);
    bytes.writeBigInt64LE(9n, bytes.length - 8);
    const tensors = readSafetensors(bytes);
    assert.deepEqual(tensors.get('q'), { dtype: 'F32', shape: [1], data: Float32Array.of(1.5) });
    assert.deepEqual(tensors.get('i'), { dtype: 'I64', shape: [], data: BigInt64Array.of(9n) });
  });

  it('come back as they were, from memory and from disk, and are views where they can be', async () => {
    await writeSafetensors(path(), example(), { k: 'v' });
    const bytes = new Uint8Array(await readFile(path()));
    assert.deepEqual(bytes, new Uint8Array(encodeSafetensors(example(), { k: 'v' })));
    const copy = bytes.slice();
    const tensors = readSafetensors(copy);
    assert.deepEqual(Object.fromEntries(tensors), example());
    assert.equal(tensors.get('b')!.data.buffer, copy.buffer);
    assert.deepEqual(readSafetensorsMetadata(bytes), { k: 'v' });
  });

  it('are read from disk by rows', async () => {
    const rows = fc.nat({ max: 12 });
    await fc.assert(
      fc.asyncProperty(rows, rows, async (x, y) => {
        const [from, to] = [Math.min(x, y), Math.max(x, y)];
        const data = Float32Array.from({ length: 36 }, (_, i) => i);
        await writeSafetensors(path(), {
          inputs: tensor(data, [12, 3]),
          empty: tensor(new Float32Array(0), [0, 3]),
        });
        await using file = await SafetensorsFile.open(path());
        const { data: read, shape } = await file.read('inputs', from, to);
        assert.deepEqual(read, data.slice(from * 3, to * 3));
        assert.deepEqual(shape, [to - from, 3]);
        assert.deepEqual((await file.read('empty')).shape, [0, 3]);
        assert.deepEqual(file.shapeOf('inputs'), [12, 3]);
      }),
      { numRuns: 10 },
    );
  });

  it('say which tensor or row is not there', async () => {
    await writeSafetensors(path(), example());
    await using file = await SafetensorsFile.open(path());
    await assert.rejects(file.read('c'), /no tensor c \(it has a, b\)/);
    await assert.rejects(file.read('b', 1, 4), BadInputError);
    await assert.rejects(SafetensorsFile.open(join(folder, 'none')), MissingDataError);
  });

  it('are refused when cut off or longer than they say, wherever that is', async () => {
    const whole = encodeSafetensors(example());
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => readSafetensors(whole.slice(0, length)), CorruptArtifactError);
    }
    assert.throws(() => readSafetensors(Buffer.concat([whole, Buffer.of(0)])), /tells of/);
    await writeFile(path(), whole.slice(0, whole.length - 1));
    await assert.rejects(SafetensorsFile.open(path()), CorruptArtifactError);
  });

  for (const [what, bytes, names] of [
    ['a header that is no JSON', fileOf('{"a":', 0), /not a JSON object/],
    ['a header that is a list', fileOf('[]', 0), /not a JSON object/],
    ['a header longer than the file', fileOf('{}', 0, 1e9), /header is cut off/],
    [
      'a dtype it does not know',
      fileOf('{"a":{"dtype":"Q8","shape":[1],"data_offsets":[0,1]}}', 1),
      /dtype Q8/,
    ],
    [
      "a size that is not the shape's",
      fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4),
      /another size/,
    ],
    ['a negative shape', fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4), /no shape/],
    ['no offsets', fileOf('{"a":{"dtype":"F32","shape":[1]}}', 4), /no offsets/],
    [
      'a hole between tensors',
      fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8),
      /does not follow/,
    ],
    ['an entry that is null', fileOf('{"a":null}', 0), /dtype undefined/],
  ] as const) {
    it(`are refused for ${what}`, () => {
      assert.throws(
        () => readSafetensors(bytes, 'x'),
        (error: unknown) => error instanceof CorruptArtifactError && names.test(error.message),
      );
    });
  }

  it('refuse data that do not fill their shape', () => {
    assert.throws(() => tensor(new Float32Array(5), [2, 3]), /does not hold 5 values/);
  });
});
