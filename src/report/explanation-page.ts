import type { Explanation } from '../contracts/explain.ts';
import { listed } from './format.ts';
import { html } from './html.ts';
import { stylesheet } from './page.ts';
import { whySection } from './sections/why.ts';

/** An explanation as one HTML page with everything in it. */
export function renderExplanationPage(explanation: Explanation): string {
  const { forecaster, members, regions } = explanation;
  const title = `Why ${forecaster} forecasts what it does`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – Ringwatt</title>
        <style>
          ${stylesheet()}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">Ringwatt · day-ahead demand forecast</p>
          <h1>${title}</h1>
          <p class="note">
            ${listed(regions.map(({ region }) => region))}${members.length > 1 && `; made of ${listed(members)}`}.
          </p>
        </header>
        <main>${whySection(explanation)}</main>
      </body>
    </html>`.text;
}
