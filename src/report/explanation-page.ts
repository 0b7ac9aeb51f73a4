import type { Explanation } from '../contracts/explain.ts';
import { htmlDocument } from './document.ts';
import { listed } from './format.ts';
import { html } from './html.ts';
import { whySection } from './sections/why.ts';

/** An explanation as one HTML page with everything in it. */
export function renderExplanationPage(explanation: Explanation): string {
  const { forecaster, members, regions } = explanation;
  const title = `Why ${forecaster} forecasts what it does`;
  return htmlDocument({
    kicker: 'day-ahead demand forecast',
    title,
    lead: html`<p class="note">
      ${listed(regions.map(({ region }) => region))}${members.length > 1 && `; made of ${listed(members)}`}.
    </p>`,
    main: html`${whySection(explanation)}`,
  });
}
