import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { REGIONS, type RegionCode } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf } from '../../src/contracts/time.ts';
import { issueTensors } from '../../src/day-ahead/codec.ts';
import type { IssueTable } from '../../src/day-ahead/issue-table.ts';
import type { FitData, FittedForecaster, Forecaster } from '../../src/forecasters/forecaster.ts';
import { referTo, writeManifest } from '../../src/lake/artifacts.ts';
import { tensor, writeSafetensors } from '../../src/lake/safetensors.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { issueFor } from '../../src/backtest/protocol.ts';

export const TRAIN = { from: '2018-01', to: '2018-02' };
export const SCORE = { from: '2018-03-01', to: '2018-03-20' };
const PROTOCOL = { issueHourLocal: 10, demandDelayHours: 1 };

/** Demand in MW of an hour's end: a day, a week, and a wobble that nobody could know. */
export const demandAt = (seconds: number) => {
  const hour = seconds / HOUR_SECONDS;
  const wobble = Math.sin(hour * 12.9898) * 43758.5453;
  return (
    2000 *
    (1 +
      0.2 * Math.sin((2 * Math.PI * hour) / 24) +
      0.05 * Math.sin((2 * Math.PI * hour) / 168) +
      0.04 * (wobble - Math.floor(wobble) - 0.5))
  );
};

/** Every local day from `from` to `to` as an issue; one column, the target's hour. */
export function issueTable(region: RegionCode, from: number, to: number): IssueTable {
  const { standardOffsetHours } = REGIONS[region];
  const protocol = { ...PROTOCOL, standardOffsetHours };
  const firstDay = Math.ceil((from / HOUR_SECONDS + standardOffsetHours - 1) / 24);
  const days = Math.floor((to / HOUR_SECONDS + standardOffsetHours) / 24) - firstDay;
  const first = (firstDay * 24 + 1 - standardOffsetHours) * HOUR_SECONDS;
  const cells = Array.from({ length: days * 24 }, (_, i) => issueFor(first + i * HOUR_SECONDS, protocol));
  const each = (value: (hour: (typeof cells)[number]) => number) => Float64Array.from(cells, value);
  const issues = Array.from({ length: days }, (_, i) => cells[i * 24]!);
  return {
    region,
    issuedAt: Float64Array.from(issues, ({ issuedAt }) => issuedAt),
    standingAt: Float64Array.from(issues, ({ newestKnown }) => newestKnown),
    horizon: 24,
    columns: [{ name: 'hour', group: 'calendar' }],
    features: Float32Array.from(cells, ({ localHour }) => localHour),
    validAt: each(({ validAt }) => validAt),
    base: each(() => 2000),
    actual: each(({ validAt }) => demandAt(validAt)),
    operator: each(({ validAt }) => demandAt(validAt) * 1.03),
    latestKnown: each(({ validAt }) => demandAt(validAt - 48 * HOUR_SECONDS)),
    persistence48: each(({ validAt }) => demandAt(validAt - 48 * HOUR_SECONDS)),
    persistence168: each(({ validAt }) => demandAt(validAt - 168 * HOUR_SECONDS)),
  };
}

/** A sequences dataset with issue tables, of the form the stage writes; `spoil` changes a table before it is written. */
export async function rollingSequences(
  { home }: StageContext,
  regions: RegionCode[] = ['PACW', 'MISO'],
  spoil: (table: IssueTable) => void = () => {},
): Promise<ArtifactReference> {
  const [from, to] = [firstHourOf(TRAIN.from), lastHourOf(SCORE.to)];
  const hours = (to - from) / HOUR_SECONDS + 1;
  const validAt = Array.from({ length: hours }, (_, i) => from + i * HOUR_SECONDS);
  const demand = Float32Array.from(validAt, demandAt);
  const files = [];
  for (const region of regions) {
    const table = issueTable(region, from, to);
    spoil(table);
    const uri = `sequences/rolling/region=${region}.safetensors`;
    await writeSafetensors(home.path(uri), {
      inputs: tensor(new Float32Array(hours), [hours, 1]),
      valid_at: tensor(BigInt64Array.from(validAt, BigInt), [hours]),
      demand_known: tensor(demand, [hours]),
      demand_final: tensor(demand, [hours]),
      forecast: tensor(demand, [hours]),
      ...issueTensors(table),
    });
    files.push({ ...(await referTo(home, uri, hours)), region, role: 'region' });
  }
  const columns = [{ name: 'hour', group: 'calendar' }];
  return writeManifest(home, {
    formatVersion: 1,
    kind: 'sequences',
    key: '0123456789abcdef',
    madeBy: { stage: 'cutSequences', version: 1, settings: {} },
    inputs: [],
    files,
    rows: hours * regions.length,
    details: {
      ...{ channels: ['row'], sequenceLength: 504, horizon: 48, train: TRAIN, score: SCORE },
      issues: { columns, horizon: 24, issueHourLocal: 10, operator: true, weather: false },
    },
  });
}

export const LEVELS = [0.05, 0.1, 0.5, 0.9, 0.95];

/**
 * The mean of each target hour in what it was fitted on, moved by the seed; its interval is as wide as the errors were.
 * `seen` is told what each fit was given.
 */
export function meanForecaster(name: string, seen: (data: FitData) => void = () => {}): Forecaster {
  return {
    name,
    async fit(data, { seed }) {
      seen(data);
      const means = data.tables.map(({ actual, horizon }) =>
        Array.from({ length: horizon }, (_, h) => {
          const values = actual.filter((mw, cell) => cell % horizon === h && mw > 0);
          return values.reduce((sum, mw) => sum + mw, 0) / values.length;
        }),
      );
      const fitted: FittedForecaster = {
        name,
        levels: LEVELS,
        async predict(table) {
          const own = means[data.tables.findIndex(({ region }) => region === table.region)]!;
          return Float64Array.from({ length: table.base.length * LEVELS.length }, (_, i) => {
            const middle = own[Math.floor(i / LEVELS.length) % table.horizon]! * (1 + seed / 1000);
            return middle * (1 + 0.08 * (LEVELS[i % LEVELS.length]! - 0.5));
          });
        },
        save: () => new Uint8Array(),
      };
      return fitted;
    },
    load: () => {
      throw new Error('Nothing is saved here.');
    },
  };
}
