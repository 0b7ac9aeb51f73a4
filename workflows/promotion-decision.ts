import type { PipelineInput } from '../src/contracts/pipeline.ts';
import type { RegionScore } from '../src/contracts/stages.ts';

export interface PromotionDecision {
  promote: boolean;
  reason: string;
}

/** The champion's scores on the same hours; null when there is no champion. */
export interface Rival {
  version: number;
  scores: RegionScore[];
  /** Why it could not be scored on them, where that is so. */
  unscorable?: string;
}

/** Whether a candidate becomes champion, and why, in a sentence for the audit. */
export function decidePromotion(
  policy: PipelineInput['promote'],
  scores: readonly RegionScore[],
  rival: Rival | null,
): PromotionDecision {
  if (policy === 'never') return { promote: false, reason: 'Not promoted: the run was told never to.' };
  if (policy === 'always')
    return { promote: true, reason: 'Promoted: the run was told to, whatever the scores.' };
  const losing = scores.filter(({ beatsBaselines }) => !beatsBaselines).map(({ region }) => region);
  if (losing.length > 0 || scores.length === 0) {
    return {
      promote: false,
      reason: `Not promoted: a persistence is better in ${losing.join(', ') || 'all regions'}.`,
    };
  }
  if (!rival) return { promote: true, reason: 'Promoted: it beats every persistence in every region.' };
  return compareWith(rival, scores);
}

function compareWith(rival: Rival, scores: readonly RegionScore[]): PromotionDecision {
  if (rival.unscorable !== undefined) {
    return {
      promote: false,
      reason: `Not promoted: the champion, version ${rival.version}, cannot be scored on the same hours. ${rival.unscorable}`,
    };
  }
  const shared = scores.filter(({ region }) => rival.scores.some((score) => score.region === region));
  const regions = shared.map(({ region }) => region);
  const ours = meanMape(shared);
  const theirs = meanMape(rival.scores.filter(({ region }) => regions.includes(region)));
  if (ours === null || theirs === null) {
    return {
      promote: false,
      reason: `Not promoted: it shares no scored region with the champion, version ${rival.version}.`,
    };
  }
  const figures = `mean MAPE ${ours.toFixed(3)} % against ${theirs.toFixed(3)} % of version ${rival.version}`;
  return ours < theirs
    ? { promote: true, reason: `Promoted: ${figures}.` }
    : { promote: false, reason: `Not promoted: ${figures}.` };
}

function meanMape(scores: readonly RegionScore[]): number | null {
  const values = scores.flatMap(({ mape }) => (typeof mape.model === 'number' ? [mape.model] : []));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
