import { FITTED, type RollingUnit } from '../../contracts/rolling-backtest.ts';
import { fitForecasterInput } from '../../contracts/forecasters.ts';
import type { ArtifactReference } from '../../contracts/artifact.ts';
import { fromHourStamp } from '../../contracts/time.ts';
import { BadInputError, CorruptArtifactError } from '../../errors.ts';
import { FORECASTERS, ensemble, type Forecaster } from '../../forecasters/index.ts';
import { openMembers } from '../../forecasters/open.ts';
import { readManifest } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';

/** Where a backtest has its forecasters from; some hold files open until they are disposed of. */
export type ForecasterSource = (
  home: Home,
  unit: RollingUnit,
) => (Forecaster & Partial<AsyncDisposable>) | Promise<Forecaster & Partial<AsyncDisposable>>;

export const forecasterOf: ForecasterSource = (home, unit) => {
  if (unit.fitted) return asFitted(home, unit, unit.fitted);
  requireForecaster(unit.forecaster);
  return FORECASTERS[unit.forecaster as keyof typeof FORECASTERS];
};

/** Refused before anything is computed. */
export function requireForecaster(name: string): void {
  if (name === FITTED || Object.hasOwn(FORECASTERS, name)) return;
  throw new BadInputError(
    `There is no forecaster ${name}.`,
    `There are ${Object.keys(FORECASTERS).join(', ')}.`,
  );
}

/** The ensemble that `fit` made, as an architecture: its members and settings, what it is fitted on left open. */
async function asFitted(
  home: Home,
  { sequences, seed, stretch }: RollingUnit,
  reference: ArtifactReference,
): Promise<Forecaster & AsyncDisposable> {
  const { madeBy, inputs } = await readManifest(home, reference, 'forecaster');
  const training = inputs.find(({ uri }) => uri.startsWith('manifests/training/'));
  const search = inputs.find(({ uri }) => uri.startsWith('manifests/search/'));
  const parsed = fitForecasterInput.safeParse({
    ...(madeBy.settings as object),
    ...{ sequences, training, search, seed },
  });
  if (!parsed.success) {
    throw new CorruptArtifactError(
      `${reference.uri} does not say how it was fitted.`,
      'Fit the forecaster again with this version of Ringwatt.',
    );
  }
  const opened = await openMembers(home, parsed.data);
  const { members, trainedBy: validationFrom, found } = opened;
  const begins = fromHourStamp(stretch.from);
  const seenBy = validationFrom > begins ? 'The network' : 'The search';
  if (validationFrom > begins || (found && found.knows > begins)) {
    await opened[Symbol.asyncDispose]();
    throw new BadInputError(
      `${seenBy} behind ${reference.uri} has seen hours after ${stretch.from}.`,
      'Score a period that it has not seen.',
    );
  }
  return {
    ...ensemble({ members, validationDays: parsed.data.validationDays, validationFrom, name: FITTED }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
