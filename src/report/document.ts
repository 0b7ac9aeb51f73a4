import { readFileSync } from 'node:fs';
import { Markup, html } from './html.ts';

/** What stands on a page under its title. */
export interface PageParts {
  /** The line above the title. */
  kicker: string;
  title: string;
  /** Below the title. */
  lead: Markup;
  main: Markup;
}

/** One HTML page with everything in it: no script, no font, no image is fetched from anywhere. */
export function htmlDocument({ kicker, title, lead, main }: PageParts): string {
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
          <p class="kicker">Ringwatt · ${kicker}</p>
          <h1>${title}</h1>
          ${lead}
        </header>
        <main>${main}</main>
      </body>
    </html>`.text;
}

const stylesheet = () => new Markup(readFileSync(new URL('./style.css', import.meta.url), 'utf8'));
