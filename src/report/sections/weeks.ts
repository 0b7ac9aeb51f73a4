import type { HourTable } from '../../backtest/hours.ts';
import { weekChart } from '../charts/week.ts';
import { percent, shortDay } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { chosenWeeks, type Week } from '../weeks.ts';
import { legend } from './legend.ts';

const KINDS: Record<Week['kind'], string> = {
  typical: 'Typical week',
  best: 'Best week',
  worst: 'Worst week',
};

/** Forecast against actual demand for a region's typical, best and worst week, to choose from without a script. */
export function weeksSection(tables: readonly HourTable[]): Markup {
  return html`<section aria-labelledby="weeks">
    <h2 id="weeks">Forecast against actual</h2>
    <p class="lede">
      One week at a time, in local standard time; every point was forecast the day before. The weeks are the
      model's median, best and worst by percentage error, from Monday to Sunday.
    </p>
    ${legend(['actual', 'model', 'operator', 'latestKnown'])} ${tables.map(regionWeeks)}
  </section>`;
}

function regionWeeks(table: HourTable): Markup {
  const { region } = table;
  const weeks = chosenWeeks(table);
  if (weeks.length === 0) {
    return html`<h3>${region}</h3>
      <p class="note">No week has enough scored hours to draw.</p>`;
  }
  const choice = (week: Week, i: number) =>
    html`<input type="radio" name="week-${region}" id="week-${region}-${i}" ${i === 0 && 'checked'} /><label
        for="week-${region}-${i}"
        >${KINDS[week.kind]}</label
      >`;
  const figure = (week: Week) => {
    const dates = `${shortDay(week.monday)} – ${shortDay(week.sunday)} ${new Date(week.sunday * 1000).getUTCFullYear()}`;
    return html`<figure>
      <figcaption>${KINDS[week.kind]}: ${dates}, model's error ${percent(week.mape)}</figcaption>
      <div class="scroll">
        ${weekChart(table, week.from, week.to, `${region}, ${dates}: actual demand, model, operator, latest known`)}
      </div>
    </figure>`;
  };
  return html`<div class="weeks" role="group" aria-label="${region}">
    <h3>${region}</h3>
    ${weeks.map(choice)} ${weeks.map(figure)}
  </div>`;
}
