import { catalogueEntry, catalogueMarkdown, catalogueTable } from './catalogue.ts';
import { OPERATOR_FORECAST, OPERATOR_FORECAST_AHEAD, optionalDefinitions } from './optional.ts';
import { QUANTITIES } from './weather.ts';

/** What `docs/features.md` says: the catalogue of the six columns, and what each optional input adds. */
export function featuresPage(): string {
  const weather = Object.values(QUANTITIES).flatMap((quantity) => [
    `weather_${quantity}`,
    `weather_${quantity}_24h_ahead`,
  ]);
  const inputs = {
    "The operator's forecast": [OPERATOR_FORECAST, OPERATOR_FORECAST_AHEAD],
    'Other fuels, here coal': ['fuel_col_mw'],
    'Weather forecast runs (`features --weather`)': weather,
  };
  const lines = Object.entries(inputs).flatMap(([title, columns]) => {
    const entries = optionalDefinitions(columns).map(catalogueEntry);
    return [`## ${title} (${entries.length})`, '', ...catalogueTable(entries), ''];
  });
  const opening = [
    '# Optional inputs',
    '',
    'Each adds columns to the table of a region that has it, beyond those above. The model takes none of them. A row',
    'holds what was known an hour after it; of weather runs the newest that was out by then, 6 h after its time.',
    '',
  ];
  return `${catalogueMarkdown()}\n${[...opening, ...lines].join('\n').trimEnd()}\n`;
}
