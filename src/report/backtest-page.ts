import type { HourTable } from '../backtest/hours.ts';
import type { RollingDocument } from '../backtest/rolling/document.ts';
import type { ArtifactReference } from '../contracts/artifact.ts';
import { htmlDocument } from './document.ts';
import type { Fan } from './fan.ts';
import { count, listed, percent, period } from './format.ts';
import { html, type Markup } from './html.ts';
import { columnStyles } from './rolling-styles.ts';
import { breakdownsSection } from './sections/rolling-breakdowns.ts';
import { intervalsSection } from './sections/rolling-intervals.ts';
import { protocolSection } from './sections/rolling-protocol.ts';
import { rollingScoresSection } from './sections/rolling-scores.ts';
import { seedsSection } from './sections/rolling-seeds.ts';
import { isSignificant, testsSection } from './sections/rolling-tests.ts';

export interface BacktestPage {
  name: string;
  backtest: ArtifactReference;
  document: RollingDocument;
  hours: readonly HourTable[];
  fan: ReadonlyMap<string, Fan>;
}

/** A rolling backtest as one HTML page with everything in it. */
export function renderBacktestPage(page: BacktestPage): string {
  const { name, document, backtest } = page;
  const { protocol, regions } = document;
  const title = `${name}: backtest of ${protocol.rolling.model}`;
  const hours = regions.reduce((sum, { same }) => sum + same.hours, 0);
  return htmlDocument({
    kicker: 'rolling backtest of day-ahead demand forecasts',
    title,
    lead: html`<p class="headline">${againstOperator(document)}</p>
      <p class="note">
        ${count(hours)} hours of ${period(protocol.score)} in
        ${regions.map(({ region }) => region).join(', ')}.
      </p>`,
    main: html`${rollingSections(page)} ${protocolSection(document, backtest)}`,
  });
}

/** All but how it was done, for any page. */
export function rollingSections({ document, hours, fan }: Omit<BacktestPage, 'name' | 'backtest'>): Markup {
  const styles = columnStyles(document.protocol.rolling);
  return html`${rollingScoresSection(document.regions, styles)} ${testsSection(document, styles)}
  ${intervalsSection(document.regions, hours, fan)} ${breakdownsSection(document.regions, styles)}
  ${seedsSection(document, styles)}`;
}

/** Who wins, where, and where that may be chance. */
function againstOperator({ regions, protocol }: RollingDocument): string {
  const { model } = protocol.rolling;
  const compared = regions.flatMap(({ region, same, tests }) => {
    const test = tests.find(({ against }) => against === 'operator');
    return test
      ? [
          {
            test: test.hourly,
            text: `${region} (${percent(same.mape['model'])} against ${percent(same.mape['operator'])})`,
          },
        ]
      : [];
  });
  const those = (holds: (entry: (typeof compared)[number]) => boolean) =>
    compared.filter(holds).map(({ text }) => text);
  const better = those(({ test }) => isSignificant(test) && test.meanDifference < 0);
  const worse = those(({ test }) => isSignificant(test) && test.meanDifference > 0);
  const level = those(({ test }) => !isSignificant(test));
  const sentences = [
    better.length > 0 && `${model} is more accurate than the operator's own forecast in ${listed(better)}.`,
    level.length > 0 &&
      `No difference from the operator's own forecast that is more than chance in ${listed(level)}.`,
    worse.length > 0 && `The operator's own forecast is better in ${listed(worse)}.`,
    compared.length === 0 && `${model}: there is no operator's forecast to compare with.`,
  ];
  return sentences.filter(Boolean).join(' ');
}
