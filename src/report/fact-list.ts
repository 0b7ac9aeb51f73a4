import { html, type Markup } from './html.ts';

/** Terms and what they are, side by side where there is room; those that nobody knows are left out. */
export const factList = (facts: readonly (readonly [string, string | undefined])[]): Markup =>
  html`<dl class="facts">
    ${facts.map(
      ([term, value]) =>
        value !== undefined &&
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
