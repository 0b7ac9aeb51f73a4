import type { Manifest } from '../contracts/artifact.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import { CorruptArtifactError } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readColumns } from '../lake/parquet.ts';

/** Hours of one week of a year (1–53, the first seven days of January are week 1) and how many of them failed a check. */
export interface QualityWeek {
  year: number;
  week: number;
  hours: number;
  rejected: number;
  reasons: Record<string, number>;
}

export interface RegionQuality {
  region: RegionCode;
  hours: number;
  rejected: number;
  imputed: number;
  reasons: Record<string, number>;
  weeks: QualityWeek[];
}

/** Counts the verdicts on demand, as a feature may see it, of every region of a validated dataset. */
export async function readQuality(
  home: Home,
  validated: Manifest,
  regions: readonly string[],
): Promise<RegionQuality[]> {
  const result: RegionQuality[] = [];
  for (const region of regions) {
    const file = validated.files.find((candidate) => candidate.region === region);
    if (!file) {
      throw new CorruptArtifactError(
        `The validated dataset ${validated.key} has no region ${region}.`,
        'Run `validate` again.',
      );
    }
    const path = await verifiedPath(home, file);
    const columns = await readColumns(path, ['valid_at', 'demand_verdict', 'demand_imputed']);
    const { codes, labels } = columns.categories('demand_verdict');
    const verdicts = { validAt: columns.seconds('valid_at'), codes, labels };
    const imputed = columns.f64('demand_imputed').reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0);
    result.push({ region: regionCode.parse(region), imputed, ...countWeeks(verdicts) });
  }
  return result;
}

export function countWeeks(verdicts: {
  validAt: Float64Array;
  codes: Int32Array;
  labels: readonly string[];
}): Omit<RegionQuality, 'region' | 'imputed'> {
  const { validAt, codes, labels } = verdicts;
  const weeks = new Map<string, QualityWeek>();
  const reasons: Record<string, number> = {};
  let rejected = 0;
  for (let i = 0; i < validAt.length; i++) {
    const { year, week } = weekOf(validAt[i]!);
    const key = `${year}-${week}`;
    let entry = weeks.get(key);
    if (!entry) weeks.set(key, (entry = { year, week, hours: 0, rejected: 0, reasons: {} }));
    entry.hours += 1;
    const verdict = labels[codes[i]!] ?? 'no verdict';
    if (verdict === 'ok') continue;
    rejected += 1;
    entry.rejected += 1;
    entry.reasons[verdict] = (entry.reasons[verdict] ?? 0) + 1;
    reasons[verdict] = (reasons[verdict] ?? 0) + 1;
  }
  return { hours: validAt.length, rejected, reasons, weeks: [...weeks.values()] };
}

/** An hour belongs to the day in which it begins. */
function weekOf(validAt: number): { year: number; week: number } {
  const begin = validAt - 1;
  const year = new Date(begin * 1000).getUTCFullYear();
  return { year, week: Math.floor((begin - Date.UTC(year, 0, 1) / 1000) / (7 * 86_400)) + 1 };
}
