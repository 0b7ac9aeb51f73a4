import { html, type Markup, type Piece } from './html.ts';
import { styled } from './table.ts';

/** Headings with the keys of a legend. */
export const keyed = (columns: readonly { key: string; label: string }[]): Markup[] =>
  columns.map(({ key, label }) => html`<i class="key ${key}"></i>${label}`);

/** A row of errors, the least of them marked; `beside` is said with one. */
export function bestMarked(
  values: readonly (number | null)[],
  format: (value: number | null) => string,
  beside: (place: number) => Piece = () => null,
) {
  const best = Math.min(...values.map((value) => value ?? Infinity));
  return values.map((value, i) =>
    styled(
      value === best ? 'best' : '',
      html`${value === best && html`<span class="tag">best</span>`}${format(value)}${beside(i)}`,
    ),
  );
}
