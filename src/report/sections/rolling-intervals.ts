import type { HourTable } from '../../backtest/hours.ts';
import type { RollingRegionScores } from '../../backtest/rolling/document.ts';
import { coverageChart } from '../charts/coverage.ts';
import { fanChart } from '../charts/fan.ts';
import type { Fan } from '../fan.ts';
import { megawatts, percent, share, shortDay } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { table } from '../table.ts';
import { chosenWeeks } from '../weeks.ts';

/** Whether the model's intervals can be trusted, and how wide they are. */
export function intervalsSection(
  regions: readonly RollingRegionScores[],
  tables: readonly HourTable[],
  fans: ReadonlyMap<string, Fan>,
): Markup {
  if (regions.every(({ same }) => same.intervals.length === 0)) {
    return html`<section aria-labelledby="intervals">
      <h2 id="intervals">Intervals</h2>
      <p class="lede">The model answers with a median alone: it has no intervals to judge.</p>
    </section>`;
  }
  return html`<section aria-labelledby="intervals">
    <h2 id="intervals">Intervals</h2>
    <p class="lede">
      How many hours lie inside the model's central intervals, how wide these are on average, and their
      interval score: width, and a penalty for each hour outside.
    </p>
    ${intervalTable(regions)}
    <h3>A typical week</h3>
    <p class="note">
      Median, 40 %, 80 % and 90 % intervals, and actual demand over them; every point was forecast the day
      before.
    </p>
    ${tables.map((table) => week(table, fans.get(table.region)))}
    <h3>Coverage by month and by lead hour</h3>
    <p class="note">Thick: the 80 % interval, thin: the 90 %; dotted what each is to cover.</p>
    <div class="multiples">
      ${regions.flatMap(({ region, by }) => [
        html`<figure>
          <figcaption>${region}, by month</figcaption>
          ${coverageChart(`${region}: coverage of the intervals by month`, by.month, 'month')}
        </figure>`,
        html`<figure>
          <figcaption>${region}, by lead hour</figcaption>
          ${coverageChart(`${region}: coverage of the intervals by lead hour`, by.leadHours, 'hours after issue')}
        </figure>`,
      ])}
    </div>
  </section>`;
}

function intervalTable(regions: readonly RollingRegionScores[]): Markup {
  return table(
    ['Region', 'Interval', 'Covers', 'Width', 'Width of demand', 'Interval score', 'CRPS of demand'],
    regions.flatMap(({ region, same }) =>
      same.intervals.map(({ nominal, coverage, width, widthPercent, winkler }, i) => [
        i === 0 ? region : '',
        ...[share(nominal), share(coverage), megawatts(width), percent(widthPercent), megawatts(winkler)],
        i === 0 ? percent(same.crps['model']) : '',
      ]),
    ),
  );
}

function week(table: HourTable, fan: Fan | undefined): Markup | false {
  const typical = chosenWeeks(table).find(({ kind }) => kind === 'typical') ?? chosenWeeks(table)[0];
  if (!typical || !fan) return false;
  const year = new Date(typical.sunday * 1000).getUTCFullYear();
  const dates = `${shortDay(typical.monday)} – ${shortDay(typical.sunday)} ${year}`;
  return html`<figure>
    <figcaption>${table.region}<small>${dates}, error ${percent(typical.mape)}</small></figcaption>
    <div class="scroll">
      ${fanChart(table, fan, typical.from, typical.to, `${table.region}, ${dates}: intervals, median and actual demand`)}
    </div>
  </figure>`;
}
