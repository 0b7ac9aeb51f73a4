import type { Manifest } from '../contracts/artifact.ts';
import type { CompressionRecord } from '../contracts/compression.ts';
import { toDate } from '../contracts/time.ts';
import type { SearchSummary } from '../contracts/search.ts';
import type { RollingRegionScores } from '../backtest/rolling/document.ts';
import type { RegionScores, ScoresDocument } from '../backtest/scores.ts';
import { forecasterDetailsOf } from '../forecasters/load.ts';
import { issueDetails } from '../day-ahead/read.ts';
import { compressionOf } from './compression.ts';

/** Whose data a model of the grid was made from, and on what terms: data/README.md. */
const SOURCES = [
  {
    what: 'hourly demand and the operators’ day-ahead forecasts',
    source:
      'EIA-930 Hourly Electric Grid Monitor (U.S. Energy Information Administration); to June 2020 as collected by truggles/EIA_Cleaned_Hourly_Electricity_Demand_Data',
    licence: 'public domain; the collection CC BY 4.0',
  },
  {
    what: 'weather forecasts, where they are inputs',
    source: 'NOAA Global Forecast System, area means as collected by imjbassi/CarbonCast',
    licence: 'public domain; the collection Apache-2.0',
  },
] as const;

/** `card.json` of a version: what it is, what it was made from, and how well it does. */
export interface ModelCard {
  name: string;
  version: number;
  kind: 'forecaster' | 'training';
  data: typeof SOURCES;
  regions: string[];
  learntFrom: { from: string; to: string };
  scoredOn: { from: string; to: string };
  issue: { hourLocal: number; targetHours: string };
  inputs: { operator: boolean; weather: boolean } | null;
  /** By region and member. */
  weights: Record<string, Record<string, number>> | null;
  validation: { from: string; to: string } | null;
  /** That its settings come from; null where nobody searched. */
  search: SearchSummary | null;
  /** Of which version's network a smaller one was made, and how; null of any other. */
  compression: CompressionRecord | null;
  scores: CardScore[];
  settings: Manifest['madeBy']['settings'];
  intendedUse: string;
  limits: string[];
}

export interface CardScore {
  region: string;
  hours: number;
  comparedOn: string;
  /** Percent; everybody on the same hours, null without a value. */
  mape: Record<string, number | null>;
  /** Of the 80 % and 90 % intervals, percent of hours; null where there are none. */
  coverage80: number | null;
  coverage90: number | null;
  crpsPercent: number | null;
}

export function modelCard(
  { name, version }: { name: string; version: number },
  model: Manifest,
  document: ScoresDocument,
): ModelCard {
  const fitted = model.kind === 'forecaster' ? forecasterDetailsOf(model) : undefined;
  const { protocol } = document;
  const inputs = issueDetails.safeParse(model.details['issues']).data;
  return {
    name,
    version,
    kind: fitted ? 'forecaster' : 'training',
    data: SOURCES,
    regions: document.regions.map(({ region }) => region),
    learntFrom: protocol.train,
    scoredOn: protocol.score,
    issue: { hourLocal: protocol.issueHourLocal, targetHours: 'the 24 hours of the next local standard day' },
    inputs: inputs ? { operator: inputs.operator, weather: inputs.weather } : null,
    weights: fitted?.ensemble.weights ?? null,
    validation: fitted
      ? { from: toDate(fitted.ensemble.validation.from), to: toDate(fitted.ensemble.validation.to) }
      : null,
    search: fitted?.search ?? null,
    compression: compressionOf(model) ?? null,
    scores: document.regions.map(scoreOf),
    settings: model.madeBy.settings,
    intendedUse:
      'Forecasts of the electricity demand of these regions for the next day, with intervals, for planning and study.',
    limits: [
      'It was scored on the hours named here and no others: other years, other regions and hours of crises may go worse.',
      'It sees nothing that is published after the issue; where publication times were not recorded they follow rules, and the record it was scored on may have been revised since.',
      'An interval of 80 % has held so many hours as the table says; it promises nothing of a single hour.',
      'It is no basis for operating a grid alone: no outage, curtailment or price is known to it.',
    ],
  };
}

