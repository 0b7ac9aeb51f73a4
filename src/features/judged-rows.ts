import { HOUR_SECONDS } from '../contracts/time.ts';
import { keptValues } from '../validation/judgement.ts';
import { STANDING_COLUMNS, type RegionJudgements } from '../validation/region-judgements.ts';
import { codeOf } from '../validation/rules.ts';
import type { DatedSeries } from './alignment.ts';
import type { ValidatedRows } from './validated-rows.ts';

const OK = codeOf('ok');

/**
 * What was judged, in memory: the rows that `readValidatedRows` reads from the table of the same judgements, of the
 * hours `from` up to, and without, `until`.
 */
export function judgedRows(
  region: string,
  { raw, imputed, final, others }: RegionJudgements,
  { from, until }: { from: number; until: number },
): ValidatedRows {
  const dated = (name: string): DatedSeries => {
    const { series, judgement } = others.get(name)!;
    return {
      values: keptValues(series.value, judgement).slice(from, until),
      availableAt: series.availableAt.slice(from, until),
    };
  };
  const forecast = dated('DF');
  const { verdict } = others.get('DF')!.judgement;
  forecast.values.forEach((_mw, row) => {
    if (verdict[from + row] !== OK) forecast.values[row] = Number.NaN;
  });
  const latest = raw.series.get('D')?.latest ?? new Float64Array(raw.hours).fill(Number.NaN);
  const fuels = [...others.keys()].filter((name) => STANDING_COLUMNS[name] === undefined).sort();
  return {
    region,
    first: raw.start + from * HOUR_SECONDS,
    hours: until - from,
    demand: imputed.value.slice(from, until),
    demandFinal: keptValues(latest, final).slice(from, until),
    forecast,
    generation: dated('NG'),
    solar: dated('FUEL:SUN'),
    wind: dated('FUEL:WND'),
    fuels: new Map(fuels.map((name) => [`fuel_${name.slice('FUEL:'.length).toLowerCase()}`, dated(name)])),
  };
}
