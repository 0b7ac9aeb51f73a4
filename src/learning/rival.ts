import type { ArtifactReference } from '../contracts/artifact.ts';
import { lastHourOf } from '../contracts/time.ts';
import { detailsOf } from '../backtest/dataset.ts';
import { liveModel, type LiveDayAhead } from '../backtest/forecast-model.ts';
import { BadInputError } from '../errors.ts';
import { PUBLICATION_DELAY } from '../forecasters/cells.ts';
import { forecasterDetailsOf } from '../forecasters/load.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import type { ModelVersion } from '../registry/versions.ts';

/** Something that answers for a version. */
export interface Fit {
  /** The last hour, seconds, whose demand it has learnt from. */
  learntTo: number;
  open: () => ReturnType<LiveDayAhead['open']>;
}

/** A version to be compared: loaded once, and asked by whichever of its fits has not seen the hours in question. */
export interface Rival {
  version: number;
  regions: readonly string[];
  /** What decides its answers. */
  reference: ArtifactReference;
  /** Hours that it looks back on, besides those of an issue table. */
  sequenceLength: number;
  issues: LiveDayAhead['issues'];
  /** The newest first. */
  fits: Fit[];
}

export async function openRival(home: Home, version: ModelVersion): Promise<Rival> {
  const { record } = version;
  const { network, dayAhead } = await liveModel(home, version);
  if (!dayAhead) {
    throw new BadInputError(
      `${record.name} version ${record.version} answers hour by hour only and makes no forecasts of a day ahead.`,
      'Compare versions that were trained on issue tables.',
    );
  }
  const { refitOf, sequences } = record.lineage;
  const fits: Fit[] = [];
  if (version.forecaster) {
    fits.push({ learntTo: await learntTo(home, version.forecaster), open: () => dayAhead.open() });
  } else {
    const { train } = detailsOf(await readManifest(home, sequences!, 'sequences'));
    fits.push({ learntTo: lastHourOf(train.to), open: () => dayAhead.open() });
  }
  if (refitOf) fits.push({ learntTo: await learntTo(home, refitOf), open: () => dayAhead.open(refitOf) });
  return {
    version: record.version,
    regions: record.metrics.map(({ region }) => region),
    reference: version.forecaster ?? version.model,
    sequenceLength: network?.sequenceLength ?? 0,
    issues: dayAhead.issues,
    fits,
  };
}

async function learntTo(home: Home, reference: ArtifactReference): Promise<number> {
  const { ensemble } = forecasterDetailsOf(await readManifest(home, reference, 'forecaster'));
  return ensemble.knownBy - PUBLICATION_DELAY;
}

/** The newest fit that has not learnt from the hours that begin at `from`; else the one that has learnt from fewest. */
export function fitFor({ fits }: Pick<Rival, 'fits'>, from: number): Fit {
  const unseen = fits.find((fit) => fit.learntTo < from);
  return unseen ?? fits.reduce((oldest, fit) => (fit.learntTo < oldest.learntTo ? fit : oldest));
}
