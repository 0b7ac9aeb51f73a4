import type { SeriesBacktestResult, SeriesPipelineInput, SeriesPlan } from '../src/contracts/series.ts';
import type { SeriesRival } from '../activities/series.ts';

const LEARNED = ['linear', 'transformer', 'blend'];

/**
 * Whether a new version takes the champion's place: it must err less than everything that needs no training, and
 * less than the champion where both were scored on the same windows of the same series.
 */
export function decideSeriesPromotion(
  when: SeriesPipelineInput['promote'],
  { chosen, scores }: SeriesBacktestResult,
  { series, horizon, split, context }: SeriesPlan,
  rival: SeriesRival | null,
): { promote: boolean; reason: string } {
  if (when === 'never') return { promote: false, reason: 'Not promoted: asked never to.' };
  if (when === 'always') return { promote: true, reason: 'Promoted: asked always to.' };
  const own = scores.find(({ forecaster }) => forecaster === chosen)!.test.mse;
  const better = scores.find(({ forecaster, test }) => !LEARNED.includes(forecaster) && test.mse <= own);
  if (better) {
    const reason = `Not promoted: ${better.forecaster} errs less on the test part (MSE ${spell(better.test.mse)}, ${chosen} ${spell(own)}).`;
    return { promote: false, reason };
  }
  if (!rival)
    return {
      promote: true,
      reason: `Promoted: ${chosen} beats every baseline (MSE ${spell(own)}), and there was no champion.`,
    };
  const comparable =
    rival.seriesSha256 === series.sha256 &&
    rival.horizon === horizon &&
    rival.context === context &&
    JSON.stringify(rival.split) === JSON.stringify(split);
  if (!comparable) {
    const reason = `Not promoted: the champion, version ${rival.version}, was scored on other windows. --promote always puts the new one in its place.`;
    return { promote: false, reason };
  }
  return own < rival.mse
    ? {
        promote: true,
        reason: `Promoted: MSE ${spell(own)} on the test part, the champion's ${spell(rival.mse)}.`,
      }
    : {
        promote: false,
        reason: `Not promoted: MSE ${spell(own)} on the test part, the champion's ${spell(rival.mse)}.`,
      };
}

const spell = (mse: number) => mse.toFixed(4);
