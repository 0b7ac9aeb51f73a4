import { DEMAND_DELAY_HOURS } from '../backtest/protocol.ts';
import { backtest } from '../backtest/stage.ts';
import { readHours } from '../backtest/hours-file.ts';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { regionCode } from '../contracts/regions.ts';
import { backtestInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf, type DateRange } from '../contracts/time.ts';
import type { ScoreTrialInput } from '../contracts/search.ts';
import { firstIssueFrom, issuesOf, MEDIAN, type IssueTable } from '../day-ahead/issue-table.ts';
import { readIssueTable } from '../day-ahead/read.ts';
import { BadInputError } from '../errors.ts';
import { readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { architectureOf } from './architectures.ts';
import type { TrialHours } from './trial-hours.ts';

/** What a trial says of the validation hours: the one place that knows how each architecture is asked. */
export async function validationForecasts(
  context: StageContext,
  input: ScoreTrialInput,
): Promise<TrialHours[]> {
  if (input.forecaster !== 'transformer') return fittedForecasts(context, input);
  if (!input.model)
    throw new BadInputError('A transformer is scored by its training manifest.', 'Give it as `model`.');
  if (input.heldOut) {
    throw new BadInputError(
      'A transformer cannot forecast a region that it was not trained on.',
      'Look at the forecasters that can.',
    );
  }
  return trainedForecasts(context, input.model, input);
}

async function trainedForecasts(
  context: StageContext,
  model: ArtifactReference,
  { sequences, validation }: ScoreTrialInput,
): Promise<TrialHours[]> {
  const asked = backtestInput.parse({ model, sequences, score: validation });
  const { dataset } = await backtest(context, asked);
  const { files } = await readManifest(context.home, dataset, 'backtest');
  const tables = await readHours(
    await verifiedPath(
      context.home,
      files.find(({ role }) => role === 'hours')!,
    ),
  );
  return tables.map(({ region, validAt, actual, forecasts }) => ({
    region,
    validAt,
    actual,
    forecast: forecasts.model,
  }));
}

/** Fitted on what was known when the validation's first issue was made, and not again. */
async function fittedForecasts(context: StageContext, input: ScoreTrialInput): Promise<TrialHours[]> {
  const { home, signal } = context;
  const { share, seed, validation, heldOut } = input;
  const manifest = await readManifest(home, input.sequences, 'sequences');
  const regions = manifest.files.flatMap(({ role, region }) => (role === 'region' && region ? [region] : []));
  const tables = await Promise.all(regions.map((region) => readIssueTable(home, manifest, region)));
  const asked = tables.map((table) => validationIssues(table, validation));
  const knownBy = Math.min(...asked.map(({ issuedAt }) => issuedAt[0] ?? Infinity));
  const progress = (done: number) =>
    context.progress({ stage: 'fit', done, total: 1, unit: input.forecaster });
  const learnt = tables
    .filter(({ region }) => region !== heldOut)
    .map((table) => newestPart(table, knownBy, share));
  const forecaster = architectureOf(input);
  const fitted = await forecaster.fit({ tables: learnt, knownBy }, { seed, signal, progress });
  const result: TrialHours[] = [];
  for (const table of asked.filter(({ region }) => heldOut === undefined || region === heldOut)) {
    signal.throwIfAborted();
    result.push(hoursOf(table, await fitted.predict(table), fitted.levels.length));
  }
  return result;
}

/** Issues all of whose target hours lie in the period. */
function validationIssues(table: IssueTable, { from, to }: DateRange): IssueTable {
  const { horizon, validAt, issuedAt } = table;
  const [starts, ends] = [firstHourOf(from), lastHourOf(to)];
  const inside = Array.from(issuedAt, (_, i) => i).filter(
    (i) => validAt[i * horizon]! >= starts && validAt[(i + 1) * horizon - 1]! <= ends,
  );
  const first = inside[0] ?? 0;
  return issuesOf(table, { from: first, to: first + inside.length });
}

/** The newest share of the issues whose hours are all known: what a cheap fit learns from. */
function newestPart(table: IssueTable, knownBy: number, share: number): IssueTable {
  const { horizon, validAt } = table;
  let known = firstIssueFrom(table, knownBy);
  while (known > 0 && validAt[known * horizon - 1]! + DEMAND_DELAY_HOURS * HOUR_SECONDS > knownBy) known -= 1;
  return issuesOf(table, { from: Math.floor(known * (1 - share)), to: known });
}

function hoursOf(table: IssueTable, forecasts: Float64Array, levels: number): TrialHours {
  const median = levels === 1 ? 0 : MEDIAN;
  const at = (cell: number) => forecasts[cell * levels + median]!;
  const cells = Array.from(table.validAt, (_, cell) => cell).filter(
    (cell) => table.actual[cell]! > 0 && at(cell) > 0,
  );
  return {
    region: regionCode.parse(table.region),
    validAt: Float64Array.from(cells, (cell) => table.validAt[cell]!),
    actual: Float64Array.from(cells, (cell) => table.actual[cell]!),
    forecast: Float64Array.from(cells, at),
  };
}
