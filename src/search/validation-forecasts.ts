import { regionCode } from '../contracts/regions.ts';
import { firstHourOf, lastHourOf, type DateRange } from '../contracts/time.ts';
import type { ScoreTrialInput } from '../contracts/search.ts';
import { issuesOf, MEDIAN, type IssueTable } from '../day-ahead/issue-table.ts';
import { readIssueTable } from '../day-ahead/read.ts';
import { issuesKnownBy } from '../forecasters/cells.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { openArchitecture } from './architectures.ts';
import type { TrialHours } from './trial-hours.ts';

/**
 * What a trial says of the validation hours, at every issue the median of its day ahead: the one place that knows how
 * an architecture is asked. What is fitted in one go is fitted on what was known when the first of these issues was
 * made, and not again; a network was trained on no more.
 */
export async function validationForecasts(
  context: StageContext,
  input: ScoreTrialInput,
): Promise<TrialHours[]> {
  const { home, signal } = context;
  const { share, seed, validation, heldOut, forecaster } = input;
  const manifest = await readManifest(home, input.sequences, 'sequences');
  const regions = manifest.files.flatMap(({ role, region }) => (role === 'region' && region ? [region] : []));
  const tables = await Promise.all(regions.map((region) => readIssueTable(home, manifest, region)));
  const asked = tables.map((table) => validationIssues(table, validation));
  const knownBy = Math.min(...asked.map(({ issuedAt }) => issuedAt[0] ?? Infinity));
  const progress = (done: number) => context.progress({ stage: 'search', done, total: 1, unit: forecaster });
  const learnt = tables
    .filter(({ region }) => region !== heldOut)
    .map((table) => newestPart(table, knownBy, share));
  await using architecture = await openArchitecture(home, manifest, input);
  const fitted = await architecture.forecaster.fit({ tables: learnt, knownBy }, { seed, signal, progress });
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

/** The newest share of the issues whose outcome is known: what a cheap fit learns from. */
function newestPart(table: IssueTable, knownBy: number, share: number): IssueTable {
  const known = issuesKnownBy(table, knownBy);
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
