import type { DriftDocument, RegionDrift } from '../monitoring/drift/document.ts';
import { jointLine } from '../monitoring/drift/findings.ts';
import { table } from './table.ts';
import { counted } from '../errors.ts';

const SERIES = ['series', 'PSI', 'usual', 'KS', 'usual', 'delta', 'p adjusted', 'drift'];
const ERRORS = [
  'region',
  'MAPE %',
  'in backtest',
  'operator',
  'week before',
  'in backtest, week before',
  'growth beyond week before',
  'bias %',
  'drift',
];

/** A look at a model for a terminal. */
export function driftLines({ model, asOf, windowDays, regions, findings }: DriftDocument): string[] {
  const head = `${model.name} version ${model.version}, the ${counted(windowDays, 'day')} before ${asOf} UTC`;
  const judged = regions.filter(({ performance }) => performance);
  return [
    head,
    ...(findings.length === 0
      ? ['Nothing has drifted.']
      : findings.map(({ kind, what }) => `${kind}: ${what}`)),
    '',
    table(SERIES, regions.flatMap(seriesRows)),
    ...regions.flatMap(({ region, joint }) => (joint ? [`${region}, ${jointLine(joint)}`] : [])),
    ...(judged.length > 0 ? ['', table(ERRORS, judged.map(errorRow))] : []),
    ...regions.flatMap(({ region, notJudged }) =>
      notJudged.map((what) => `not judged of ${region}: ${what}`),
    ),
    '',
  ];
}

function seriesRows({ region, series, prediction }: RegionDrift): string[][] {
  const rows = [...series, ...(prediction ? [{ ...prediction, label: 'forecasts to the week before' }] : [])];
  return rows.map(({ label, psi, usual, ks, delta, adjustedP, drifted }) => [
    `${region} ${label}`,
    ...[psi, usual.psi, ks, usual.ks, delta].map((value) =>
      Number.isFinite(value) ? value.toFixed(2) : '–',
    ),
    adjustedP === null ? '–' : adjustedP.toPrecision(2),
    drifted ? 'yes' : 'no',
  ]);
}

function errorRow({ region, performance, concept }: RegionDrift): string[] {
  const p = performance!;
  const percent = (part: number | null | undefined) =>
    part === null || part === undefined || !Number.isFinite(part) ? '–' : (100 * part).toFixed(2);
  return [
    region,
    ...[p.mape, p.baselineMape, p.operatorMape, p.naiveMape, p.baselineNaiveMape].map(percent),
    `× ${p.beyondNaive.toFixed(2)}`,
    percent(concept?.bias),
    p.drifted ?? 'no',
  ];
}
