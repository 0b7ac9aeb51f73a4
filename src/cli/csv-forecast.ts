import { seriesForecastInput } from '../contracts/series.ts';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { BadInputError } from '../errors.ts';
import type { SeriesForecastRow } from '../series/forecast-rows.ts';
import { checkInput } from './input.ts';
import type { Answer, Session } from './session.ts';
import { callStage } from './stage-call.ts';
import { table } from './table.ts';

interface Choice {
  name: string;
  version?: number;
  csv?: string;
  user?: string;
  request?: string;
}

/** Whether a registered model forecasts a person's own series; a name that nobody has is for the verb to refuse. */
export async function isSeriesModel(session: Session, { name, version }: Choice): Promise<boolean> {
  const home = await session.home();
  const { wholeRecords } = await import('../registry/versions.ts');
  const records = (await wholeRecords(home, name)).map(({ record }) => record);
  const chosen = records.findLast((record) => version === undefined || record.version === version);
  return chosen?.series !== undefined;
}

export async function forecastOwnSeries(
  session: Session,
  { csv, ...choice }: Choice,
  foreign: Record<string, unknown>,
): Promise<Answer> {
  const stray = Object.entries(foreign).find(([, value]) => value !== undefined)?.[0];
  if (stray !== undefined) {
    throw new BadInputError(
      `${choice.name} forecasts a series of its own: ${stray} is for the grid.`,
      'Leave it out.',
    );
  }
  const { copyIn } = await import('../series/copy-in.ts');
  const forecast = (newer?: ArtifactReference) =>
    callStage(session, 'forecastSeries', checkInput(seriesForecastInput, { ...choice, csv: newer }));
  const result = await (csv === undefined ? forecast() : copyIn(await session.home(), csv, forecast));
  const { name, version, chosen } = result.model;
  const head = `${name} version ${version} (${chosen}; ${result.answeredBy.why}), ${result.dataset.uri}`;
  const { test } = result.answeredBy;
  const rate = test ? ['', `how good was it? \`ab rate ${test.name} ${test.request} 1..5\``] : [];
  return { json: result, text: [head, '', table(HEADER, result.rows.map(cells)), ...rate] };
}

const HEADER = ['time, UTC', 'target', 'forecast', 'lower, 10 %', 'upper, 90 %'];

const cells = ({ target, time, forecast, lower, upper }: SeriesForecastRow): string[] => [
  time,
  target,
  ...[forecast, lower, upper].map((value) => Number(value.toPrecision(6)).toString()),
];
