import type { ArtifactReference } from '../contracts/artifact.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import type { ReplayInput } from '../contracts/stages.ts';
import { readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { readQuarantine } from './quarantine.ts';
import { readRows, type RowChoice } from './region-rows.ts';
import { rejudge } from './replay.ts';
import { rulesWith, type Verdict } from './rules.ts';

/** Rows that were refused for one reason, and how many of them changed rules would let in. */
export interface ReplayedRows {
  region: RegionCode;
  verdict: Verdict;
  quarantined: number;
  wouldPass: number;
}

export interface ReplayResult {
  dataset: ArtifactReference;
  quarantined: number;
  wouldPass: number;
  /** By region and the verdict of then, in the dataset's order; a region without refused rows has none. */
  rows: ReplayedRows[];
}

/**
 * Judges the rows in a validated dataset's quarantine again, among all rows of their region, under changed rules.
 * Nothing is written: to let the pardoned ones in, `validate` with the same rules.
 */
export async function replayQuarantine(context: StageContext, input: ReplayInput): Promise<ReplayResult> {
  const { home } = context;
  const rules = rulesWith(input.rules);
  const validated = await readManifest(home, input.dataset, 'validated');
  const grid = await readManifest(home, validated.inputs[0]!, 'grid');
  const quarantines = validated.files.filter(({ role }) => role === 'quarantine');
  const rows: ReplayedRows[] = [];
  for (const [done, file] of quarantines.entries()) {
    context.signal.throwIfAborted();
    const region = regionCode.parse(/region=([A-Z]+)\.parquet$/.exec(file.uri)?.[1]);
    context.progress({ stage: 'replay', done, total: quarantines.length, unit: 'regions', note: region });
    const quarantined = await readQuarantine(await verifiedPath(home, file));
    if (quarantined.length === 0) continue;
    const all = await readRows(home, grid, region, validated.madeBy.settings as RowChoice);
    const judged = Object.groupBy(rejudge(quarantined, all, rules), ({ verdict }) => verdict);
    for (const [verdict, group = []] of Object.entries(judged)) {
      const wouldPass = group.filter(({ verdictNow }) => verdictNow === 'ok').length;
      rows.push({ region, verdict: verdict as Verdict, quarantined: group.length, wouldPass });
    }
  }
  const sum = (count: 'quarantined' | 'wouldPass') => rows.reduce((total, row) => total + row[count], 0);
  return { dataset: input.dataset, quarantined: sum('quarantined'), wouldPass: sum('wouldPass'), rows };
}
