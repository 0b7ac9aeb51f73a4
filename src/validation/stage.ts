import type { Manifest } from '../contracts/artifact.ts';
import type { StageResult, ValidationInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, firstHourOf, fromHourStamp, lastHourOf } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { onceByKey, readManifest, referTo } from '../lake/artifacts.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { writeColumns } from '../lake/parquet.ts';
import type { StageContext } from '../stages/context.ts';
import type { RegionAccount } from './account.ts';
import { IMPUTATION } from './imputation.ts';
import { writeQuarantine } from './quarantine.ts';
import { readRows } from './region-rows.ts';
import { rulesWith, type Rules } from './rules.ts';
import { validateTable, type ValidatedTable } from './table.ts';

/** Raised when the same rows and rules would give another table. */
export const VALIDATION_VERSION = 1;
/** A region's table and quarantine, ten years of hours, with room to spare. */
const BYTES_PER_REGION = 16 * 2 ** 20;

/** The `report` file of a validated dataset. */
export interface ValidationReport {
  rules: Rules;
  imputation: typeof IMPUTATION;
  regions: RegionAccount[];
}

/**
 * Judges every region of a grid dataset and writes its validated table, its quarantine and one report.
 *
 * @throws BadInputError when the period ends before it starts
 * @throws MissingDataError when the dataset, a region, or the period in it is not there
 */
export async function validate(context: StageContext, input: ValidationInput): Promise<StageResult> {
  const { home } = context;
  const rules = rulesWith(input.rules);
  const grid = await readManifest(home, input.dataset, 'grid');
  const period = input.period && {
    from: firstHourOf(input.period.from),
    to: lastHourOf(input.period.to),
  };
  if (period && period.to < period.from) {
    throw new BadInputError(
      `The period ends (${input.period?.to}) before it starts (${input.period?.from}).`,
      'Give the earlier date first.',
    );
  }
  const { asOf } = input;
  const work = {
    kind: 'validated' as const,
    stage: 'validate',
    version: VALIDATION_VERSION,
    settings: {
      regions: input.regions,
      period: input.period ?? null,
      rules,
      imputation: IMPUTATION,
      ...(asOf !== undefined && { asOf }),
    },
    inputs: [input.dataset],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    await home.requireFreeSpace(input.regions.length * BYTES_PER_REGION, 'Validation');
    const tables: Manifest['files'] = [];
    const quarantines: Manifest['files'] = [];
    const accounts: RegionAccount[] = [];
    for (const region of input.regions) {
      context.signal.throwIfAborted();
      context.progress({
        stage: 'validate',
        done: accounts.length,
        total: input.regions.length,
        unit: 'regions',
        note: region,
      });
      const rows = await readRows(home, grid, region, input);
      if (asOf !== undefined && rows.length === 0) {
        throw new MissingDataError(`Nothing of ${region} was known at ${asOf}.`, 'Name a later moment.');
      }
      // The row that stands for the moment is there even where nothing of it has been published yet.
      const until = asOf === undefined ? undefined : fromHourStamp(asOf) - HOUR_SECONDS;
      const table = validateTable(region, rows, { rules, period, until });
      if (table.hours === 0) {
        const span = input.period ? `hours from ${input.period.from} to ${input.period.to}` : 'usable rows';
        throw new MissingDataError(
          `${region} has no ${span}.`,
          'Choose a period that the dataset has, or ingest it.',
        );
      }
      const files = await writeTable(context, key, table);
      tables.push({ ...files.table, region });
      // Without a region of their own, so that a region names one file: its table.
      quarantines.push({ ...files.quarantine, role: 'quarantine' });
      accounts.push(table.account);
    }
    const report = await writeReport(context, key, { rules, imputation: IMPUTATION, regions: accounts });
    context.progress({
      stage: 'validate',
      done: accounts.length,
      total: input.regions.length,
      unit: 'regions',
    });
    return {
      files: [...tables, ...quarantines, { ...report, role: 'report' }],
      rows: tables.reduce((sum, { rows = 0 }) => sum + rows, 0),
      details: summarise(accounts, quarantines),
    };
  });
  return { dataset: reference, reused, facts: factsOf(manifest) };
}

async function writeTable({ home }: StageContext, key: string, table: ValidatedTable) {
  const tableUri = `validated/${key}/region=${table.region}.parquet`;
  const quarantineUri = `quarantine/${key}/region=${table.region}.parquet`;
  const rows = await writeColumns(home.path(tableUri), table.columns);
  const refused = await writeQuarantine(home.path(quarantineUri), table.quarantine);
  return {
    table: await referTo(home, tableUri, rows),
    quarantine: await referTo(home, quarantineUri, refused),
  };
}

async function writeReport({ home }: StageContext, key: string, report: ValidationReport) {
  const uri = `validated/${key}/report.json`;
  await writeFileAtomic(home.path(uri), `${canonicalJson(report)}\n`);
  return referTo(home, uri);
}

/** What a reader wants to know without opening the report. */
function summarise(accounts: readonly RegionAccount[], quarantines: Manifest['files']): Manifest['details'] {
  return {
    regions: accounts.map(({ region, from, to, hours, lastDemandHour, series, final, scorable }, i) => ({
      region,
      from,
      to,
      hours,
      lastDemandHour,
      demand: series.D ?? {},
      final,
      scorable,
      quarantined: quarantines[i]?.rows ?? 0,
    })),
  };
}

function factsOf({ rows, files, details }: Manifest): StageResult['facts'] {
  const regions = details.regions as { demand: { ok?: number }; hours: number }[];
  const ok = regions.reduce((sum, { demand }) => sum + (demand.ok ?? 0), 0);
  const quarantined = files.filter(({ role }) => role === 'quarantine');
  return {
    regions: regions.length,
    hours: rows,
    demandOkPercent: rows === 0 ? null : Number(((100 * ok) / rows).toFixed(2)),
    quarantinedRows: quarantined.reduce((sum, file) => sum + (file.rows ?? 0), 0),
  };
}
