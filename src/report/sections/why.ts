import type { ChangedColumn, Explanation, OneForecast, RegionExplanation } from '../../contracts/explain.ts';
import { coarseAttention } from '../../explain/lag-bins.ts';
import { spellChange } from '../../explain/column-changes.ts';
import { attentionChart, importanceChart, LEAST_WEIGHT, memberColor, whatIfChart } from '../charts/why.ts';
import { count, listed, percent, ratio, share } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { table } from '../table.ts';

/** What each group of inputs is worth, which past hours were looked at, and what a forecast would be with others. */
export function whySection({ regions, members }: Explanation): Markup {
  return html`${importanceSection(regions, members)} ${attentionSection(regions)} ${forecastSection(regions)}`;
}

function importanceSection(regions: readonly RegionExplanation[], members: readonly string[]): Markup {
  const told = regions.flatMap(({ region, importance }) => (importance ? [{ region, importance }] : []));
  const [first] = told;
  if (!first) return html``;
  const { issues, stretch } = first.importance;
  const repeats = first.importance.forecasters[0]!.groups[0]!.repeats.length;
  const byRegion = told.map(
    ({ region, importance }) =>
      `${region} ${percent(importance.base.mape)}, ${share(importance.base.operatorShare)} of it the operator's`,
  );
  return html`<section aria-labelledby="why">
    <h2 id="why">What the forecast rests on</h2>
    <p class="lede">
      Each group of inputs is given the values of other days within about ${count(stretch)} days,
      ${count(repeats)} times, and the ${count(issues)} forecasts are made again: the bar is what the mean
      absolute percentage error rises by, the dark line its standard deviation. Inputs that say the same can
      stand in for one another, so that each alone may look worth little. Dots are members of the ensemble
      with a weight of at least ${share(LEAST_WEIGHT)}.
    </p>
    ${members.length > 1 && keyList('the forecast as a whole', drawnMembers(told, members))}
    <div class="multiples">
      ${told.map(
        ({ region, importance }) =>
          html`<figure>
            <figcaption>${region}</figcaption>
            ${importanceChart(region, importance.forecasters, members)}
          </figure>`,
      )}
    </div>
    ${importanceTable(told)}
    <p class="note">
      No exchange touches the base that forecasts are ratios to. Its own error is that of a forecast without
      any input: ${listed(byRegion)}.
    </p>
  </section>`;
}

/** With the place by which each has its colour. */
function drawnMembers(
  told: readonly { importance: NonNullable<RegionExplanation['importance']> }[],
  members: readonly string[],
): [string, number][] {
  const drawn = (name: string) =>
    told.some(({ importance }) =>
      importance.forecasters.some(
        ({ forecaster, weight = 0 }) => forecaster === name && weight >= LEAST_WEIGHT,
      ),
    );
  return members.flatMap((name, place) => (drawn(name) ? [[name, place] as [string, number]] : []));
}

function importanceTable(
  told: readonly { region: string; importance: NonNullable<RegionExplanation['importance']> }[],
): Markup {
  const rows = told.flatMap(({ region, importance }) =>
    importance.forecasters.flatMap(({ forecaster, mape, groups }) =>
      groups.map(({ group, columns, increase, spread }): [string, ...string[]] => [
        region,
        ...[forecaster, percent(mape), group, count(columns), ratio(increase), ratio(spread)],
      ]),
    ),
  );
  return html`<details>
    <summary>The same as a table</summary>
    ${table(
      ['Region', 'Forecaster', 'MAPE', 'Group', 'Inputs', 'Rises by, points', 'Standard deviation'],
      rows,
    )}
  </details>`;
}

function attentionSection(regions: readonly RegionExplanation[]): Markup {
  const told = regions.flatMap(({ region, attention }) => (attention ? [{ region, attention }] : []));
  const [first] = told;
  if (!first) return html``;
  const { layers, issues } = first.attention;
  const caption = (attention: (typeof told)[number]['attention']) => {
    const [hours, rest] = coarseAttention(attention);
    return `last day ${share(hours!.share + (rest?.share ?? 0))}, back to ${count(attention.reach.most)} h`;
  };
  return html`<section aria-labelledby="attention">
    <h2 id="attention">Which past hours it looked at</h2>
    <p class="lede">
      Where the attention of the ring transformer goes when it stands at the newest known hour
      (${issues === 1 ? 'of one forecast' : `mean of ${count(issues)} forecasts`}, all heads). At 1, an hour
      is looked at as much as any other. What a layer looks at has passed through the layers before it, so
      this says where the network reads, not what it makes of it.
    </p>
    ${keyList(
      'all layers',
      Array.from({ length: layers }, (_, layer) => [`layer ${layer + 1}`, layer] as const),
    )}
    <div class="multiples">
      ${told.map(
        ({ region, attention }) =>
          html`<figure>
            <figcaption>${region} <small>${caption(attention)}</small></figcaption>
            ${attentionChart(region, attention)}
          </figure>`,
      )}
    </div>
  </section>`;
}

function forecastSection(regions: readonly RegionExplanation[]): Markup {
  const told = regions.flatMap(({ region, forecast }) => (forecast ? [{ region, forecast }] : []));
  if (told.length === 0) return html``;
  return html`<section aria-labelledby="what-if">
    <h2 id="what-if">One forecast, and what if</h2>
    <p class="lede">
      A single forecast with its 80&nbsp;% interval, and the same with some of its inputs changed. What it
      moves by is what the model has learnt, which need not be what would happen.
    </p>
    <ul class="legend">
      <li><i class="key model"></i>as it was</li>
      <li><i class="key operator"></i>with other inputs</li>
    </ul>
    <div class="multiples">
      ${told.map(
        ({ region, forecast }) =>
          html`<figure>
            <figcaption>${region} <small>issued at ${forecast.issuedAt} UTC</small></figcaption>
            ${whatIfChart(region, forecast)} ${forecastNotes(forecast)}
          </figure>`,
      )}
    </div>
  </section>`;
}

function forecastNotes({ movedBy, whatIf }: OneForecast): Markup {
  const moved = movedBy.map(({ group, change }) => `${group} ${percent(change)}`);
  return html`${whatIf && html`<p class="note">With ${listed(whatIf.changes.map(spellWithFollowers))}.</p>`}
  ${html`<p class="note">Moves when a group comes from other days: ${listed(moved)}.</p>`}
  ${whatIf?.warnings.map((warning) => html`<p class="note">${warning}</p>`)}`;
}

const spellWithFollowers = ({ followed, ...change }: ChangedColumn) =>
  spellChange(change) + (followed.length > 0 ? ` (and ${count(followed.length)} computed from it)` : '');

const keyList = (whole: string, parts: readonly (readonly [string, number])[]): Markup =>
  html`<ul class="legend">
    <li><i class="key model"></i>${whole}</li>
    ${parts.map(
      ([name, place]) =>
        html`<li><i class="key" style="border-color: ${memberColor(place)}"></i>${name}</li>`,
    )}
  </ul>`;