function scoreOf(scores: RegionScores): CardScore {
  const rolled = 'same' in scores ? (scores as RollingRegionScores) : undefined;
  const same = rolled?.same;
  const metrics = same ?? scores.onOperatorHours;
  const coverage = (nominal: number) => {
    const found = same?.intervals.find((interval) => interval.nominal === nominal);
    return found ? 100 * found.coverage : null;
  };
  return {
    region: scores.region,
    hours: metrics.hours,
    comparedOn: rolled?.comparedOn ?? 'hours with the operator’s forecast',
    mape: metrics.mape,
    coverage80: coverage(0.8),
    coverage90: coverage(0.9),
    crpsPercent: same?.crps['model'] ?? null,
  };
}

function searchLine({ name, manifest, validation, members }: SearchSummary): string {
  const trials = Object.entries(members).map(([member, { trial }]) => `${member} is its ${trial}`);
  return `- Settings found by the search ${name} on ${validation.from} to ${validation.to} (${manifest}): ${trials.join(', ') || 'those of the network'}`;
}

function compressionLine({ parent, settings: { method, ...settings } }: CompressionRecord): string {
  const made = {
    quantise: 'Its network is that of version N in int8',
    prune: 'Its network is that of version N, pruned',
    distil: 'Its network is a smaller one that was taught by that of version N',
  }[method].replace('N', String(parent.version));
  const said = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return `- ${made}${said.length > 0 ? ` (${said.join(', ')})` : ''}; all else is that version’s`;
}

/** `card.md`: the same for reading. */
export function cardText(card: ModelCard): string {
  const percent = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(2) : '–');
  const known = [...new Set(card.scores.flatMap(({ mape }) => Object.keys(mape)))];
  const others = known.filter((name) => card.scores.some(({ mape }) => typeof mape[name] === 'number'));
  const table = (head: string[], rows: string[][]) =>
    [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const weights = Object.entries(card.weights ?? {}).map(([region, byMember]) => {
    const parts = Object.entries(byMember).filter(([, weight]) => weight >= 0.005);
    return `- ${region}: ${parts.map(([member, weight]) => `${member} ${weight.toFixed(2)}`).join(', ')}`;
  });
  return `${[
    `# ${card.name}, version ${card.version}`,
    card.intendedUse,
    '## What it is',
    [
      `- ${card.kind === 'forecaster' ? 'Ensemble of forecasters with calibrated intervals' : 'Ring transformer alone'}`,
      `- Issued at ${card.issue.hourLocal}:00 local standard time for ${card.issue.targetHours}`,
      `- Learnt from ${card.learntFrom.from} to ${card.learntFrom.to}; scored on ${card.scoredOn.from} to ${card.scoredOn.to}`,
      ...(card.inputs
        ? [
            `- Inputs: calendar and past demand${card.inputs.operator ? ', the operator’s forecast' : ''}${card.inputs.weather ? ', weather forecasts' : ''}`,
          ]
        : []),
      ...(card.validation
        ? [`- Weighed and calibrated on ${card.validation.from} to ${card.validation.to}`]
        : []),
      ...(card.search ? [searchLine(card.search)] : []),
      ...(card.compression ? [compressionLine(card.compression)] : []),
    ].join('\n'),
    ...(weights.length > 0 ? ['## Weights', weights.join('\n')] : []),
    '## How well it does',
    'MAPE in percent; in each row everybody on the same hours. `model` is this version.',
    table(
      ['region', 'hours', ...others, '80 % interval holds', '90 %'],
      card.scores.map(({ region, hours, mape, coverage80, coverage90 }) => [
        region,
        String(hours),
        ...others.map((name) => percent(mape[name])),
        percent(coverage80),
        percent(coverage90),
      ]),
    ),
    '## Data',
    card.data.map(({ what, source, licence }) => `- ${what}: ${source}; ${licence}`).join('\n'),
    '## Limits',
    card.limits.map((limit) => `- ${limit}`).join('\n'),
  ].join('\n\n')}\n`;
}
