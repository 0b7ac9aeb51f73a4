import type { Home } from '../../lake/home.ts';
import { noChampion, readChampion } from '../../registry/champion.ts';
import { versionNumbers } from '../../registry/layout.ts';
import { readVersion } from '../../registry/versions.ts';
import { told, type Told } from '../told.ts';
import { backtestQuality } from './of-backtest.ts';
import { classifierQuality, type ClassifierQuality } from './of-classifier.ts';
import { forecastQuality, type ForecastQuality } from './of-forecasts.ts';
import type { RegionQuality } from './region-quality.ts';

/** How good a model's answers were, as far as it is known what came. */
export interface Quality {
  model: string;
  /** The champion, or the newest version where nobody was promoted. */
  version: Told<number>;
  /** Of the forecasts that were made when they were due, by whichever version. */
  forecasts: Told<ForecastQuality>;
  /** Of the version's backtest. */
  backtest: Told<RegionQuality[]>;
  /** Of A/B tests whose outcomes say what a classifier said and what was so. */
  classifiers: Told<ClassifierQuality[]>;
}

export async function qualityOf(home: Home, model: string): Promise<Quality> {
  const version = await told(() => shownVersion(home, model));
  const backtest = told(async () => {
    if (!version.ok) return [];
    const { record } = await readVersion({ home }, { name: model, version: version.value });
    return backtestQuality(home, record);
  });
  return {
    ...{ model, version, backtest: await backtest },
    forecasts: await told(() => forecastQuality(home, model)),
    classifiers: await told(() => classifierQuality(home, model)),
  };
}

async function shownVersion(home: Home, model: string): Promise<number> {
  const champion = await readChampion({ home }, { name: model });
  const version = champion?.version ?? (await versionNumbers(home, model)).at(-1);
  if (version !== undefined) return version;
  throw await noChampion(home, model);
}
