import { liveModel } from '../../backtest/forecast-model.ts';
import { newestDemand } from '../../backtest/newest-issue.ts';
import { newestRecord } from '../../backtest/newest-record.ts';
import { DEMAND_DELAY_HOURS } from '../../backtest/protocol.ts';
import { JUDGED_BY } from '../../backtest/forecast-record.ts';
import type { Manifest } from '../../contracts/artifact.ts';
import { driftInput, type DriftInput, type DriftResult } from '../../contracts/drift.ts';
import type { RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../../contracts/time.ts';
import { BadInputError, NoChampionError } from '../../errors.ts';
import { onceByKey, readManifest, writeContent } from '../../lake/artifacts.ts';
import { canonicalJson } from '../../lake/canonical.ts';
import type { Home } from '../../lake/home.ts';
import { noChampion, readChampion } from '../../registry/champion.ts';
import { readVersion, type ModelVersion } from '../../registry/versions.ts';
import type { StageContext } from '../../stages/context.ts';
import { backtestHours } from './baseline-hours.ts';
import type { DriftDocument } from './document.ts';
import { decide, factsOf, findingsOf } from './findings.ts';
import { renderDriftPage } from './page.ts';
import { readDrift } from './report.ts';
import { regionDrift, type Undecided } from './region-drift.ts';

/** Raised when the same model and record would give another report. */
const STAGE_VERSION = 3;
const MOST_FINDINGS = 50;

/**
 * Holds a model's newest hours against what it knows: its inputs, its answers, its errors, and its errors given the inputs,
 * of each region, by nothing that became known after `asOf`. Writes a drift manifest: file of role `report` (JSON,
 * `DriftDocument`) and file of role `page` (HTML).
 */
export async function checkDrift(context: StageContext, raw: DriftInput): Promise<DriftResult> {
  const input = driftInput.parse(raw);
  const { home } = context;
  const version = await versionOf(home, input);
  const { record } = version;
  const regions = regionsOf(version, input);
  const { reference: grid, manifest: gridManifest } = input.grid
    ? { reference: input.grid, manifest: await readManifest(home, input.grid, 'grid') }
    : await newestRecord(home, regions);
  const asOf = input.asOf ?? toHourStamp(await newestHour(home, gridManifest, regions));
  const { windowDays, thresholds } = input;
  const work = {
    kind: 'drift' as const,
    stage: 'checkDrift',
    version: STAGE_VERSION,
    settings: { regions, asOf, windowDays, thresholds, judged: JUDGED_BY },
    inputs: [
      version.model,
      ...(version.forecaster ? [version.forecaster] : []),
      record.lineage.backtest,
      grid,
    ],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const watched = {
      home,
      grid: gridManifest,
      model: await liveModel(home, version),
      backtest: await backtestHours(home, record),
    };
    const found: Undecided[] = [];
    for (const region of regions) {
      context.signal.throwIfAborted();
      const done = found.length;
      context.progress({ stage: 'drift', done, total: regions.length, unit: 'regions', note: region });
      found.push(await regionDrift(watched, region, fromHourStamp(asOf), input));
    }
    const document = documentOf(found, {
      model: { name: record.name, version: record.version },
      asOf,
      input,
    });
    const folder = `drift/${key}`;
    const report = await writeContent(home, folder, 'json', `${canonicalJson(document)}\n`);
    const page = await writeContent(home, folder, 'html', renderDriftPage(document));
    return {
      files: [
        { ...report, role: 'report' },
        { ...page, role: 'page' },
      ],
      rows: document.findings.length,
      details: { name: record.name, version: record.version, asOf },
    };
  });
  const { model, findings, facts } = (await readDrift(home, manifest)).document;
  const drifted = findings.length > 0;
  return {
    dataset: reference,
    reused,
    model,
    asOf,
    drifted,
    findings: findings.slice(0, MOST_FINDINGS),
    facts,
  };
}

function documentOf(
  found: readonly Undecided[],
  { model, asOf, input }: { model: DriftDocument['model']; asOf: string; input: DriftInput },
): DriftDocument {
  const { windowDays, thresholds } = input;
  const regions = decide(found, thresholds);
  const findings = findingsOf(regions);
  return { model, asOf, windowDays, thresholds, regions, findings, facts: factsOf(regions, findings) };
}

async function versionOf(home: Home, { name, version }: DriftInput): Promise<ModelVersion> {
  if (version !== undefined) return readVersion({ home }, { name, version });
  const champion = await readChampion({ home }, { name });
  if (champion) return readVersion({ home }, champion);
  throw await noChampion(home, name, NoChampionError);
}

function regionsOf({ record }: ModelVersion, { regions }: DriftInput): RegionCode[] {
  if (record.series) {
    throw new BadInputError(
      `${record.name} version ${record.version} forecasts a series of its own, not the grid.`,
      'Name a model of the grid, or compare two tables with `drift --reference FILE --current FILE`.',
    );
  }
  const known = record.metrics.map(({ region }) => region);
  const strange = regions?.find((region) => !known.includes(region));
  if (strange === undefined) return regions ?? known;
  throw new BadInputError(
    `${record.name} version ${record.version} does not know ${strange}.`,
    `It was trained on ${known.join(', ')}: name these.`,
  );
}

/** The moment at which the newest hour of demand of any region is known. */
async function newestHour(home: Home, grid: Manifest, regions: readonly RegionCode[]): Promise<number> {
  const newest: number[] = [];
  for (const region of regions) newest.push((await newestDemand(home, grid, region)).validAt);
  return Math.max(...newest) + DEMAND_DELAY_HOURS * HOUR_SECONDS;
}
