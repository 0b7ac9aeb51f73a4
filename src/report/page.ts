import type { Explanation } from '../contracts/explain.ts';
import { htmlDocument } from './document.ts';
import { count, period } from './format.ts';
import { html } from './html.ts';
import type { ReportData } from './report-data.ts';
import { errorsSection } from './sections/errors.ts';
import { factsSection } from './sections/facts.ts';
import { qualitySection } from './sections/quality.ts';
import { scoresSection } from './sections/scores.ts';
import { trainingSection } from './sections/training.ts';
import { weeksSection } from './sections/weeks.ts';
import { whySection } from './sections/why.ts';
import { verdict } from './verdict.ts';

/** One HTML page with everything in it: no script, no font, no image is fetched from anywhere. */
export function renderPage(data: ReportData & { explanation?: Explanation | undefined }): string {
  const { name, version, scores } = data;
  const title = `${name}, version ${version}`;
  const [headline, ...rest] = verdict(scores.regions);
  const hours = scores.regions.reduce((sum, { overall }) => sum + overall.hours, 0);
  return htmlDocument({
    kicker: 'day-ahead demand forecast',
    title,
    lead: html`<p class="headline">${headline}</p>
      ${rest.map((sentence) => html`<p>${sentence}</p>`)}
      <p class="note">
        Trained on ${period(scores.protocol.train)}, scored on ${period(scores.protocol.score)}:
        ${count(hours)} hours in ${scores.regions.map(({ region }) => region).join(', ')}.
      </p>`,
    main: html`${scoresSection(scores.regions)} ${weeksSection(data.hours)} ${errorsSection(scores)}
    ${data.explanation && whySection(data.explanation)} ${trainingSection(data)}
    ${qualitySection(data.quality)} ${factsSection(data)}`,
  });
}
