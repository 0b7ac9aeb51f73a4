import type {
  Attention,
  Explanation,
  Importance,
  OneForecast,
  RegionExplanation,
} from '../contracts/explain.ts';
import { coarseAttention } from '../explain/lag-bins.ts';
import { table } from './table.ts';

/** An explanation as people read it in a terminal, region by region. */
export function explanationLines({ regions }: Explanation): string[] {
  return regions.flatMap((region) => [...linesOf(region), '']);
}

function* linesOf({ region, importance, attention, forecast }: RegionExplanation): Generator<string> {
  if (importance) {
    const { issues, from, to, base } = importance;
    yield `${region}: ${issues} forecasts of ${from} to ${to}, UTC. What MAPE rises by, in points, when a group of inputs comes from other days (± one standard deviation):`;
    yield groupTable(importance);
    yield `Without any input the base alone has a MAPE of ${base.mape.toFixed(2)} %; ${(100 * base.operatorShare).toFixed(0)} % of it is the operator's forecast, which no exchange touches.`;
  }
  if (forecast) yield* forecastLines(region, forecast);
  if (attention) {
    yield `${region}: hours that the network looks back at, ${attention.issues === 1 ? 'in this forecast' : `mean of ${attention.issues} forecasts`}:`;
    yield attentionTable(attention);
  }
}

function groupTable({ forecasters }: Importance): string {
  const header = ['group', 'inputs', ...forecasters.map(({ forecaster }) => forecaster)];
  const groups = forecasters[0]!.groups;
  const rows = groups.map(({ group, columns }) => [
    group,
    String(columns),
    ...forecasters.map((forecaster) => {
      const { increase, spread } = forecaster.groups.find((own) => own.group === group)!;
      return `${signed(increase)} ± ${spread.toFixed(2)}`;
    }),
  ]);
  return table(header, [
    ...rows,
    ['MAPE, %', '', ...forecasters.map(({ mape }) => mape.toFixed(2))],
    ...(forecasters.length > 1
      ? [['weight', '', ...forecasters.map(({ weight }) => weight?.toFixed(2) ?? '')]]
      : []),
  ]);
}

function attentionTable(attention: Attention): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows = coarseAttention(attention).map(({ label, share, alike, byLayer }) => [
    label,
    ...[share, alike, ...byLayer].map(percent),
  ]);
  const layers = attention.bins[0]!.byLayer.map((_, layer) => `layer ${layer + 1}`);
  return table(['hours back', 'attention', 'if all alike', ...layers], rows);
}

function* forecastLines(
  region: string,
  { issuedAt, movedBy, before, whatIf }: OneForecast,
): Generator<string> {
  yield `${region}: what the forecast issued at ${issuedAt} changes by when a group of inputs comes from other days:`;
  yield table(
    ['group', 'inputs', 'change, %'],
    movedBy.map(({ group, columns, change }) => [group, String(columns), change.toFixed(2)]),
  );
  if (!whatIf) return;
  yield `${region}: the forecast issued at ${issuedAt}, MW, as it was and with other inputs:`;
  yield table(
    ['hour ending, UTC', 'before', 'after', 'change, %', '80 % after'],
    before.map(({ hour, median }, h) => {
      const after = whatIf.after[h]!;
      const change = median && after.median ? signed(100 * (after.median / median - 1)) : '-';
      return [hour, mw(median), mw(after.median), change, `${mw(after.low)} to ${mw(after.high)}`];
    }),
  );
  for (const warning of whatIf.warnings) yield `Warning: ${warning}`;
}

const mw = (value: number | null) => (value === null ? '-' : value.toFixed(0));
const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(2)}`;
