import assert from 'node:assert/strict';
import { newestRecord } from '../../src/backtest/newest-record.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { writeContent, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from './sample-home.ts';

type Reach = { lastHour: string; present: number };

async function grid({ home }: StageContext, name: string, reaches: Partial<Record<RegionCode, Reach>>) {
  const regions = Object.entries(reaches) as [RegionCode, Reach][];
  const files = await Promise.all(
    regions.map(async ([region]) => ({
      ...(await writeContent(home, 'grid', 'parquet', `${name} ${region}`)),
      region,
      rows: 10,
    })),
  );
  const account = regions.map(([region, reach]) => ({
    region,
    series: 'D',
    missing: 0,
    revised: 0,
    quarantined: 0,
    firstHour: '2015-07-01T08',
    ...reach,
  }));
  return writeManifest(home, {
    formatVersion: 1,
    kind: 'grid',
    key: workKey(name),
    madeBy: { stage: 'test', version: 1, settings: {} },
    inputs: [],
    files,
    rows: files.length * 10,
    details: { account },
  });
}

describe('the newest record', () => {
  it('is not hidden by a later ingestion of one month or of one region', () =>
    withHome(async (context) => {
      const whole = await grid(context, 'whole', {
        PACW: { lastHour: '2024-12-31T23', present: 83_000 },
        ERCO: { lastHour: '2024-12-31T23', present: 83_000 },
      });
      await grid(context, 'one month', { PACW: { lastHour: '2024-02-01T00', present: 744 } });
      await grid(context, 'one region, part of it', { ERCO: { lastHour: '2024-12-31T23', present: 9 } });
      const { reference } = await newestRecord(context.home, ['PACW', 'ERCO']);
      assert.equal(reference.sha256, whole.sha256);
    }));

  it('joins datasets of different regions, the same each time', () =>
    withHome(async (context) => {
      const reach = { lastHour: '2024-12-31T23', present: 83_000 };
      await grid(context, 'west', { PACW: reach });
      await grid(context, 'south', { ERCO: reach });
      const { reference, manifest } = await newestRecord(context.home, ['ERCO', 'PACW']);
      assert.deepEqual(
        manifest.files.map(({ region }) => region),
        ['ERCO', 'PACW'],
      );
      assert.deepEqual((await newestRecord(context.home, ['ERCO', 'PACW'])).reference, reference);
    }));

  it('names a manifest that does not say how far it reaches', () =>
    withHome(async (context) => {
      const { uri } = await grid(context, 'odd', { PACW: { lastHour: 7 as never, present: 83_000 } });
      await assert.rejects(newestRecord(context.home, ['PACW']), {
        name: 'CorruptArtifactError',
        message: new RegExp(`^${uri} does not say how far its record reaches \\(0\\.lastHour: `),
        cure: /`ingest` again/,
      });
    }));

  it('names every region that is nowhere', () =>
    withHome(async (context) => {
      await grid(context, 'west', { PACW: { lastHour: '2024-12-31T23', present: 83_000 } });
      await assert.rejects(newestRecord(context.home, ['PACW', 'MISO', 'CAL']), {
        message: /holds no demand of MISO, CAL/,
        cure: /ingest --regions MISO,CAL/,
      });
    }));
});
