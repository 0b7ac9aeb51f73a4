import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import { writeColumns } from '../../src/lake/parquet.ts';

/** `HOME bytes|columns` writes a file larger than this process may, and prints what it is told. */
const [root, kind] = process.argv.slice(2) as [string, string];
const path = join(root, 'big.parquet');
try {
  if (kind === 'bytes') await writeFileAtomic(path, new Uint8Array(1_000_000));
  else {
    const values = Float64Array.from({ length: 100_000 }, (_unused, i) => Math.sin(i));
    await writeColumns(path, { value: { type: 'f64', values } });
  }
  process.stdout.write('written');
} catch (error) {
  process.stdout.write(`${(error as Error).name}: ${messageOf(error)}`);
}
