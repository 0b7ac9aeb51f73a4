import assert from 'node:assert/strict';
import type { Manifest } from '../../src/contracts/artifact.ts';
import type { FeaturesInput } from '../../src/contracts/stages.ts';
import { MissingDataError } from '../../src/errors.ts';
import { engineerFeatures } from '../../src/features/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { readFrame } from '../../src/lake/parquet.ts';
import { validate } from '../../src/validation/stage.ts';
import { openGridHome, writeGrid, type GridHome } from '../validation/grid-home.ts';
import { values } from './frames.ts';
import { shippedRows } from './validated.ts';

describe('the features stage with weather', () => {
  let opened: GridHome;
  before(async () => (opened = await openGridHome()));
  after(() => opened.remove());

  const validated = async (...regions: ('CISO' | 'MISO')[]) => {
    const rows = await Promise.all(regions.map((region) => shippedRows(region, '2019-07-01T01', 200)));
    const dataset = await writeGrid(
      opened.context.home,
      Object.fromEntries(regions.map((region, i) => [region, rows[i]!])),
    );
    return (await validate(opened.context, { dataset, regions })).dataset;
  };
  const make = async (input: Omit<FeaturesInput, 'dtype'>): Promise<Manifest> => {
    const { dataset } = await engineerFeatures(opened.context, { ...input, dtype: 'float32' });
    return readManifest(opened.context.home, dataset, 'features');
  };
  const table = ({ files }: Manifest, region: string) =>
    readFrame(opened.context.home.path(files.find((file) => file.region === region)!.uri));

  it('adds columns where there are runs, and is another dataset by their hashes', async () => {
    const dataset = await validated('CISO', 'MISO');
    const without = await make({ dataset });
    const added = await make({ dataset, weather: 'shipped' });
    assert.notEqual(added.key, without.key);
    assert.ok(!Object.hasOwn(without.madeBy.settings as object, 'weather'));
    const optional = added.details['optional'] as Record<string, string[]>;
    assert.equal(optional['CISO']!.filter((name) => name.startsWith('weather_')).length, 10);
    assert.ok(!optional['MISO']!.some((name) => name.startsWith('weather_')));
    const bare = (manifest: Manifest) => manifest.files.find(({ region }) => region === 'MISO')!.sha256;
    assert.equal(bare(added), bare(without), 'a region without runs has the same table');
    const kelvin = values(await table(added, 'CISO'), 'weather_temperature_k') as number[];
    assert.ok(kelvin.every((value) => value > 270 && value < 320));
    assert.ok(!(await table(without, 'CISO')).columns.includes('weather_temperature_k'));
  });

  it('is refused where no region has runs', async () => {
    const dataset = await validated('MISO');
    await assert.rejects(make({ dataset, weather: 'shipped' }), (error: unknown) => {
      assert.ok(error instanceof MissingDataError);
      return /no weather forecasts of MISO/.test(error.message);
    });
  });
});
