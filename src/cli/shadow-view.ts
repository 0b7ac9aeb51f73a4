import type { ShadowRecord, ShadowVersion } from '../contracts/shadow.ts';
import { countOf, quantileOf, type Histogram } from '../serving/traffic/shadow/histogram.ts';
import type { ShadowSummary } from '../serving/traffic/shadow/summary.ts';
import { counted } from '../errors.ts';
import { table } from './table.ts';

/** How a model's shadow stands: `active` is null where it ended, or another became champion since. */
export function shadowLines(
  record: ShadowRecord,
  active: ShadowVersion | null,
  summary: ShadowSummary | null,
): string[] {
  const { name } = record;
  const head = active
    ? `${name}: version ${active.version} shadows ${percent(active.share)} of the champion's answers since ${record.at}`
    : `${name}: nothing shadows it now; ${endOf(record)}`;
  if (!summary) return [head, 'Nothing was compared yet: `serve` does so while it answers.'];
  const { compared, failed, full, late } = summary.requests;
  const lines = [
    head,
    `${counted(compared, 'request')} compared with version ${summary.champion}, ${failed} failed, ${full + late} dropped, from ${summary.from} to ${summary.to}`,
  ];
  for (const [code, times] of Object.entries(summary.failures)) lines.push(`failed with ${code}: ${times}`);
  if (compared === 0) return lines;
  return [...lines, '', ...latency(summary), '', ...outputs(summary)];
}

const endOf = ({ shadow, at, by }: ShadowRecord) =>
  shadow
    ? `version ${shadow.version} shadowed a champion that is champion no longer`
    : `${by} ended it at ${at}`;

function latency({ seconds, champion, candidate }: ShadowSummary): string[] {
  const row = (who: string, of: Histogram) => [
    who,
    ms(quantileOf(of, 0.5)),
    ms(quantileOf(of, 0.99)),
    ms(of.max),
  ];
  return [
    table(
      ['milliseconds, at most', 'half', '99 %', 'all'],
      [
        row(`champion, version ${champion}`, seconds.champion),
        row(`shadow, version ${candidate}`, seconds.candidate),
      ],
    ),
  ];
}

function outputs({ outputs: of }: ShadowSummary): string[] {
  const rows = Object.entries(of).map(([name, { absolute, relative, mismatched, notFinite }]) => [
    name,
    ...(countOf(absolute) === 0 ? ['–', '–'] : [short(quantileOf(absolute, 0.99)), short(absolute.max)]),
    ...(countOf(relative) === 0 ? ['–', '–'] : [short(quantileOf(relative, 0.99)), short(relative.max)]),
    String(mismatched + notFinite),
  ]);
  return [table(['output, differs by at most', '99 %', 'all', 'relative, 99 %', 'all', 'unlike'], rows)];
}

export const percent = (share: number) => `${Number((100 * share).toPrecision(6))} %`;

const short = (value: number) => (value === 0 ? '0' : value.toPrecision(2));
const ms = (value: number) => (1000 * value).toPrecision(3);
