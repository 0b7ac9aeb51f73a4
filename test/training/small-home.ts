import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { trainingSettings, type SegmentInput, type TrainingSettings } from '../../src/contracts/training.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { loadConfig } from '../../src/config/config.ts';
import { issueTensors } from '../../src/day-ahead/codec.ts';
import type { IssueColumn, IssueTable } from '../../src/day-ahead/issue-table.ts';
import type { IssueDetails } from '../../src/day-ahead/read.ts';
import { referTo, writeContent, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import { Home } from '../../src/lake/home.ts';
import { tensor, writeSafetensors } from '../../src/lake/safetensors.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { fitIssueScaling, type IssueScaling } from '../../src/sequences/issue-scaling.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';

export const HOURS = 600;
export const LENGTH = 90;
export const CHANNELS = ['level', 'sine', 'cosine', 'noise'];
const FIRST = Date.UTC(2017, 0, 1, 1) / 1000;

const COLUMNS: IssueColumn[] = [
  { name: 'yesterday', group: 'lags' },
  { name: 'odd_day', group: 'calendar' },
  { name: 'noise', group: 'recent' },
  { name: 'morning', group: 'recent', profile: true },
];
export const ISSUE_DETAILS: IssueDetails = {
  columns: COLUMNS,
  horizon: 24,
  issueHourLocal: 10,
  operator: false,
  weather: false,
};

/**
 * An issue a day of invented demand: what it was a day and two days before, of which two days before is the better guess,
 * as every second day is another.
 */
function smallIssues(region: string, demand: Float32Array, final: Float32Array): IssueTable {
  const days = Math.floor(demand.length / 24) - 3;
  const noise = gaussians(randomOf('issues', region), days * 24, 1);
  const cells = <T>(value: (hour: number, cell: number) => T) =>
    Array.from({ length: days * 24 }, (_, cell) => value(cell + 3 * 24, cell));
  const log = (hour: number) => Math.log(demand[hour]!);
  const series = (back: number) => Float64Array.from(cells((hour) => demand[hour - back]!));
  return {
    region,
    ...{ horizon: 24, columns: COLUMNS },
    issuedAt: Float64Array.from({ length: days }, (_, day) => FIRST + (day * 24 + 58) * HOUR_SECONDS),
    standingAt: Float64Array.from({ length: days }, (_, day) => FIRST + (day * 24 + 57) * HOUR_SECONDS),
    features: Float32Array.from(
      cells((hour, cell) => {
        const morning = Math.floor(hour / 24) * 24 - 17;
        return [
          log(hour - 24) - log(hour - 48),
          Math.floor(hour / 24) % 2,
          noise[cell]!,
          log(morning) - log(morning - 24),
        ];
      }).flat(),
    ),
    validAt: Float64Array.from(cells((hour) => FIRST + hour * HOUR_SECONDS)),
    base: series(48),
    actual: Float64Array.from(cells((hour) => final[hour]!)),
    operator: new Float64Array(days * 24).fill(Number.NaN),
    latestKnown: series(48),
    persistence48: series(48),
    persistence168: new Float64Array(days * 24).fill(Number.NaN),
  };
}

const made: string[] = [];
after(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));

/** Two regions of invented demand, every second day another, small enough that a step takes milliseconds. */
export async function smallHome(
  sequenceLength = LENGTH,
  hours = HOURS,
  { issues = false } = {},
): Promise<{ home: Home; sequences: ArtifactReference }> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-training-')));
  made.push(home.root);
  const key = workKey({ sequenceLength, hours, issues });
  const files = [];
  const regions = ['ERCO', 'MISO'];
  const scalings: IssueScaling['regions'] = {};
  for (const region of regions) {
    const noise = gaussians(randomOf('demand', region), hours, 0.03);
    const demand = Float32Array.from(
      { length: hours },
      (_, t) =>
        1000 *
        Math.exp(0.2 * Math.sin((2 * Math.PI * t) / 24) + 0.1 * Math.sin((2 * Math.PI * t) / 48) + noise[t]!),
    );
    const final = demand.slice();
    final.fill(Number.NaN, 200, 205);
    const inputs = new Float32Array(hours * CHANNELS.length);
    for (let t = 0; t < hours; t++) {
      const angle = (2 * Math.PI * t) / 48;
      inputs.set(
        [10 * (demand[t]! / 1000 - 1), Math.sin(angle), Math.cos(angle), noise[(t * 7) % hours]! * 30],
        t * 4,
      );
    }
    const table = issues ? smallIssues(region, demand, final) : undefined;
    if (table) scalings[region] = fitIssueScaling(table);
    const uri = `sequences/${key}/region=${region}.safetensors`;
    await writeSafetensors(home.path(uri), {
      inputs: tensor(inputs, [hours, CHANNELS.length]),
      valid_at: tensor(
        BigInt64Array.from({ length: hours }, (_, t) => BigInt(FIRST + t * HOUR_SECONDS)),
        [hours],
      ),
      demand_known: tensor(demand, [hours]),
      demand_final: tensor(final, [hours]),
      forecast: tensor(new Float32Array(hours).fill(Number.NaN), [hours]),
      ...(table && issueTensors(table)),
    });
    files.push({ ...(await referTo(home, uri, hours)), region, role: 'region' });
  }
  const normaliser = {
    ...{ formatVersion: 1, columns: CHANNELS, catalogueHash: '', dtype: 'float32', horizon: 30, clip: 8 },
    regions: {},
    issues: { ...ISSUE_DETAILS, regions: scalings },
  };
  for (const [role, json] of [
    ['normaliser', issues ? JSON.stringify(normaliser) : '{"normaliser":1}'],
    ['catalogue', '{"catalogue":1}'],
  ] as const) {
    files.push({ ...(await writeContent(home, `sequences/${key}`, 'json', json)), role });
  }
  const starts = Array.from(
    { length: Math.max(1, Math.floor((hours - sequenceLength - 24) / 70)) },
    (_, i) => 24 + 70 * i,
  );
  const sequences = await writeManifest(home, {
    formatVersion: 1,
    kind: 'sequences',
    key,
    madeBy: { stage: 'sequences', version: 1, settings: {} },
    inputs: [],
    files,
    rows: 2 * hours,
    details: {
      channels: CHANNELS,
      frozen: [],
      sequenceLength,
      stride: 70,
      horizon: 30,
      train: { from: '2017-01', to: '2018' },
      score: { from: '2018', to: '2018' },
      regions,
      windows: Object.fromEntries(regions.map((region) => [region, starts])),
      ...(issues && { issues: ISSUE_DETAILS }),
    },
  });
  return { home, sequences };
}

export const smallSettings = (more: Partial<TrainingSettings> = {}): TrainingSettings =>
  trainingSettings.parse({
    width: 16,
    heads: 2,
    layers: 2,
    maxSteps: 6,
    budgetMinutes: 60,
    checkpointEverySteps: 100,
    ...more,
  });

export function segmentOf(
  sequences: ArtifactReference,
  settings: TrainingSettings,
  more: Partial<SegmentInput> = {},
): Omit<SegmentInput, 'rank' | 'worldSize' | 'peers' | 'epoch'> {
  return { runId: 'run', sequences, settings, secondsUsed: 0, segmentSeconds: 600, ...more };
}

export const contextOf = (home: Home): StageContext => ({
  home,
  config: loadConfig({ home: home.root }, { environment: {} }),
  signal: new AbortController().signal,
  progress: () => undefined,
  log: silentLogger,
});
