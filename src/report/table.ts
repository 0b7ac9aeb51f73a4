import { html, type Markup, type Piece } from './html.ts';

/** A cell of a class of its own, such as `said`: words, which wrap. */
interface Styled {
  kind: string;
  shown: Piece;
}
type Cell = Piece | Styled;

export const styled = (kind: string, shown: Piece): Styled => ({ kind, shown });

/** A table that scrolls by itself where the page is narrower. The first cell of each row heads it. */
export function table(
  columns: readonly Cell[],
  rows: readonly (readonly [Cell, ...Cell[]])[],
  kind = '',
): Markup {
  return html`<div class="scroll">
    <table${classOf(kind)}>
      <thead>
        <tr>
          ${columns.map((column) => heading('col', column))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...rest]) =>
            html`<tr>
              ${heading('row', first)}
              ${rest.map((cell) => html`<td${classOf(kindOf(cell))}>${shownOf(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const heading = (scope: 'col' | 'row', cell: Cell) =>
  html`<th scope="${scope}" ${classOf(kindOf(cell))}>${shownOf(cell)}</th>`;

const classOf = (kind: string) => kind !== '' && html` class="${kind}"`;
const isStyled = (cell: Cell): cell is Styled => typeof cell === 'object' && cell !== null && 'kind' in cell;
const kindOf = (cell: Cell) => (isStyled(cell) ? cell.kind : '');
const shownOf = (cell: Cell) => (isStyled(cell) ? cell.shown : cell);
