import assert from 'node:assert/strict';
import fc from 'fast-check';
import pl from 'nodejs-polars';
import { ArrowBatch, BatchMemory } from '../../src/features/arrow-batch.ts';

describe('Arrow batches', () => {
  it('reach polars with values, nulls, text and times as they were put in', () => {
    const memory = new BatchMemory();
    const numbers = fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(numbers, fc.boolean(), (values, wide) => {
        const rows = values.length;
        const labels = ['', 'é', 'winter'];
        const batch = new ArrowBatch(
          [
            { name: 'at', type: 'timestamp', seconds: Float64Array.from(values, (_, i) => 3600 * i) },
            { name: 'x', type: wide ? 'float64' : 'float32' },
            { name: 'text', type: 'utf8', codes: Uint8Array.from(values, (_, i) => i % 3), labels },
            { name: 'y', type: 'float64' },
          ],
          rows,
          memory,
        );
        batch.store(1, Float64Array.from(values));
        batch.store(
          3,
          Float64Array.from(values).toReversed(),
          Int32Array.from(values, (_, i) => rows - 1 - i),
        );
        const frame = pl.readIPCStream(batch.finish());
        const kept = (value: number) => (Number.isFinite(value) ? value : null);
        assert.deepEqual(frame.getColumn('y').toArray(), values.map(kept));
        assert.deepEqual(
          frame.getColumn('x').toArray(),
          values.map((value) => kept(wide ? value : Math.fround(value))),
        );
        assert.deepEqual(
          frame.getColumn('text').toArray(),
          values.map((_, i) => labels[i % 3]),
        );
        assert.deepEqual(
          frame.getColumn('at').cast(pl.Int64).toArray().map(Number),
          values.map((_, i) => 3600e6 * i),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('are copied by polars, so that their memory can be used again', () => {
    const memory = new BatchMemory();
    const make = (value: number) => {
      const batch = new ArrowBatch([{ name: 'x', type: 'float64' }], 100, memory);
      batch.store(0, new Float64Array(100).fill(value));
      return pl.readIPCStream(batch.finish());
    };
    const first = make(1);
    make(2);
    assert.equal(first.getColumn('x').sum(), 100);
  });
});
