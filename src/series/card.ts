import type { SeriesCard } from '../contracts/series.ts';

/** `card.md` of a version that forecasts a person's own series: what it is, what it was made from, how well it does. */
export function seriesCardText(
  { name, version }: { name: string; version: number },
  card: SeriesCard,
  repairs: readonly string[],
): string {
  const { columns, split, scores, chosen, coverage, fileSha256 } = card;
  const parts = `${split.train}/${split.validation}/${split.test}${split.unit === 'months' ? ' months of 30 days' : ' of the rows'}`;
  const lines = (rows: readonly string[]) => rows.map((row) => `- ${row}`).join('\n');
  const table = (head: string[], rows: string[][]) =>
    [head, head.map(() => '---'), ...rows]
      .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`)
      .join('\n');
  const best = scores.find(({ forecaster }) => forecaster === chosen)!;
  return `${[
    `# ${name}, version ${version}`,
    `Forecasts the next ${card.horizon} rows of a series of its user's own, with 80 % intervals, from the ${card.context} rows before.`,
    '## What it was made from',
    lines([
      `A CSV file of SHA-256 ${fileSha256}, whose terms its user knows`,
      `Rows every ${card.frequency}; targets ${columns.targets.join(', ')}; covariates known ahead: ${columns.covariates.join(', ') || 'none'}`,
      `Split ${parts}: training, validation, test`,
      ...repairs,
    ]),
    '## How well it does',
    'Errors of values standardised by the training part, over all windows of stride 1; `chosen` by the validation part.',
    table(
      ['forecaster', 'validation MSE', 'test MSE', 'test MAE', ''],
      scores.map(({ forecaster, validation, test }) => [
        forecaster,
        ...[validation.mse, test.mse, test.mae].map((value) => value.toFixed(4)),
        forecaster === chosen ? 'chosen' : '',
      ]),
    ),
    table(
      ['target', 'test MSE', 'test MAE', 'mean absolute error in its own unit'],
      best.targets.map(({ target, mse, mae, maeOriginal }) => [
        target,
        mse.toFixed(4),
        mae.toFixed(4),
        maeOriginal.toPrecision(4),
      ]),
    ),
    '## Limits',
    lines([
      `An interval of 80 % held ${(100 * coverage).toFixed(1)} % of the test part; it promises nothing of a single value.`,
      'Covariates were scored as they stand in the file: where those are measured and not forecast, it will do worse than this says.',
      'What the series has not done before the end of the training part, the model has not learned.',
    ]),
  ].join('\n\n')}\n`;
}
